"""Guarding a streamed answer while it is written."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from guardrails.pipeline.memory import id_of_response, remember
from guardrails.pipeline.passes import note_failure, tell
from guardrails.pipeline.service import service
from guardrails.pipeline.state import state_of
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import RunningRedactor
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.scan import Scan
from guardrails.streams import Blocked, redacted_stream
from guardrails.verdicts import refuse
from inferspect.context import RequestContext
from inferspect.tenancy import Tenant


async def redact_stream(
    context: RequestContext | None, tenant: Tenant, request: dict[str, Any], chunks: AsyncIterator[Any]
) -> AsyncIterator[Any]:
    """The stream as the client may see it: values found in it replaced, placeholders restored.

    Raises:
        StreamRefused: a value is to be blocked, or could not be looked for; nothing of it was emitted.
    """
    here = service()
    state = state_of(context, tenant, here)
    policy = here.policies.of(tenant.rules, "output") or here.policies.restoring(tenant.rules)
    if not policy.treatments and not state.substitutions:
        async for chunk in chunks:
            yield chunk
        return
    guard = _StreamGuard(context, Redaction(policy, here.minting(tenant.id), state.substitutions, restores=True))
    is_kept = not state.substitutions
    try:
        async for chunk in redacted_stream(chunks, guard.open, (context and context.call_type) or ""):
            if not is_kept and (response_id := id_of_response(chunk)):
                await remember(here, state, request, response_id)
                is_kept = True
            yield chunk
    finally:
        guard.leave_verdicts()


class _StreamGuard:
    """Opens redactors for the running texts of one answer, and tells what they did."""

    def __init__(self, context: RequestContext | None, redaction: Redaction) -> None:
        self._context = context
        self._redaction = redaction
        self._seconds = 0.0
        self._failed = False

    def open(self, kind: Literal["text", "json"]) -> _Guarded:
        scan = (JsonScan if kind == "json" else Scan)(self._redaction.policy.plan)
        return _Guarded(self, RunningRedactor(scan, self._redaction.replace))

    def run(self, work: Callable[[], str]) -> str:
        """What a redactor gives.

        Raises:
            Blocked: a value is to be blocked, or something failed.
        """
        began = time.perf_counter()
        try:
            text = work()
        except Exception as error:  # noqa: BLE001  whatever went wrong, the text was not looked through
            self._failed = True
            failure = note_failure(self._redaction, error, time.perf_counter() - began, self._context)
            raise Blocked(refuse(self._context, failure)) from None
        finally:
            self._seconds += time.perf_counter() - began
        if refusal := self._redaction.refusal():
            raise Blocked(refuse(self._context, refusal))
        return text

    def leave_verdicts(self) -> None:
        if not self._failed:
            tell(self._redaction.verdicts(self._seconds), self._context)


class _Guarded:
    """A redactor whose failures end the stream."""

    def __init__(self, guard: _StreamGuard, redactor: RunningRedactor) -> None:
        self._guard = guard
        self._redactor = redactor

    def feed(self, text: str) -> str:
        return self._guard.run(lambda: self._redactor.feed(text))

    def finish(self) -> str:
        return self._guard.run(self._redactor.finish)
