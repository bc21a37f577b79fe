"""What loggers get of a streamed answer: LiteLLM puts it together from the provider's chunks, as they came.

Whole answers are redacted where they stand before LiteLLM logs them; a stream is redacted on its way out, behind the
place where LiteLLM collects it. So the collected answer is redacted once more, for loggers alone, by the same plan and
with the same result. It is not written to LiteLLM's cache at all, which no hook comes before.
"""

from __future__ import annotations

import copy
from typing import Any

import structlog

from guardrails.content import empty_response, response_texts
from guardrails.content.copies import WITHHELD
from guardrails.pipeline.service import service
from guardrails.placeholders.substitutions import Substitutions
from guardrails.policy.policy import Policy
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import redacted
from guardrails.scanning.budget import Budget
from guardrails.scanning.whole import whole_findings
from inferspect.tenancy import Tenant

log = structlog.get_logger("guardrails")

COLLECTED = ("async_complete_streaming_response", "complete_streaming_response")
RAW = ("original_response", "httpx_response")
# LiteLLM logs in the background; nobody waits for it.
BUDGET = Budget(1.0, 0.02)


def keep_out_of_cache(request: dict[str, Any]) -> None:
    """Have LiteLLM not cache the answer; reading one from the cache stays possible."""
    caching = request.get("cache")
    request["cache"] = {**(caching if isinstance(caching, dict) else {}), "no-store": True}


def redact_logged(tenant: Tenant, kwargs: dict[str, Any], result: Any) -> Any:
    """Redact a streamed answer in LiteLLM's logging details, which are changed, and return it redacted.

    What cannot be looked through is withheld: a logger sees no content that was not.
    """
    policy = service().policies.of(tenant.rules, "output")
    if policy is None:
        return result
    payload = kwargs.get("standard_logging_object")
    logged = payload.get("response") if isinstance(payload, dict) else None
    collected = {name: kwargs[name] for name in COLLECTED if kwargs.get(name) is not None}
    # LiteLLM goes on if this fails, so everything is taken away first.
    kwargs.update(dict.fromkeys([*collected, *(name for name in RAW if kwargs.get(name) is not None)], WITHHELD))
    kwargs["httpx_response"] = None
    if isinstance(payload, dict):
        payload["response"] = WITHHELD
    kwargs.update({name: _redacted(policy, tenant, value) for name, value in collected.items()})
    if isinstance(payload, dict):
        payload["response"] = _redacted(policy, tenant, logged)
    return _redacted(policy, tenant, result)


def _redacted(policy: Policy, tenant: Tenant, answer: Any) -> Any:
    """A redacted copy of an answer."""
    try:
        holder = {"text": answer} if isinstance(answer, str) else copy.deepcopy(answer)
        minting = service().minting(tenant.id)
        redaction = Redaction(policy, minting, Substitutions(minting))
        for text in response_texts(holder):
            if text is not None:
                value = text.get()
                found = whole_findings(policy.plan, value, BUDGET, is_json=text.is_json)
                text.set(redacted(value, redaction.counted(found, text.source), redaction.replace))
    except Exception as error:  # noqa: BLE001  whatever went wrong, a logger gets nothing of it
        log.error("a streamed answer is withheld from loggers", reason=type(error).__name__)
        return _withheld(answer)
    return holder["text"] if isinstance(answer, str) else holder


def _withheld(answer: Any) -> Any:
    try:
        emptied = copy.deepcopy(answer)
        empty_response(emptied)
    except Exception:  # noqa: BLE001  what cannot even be copied
        return None
    return WITHHELD if isinstance(answer, str) else emptied
