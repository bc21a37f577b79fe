"""Placeholders that outlive a request: the provider keeps the history, so values behind it are kept here."""

from __future__ import annotations

from typing import Any

from litellm.proxy.hooks.responses_id_security import ResponsesIDSecurity

from guardrails.pipeline.service import GuardrailService
from guardrails.pipeline.state import GuardrailState


async def recall(service: GuardrailService, state: GuardrailState, request: dict[str, Any]) -> None:
    """Take up what stands behind the placeholders of the answer that this request goes on from."""
    earlier = request.get("previous_response_id")
    if service.vault is None or not isinstance(earlier, str) or not earlier:
        return
    kept = await service.vault.get(state.tenant.id, _issued(earlier))
    if kept:
        state.substitutions.recall(kept)


def id_of_response(answer: Any) -> str | None:
    """The id of an answer that the provider keeps: of the Responses API, whole or as an event of its stream."""
    found = _field(answer, "id") or _field(_field(answer, "response"), "id")
    return found if isinstance(found, str) and found.startswith("resp") else None


async def remember(
    service: GuardrailService, state: GuardrailState, request: dict[str, Any], response_id: str | None
) -> None:
    """Keep this request's placeholders for requests that will go on from its answer."""
    if service.vault is not None and response_id and state.substitutions and request.get("store") is not False:
        await service.vault.put(state.tenant.id, response_id, state.substitutions, service.settings.vault_for)


def _issued(response_id: str) -> str:
    """The id as it was when :func:`remember` saw it: LiteLLM seals it for the client after that, and opens it later."""
    opened: tuple[str, str | None, str | None] = ResponsesIDSecurity()._decrypt_response_id(response_id)  # noqa: SLF001
    return opened[0]


def _field(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)
