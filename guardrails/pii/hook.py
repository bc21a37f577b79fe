"""The hook that LiteLLM calls: which rules hold, what is scanned when, and what happens if scanning fails.

A plain ``CustomLogger`` on purpose: a ``CustomGuardrail`` switches LiteLLM to slower paths for every request. What
that costs is that LiteLLM swallows exceptions in ``async_post_call_success_deployment_hook``; so that hook takes the
content away instead, remembers why, and the next one refuses.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Literal

from litellm.integrations.custom_logger import CustomLogger

from guardrails.content import Walk, drop_token_probabilities, request_texts, response_texts
from guardrails.copies import refresh_request_copies, refresh_response_copies, withhold_request, withhold_response
from guardrails.pii.redaction import Redaction
from guardrails.verdicts import leave, refuse
from inferspect.context import RequestContext, Verdict, current
from inferspect.refusal import Refusal
from inferspect.runtime import running

if TYPE_CHECKING:
    from inferspect.tenancy import Tenant
    from inferspect.tenancy.rules import PiiRules

NAME = "pii"
logger = logging.getLogger(__name__)
Direction = Literal["input", "output"]


class PiiGuardrail(CustomLogger):
    """Masks, refuses or reports personal data in requests and answers of all endpoints; not yet in streams."""

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,
        cache: Any,  # LiteLLM's signature
        data: dict[str, Any],
        call_type: str,  # LiteLLM's signature
    ) -> None:
        """Redact a request where it stands, before LiteLLM routes it.

        Raises:
            Refusal: ``pii_blocked``, ``guardrail_error``, or the tenant's rules are invalid.
        """
        context = current()
        rules = _tenant(context, user_api_key_dict).rules.pii
        if not rules.enabled:
            return
        if rules.input:
            redaction = Redaction(rules)
            failure = await _scan(redaction, request_texts(data), "input", context)
            if failure:
                withhold_request(data)
                raise refuse(context, failure)
            if redaction.changed:
                refresh_request_copies(data)
            if redaction.blocked:
                raise refuse(context, _blocked(redaction, "request"))
        if rules.output and data.get("stream"):
            leave(context, Verdict(NAME, "report", "output", code="stream_not_scanned"))

    async def async_post_call_success_deployment_hook(
        self,
        request_data: dict[str, Any],
        response: Any,
        call_type: Any,  # LiteLLM's signature
    ) -> None:
        """Redact a provider's answer where it stands, before LiteLLM caches and logs it."""
        context = current()
        rules = _known_tenant(context, request_data).rules.pii
        if request_data.get("stream"):
            return
        refusal = await _redact_response(rules, context, request_data, response)
        if refusal:
            withhold_response(request_data, response)
            refuse(context, refusal)

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        """Redact what has not been yet, such as an answer from the cache; the last word about an answer.

        Raises:
            Refusal: ``pii_blocked`` or ``guardrail_error``, also where the hook before this one came to it.
        """
        context = current()
        rules = _tenant(context, user_api_key_dict).rules.pii
        if context is not None and context.refusal is not None:
            raise context.refusal
        refusal = await _redact_response(rules, context, data, response)
        if refusal:
            withhold_response(data, response)
            raise refuse(context, refusal)
        return response


def _tenant(context: RequestContext | None, key: Any) -> Tenant:
    runtime = running()
    if context is None:
        return runtime.tenants.find(key.team_id, key.team_alias, key.team_metadata)
    return runtime.tenant_of(context, key)


def _known_tenant(context: RequestContext | None, request: dict[str, Any]) -> Tenant:
    """The tenant where there is no key at hand: of the context, else as LiteLLM noted it, else the default one."""
    if context is not None and context.tenant is not None:
        return context.tenant
    noted = request.get("litellm_metadata") or request.get("metadata")
    noted = noted if isinstance(noted, dict) else {}
    return running().tenants.find(
        noted.get("user_api_key_team_id"), noted.get("user_api_key_team_alias"), noted.get("user_api_key_team_metadata")
    )


async def _redact_response(
    rules: PiiRules, context: RequestContext | None, request: dict[str, Any], response: Any
) -> Refusal | None:
    """Redact an answer; returns the reason where it must not be given."""
    if not (rules.enabled and rules.output):
        return None
    redaction = Redaction(rules, seen=None if context is None else context.scanned_output)
    failure = await _scan(redaction, response_texts(response), "output", context)
    if failure:
        return failure
    if redaction.changed:
        drop_token_probabilities(response)
        refresh_response_copies(request, response)
    return _blocked(redaction, "answer") if redaction.blocked else None


async def _scan(
    redaction: Redaction, texts: Walk, direction: Direction, context: RequestContext | None
) -> Refusal | None:
    """Redact and leave a verdict; returns a refusal where scanning failed, so that nothing unscanned goes on."""
    began = time.perf_counter()
    try:
        await redaction.redact(texts)
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the content was not scanned
        # Not the message, nor a traceback with values: either may quote the content.
        logger.error("PII guardrail could not scan the %s: %s", direction, type(error).__name__)
        leave(context, Verdict(NAME, "block", direction, code="guardrail_error", seconds=time.perf_counter() - began))
        return Refusal(
            500,
            "guardrail_error",
            f"The PII guardrail could not scan the {direction} and let none of it through. "
            "Try again; if it happens again, tell the gateway's operator.",
        )
    leave(
        context,
        Verdict(
            NAME,
            redaction.decision,
            direction,
            counts=dict(redaction.counts),
            code="pii_blocked" if redaction.blocked else None,
            seconds=time.perf_counter() - began,
        ),
    )
    return None


def _blocked(redaction: Redaction, what: str) -> Refusal:
    entities = ", ".join(sorted(redaction.blocked))
    return Refusal(400, "pii_blocked", f"The {what} holds personal data that this tenant does not allow: {entities}.")
