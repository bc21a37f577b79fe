"""Puts the prompt that a request names before its messages.

It decides before the tenant's rules and the guardrails do, so that both see what the provider would: LiteLLM's own hook
for prompts comes after them, and they would never have looked at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import RequestContext, Verdict
from inferspect.prompts.endpoints import Asked, put_before, taken_prompt
from inferspect.prompts.library import PromptNotFoundError, PromptUnusableError, Shelf
from inferspect.prompts.parameters import add_defaults
from inferspect.prompts.rendering import RenderError
from inferspect.refusal import Refusal
from inferspect.runtime import running, served_request
from inferspect.tenancy import Tenant
from plugins.prompts.service import library
from plugins.tenant_rules.checks import check_address, check_identity, check_parameters

if TYPE_CHECKING:
    from litellm.caching.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth

    from inferspect.prompts.prompt import Prompt


class PromptFileHook(CustomLogger):
    """Fills in the prompt that ``prompt_id`` names, where there is a file of it; others are left to other hooks."""

    async def async_pre_call_hook(
        self, user_api_key_dict: UserAPIKeyAuth, cache: DualCache, data: dict[str, Any], call_type: str
    ) -> dict[str, Any] | None:
        """The request with the prompt in it; ``None`` where it names none of ours.

        Raises:
            Refusal: ``prompt_invalid``, ``prompt_not_allowed``, ``prompt_not_found`` or ``prompt_unavailable``.
        """
        name = data.get("prompt_id")
        prompts = library() if isinstance(name, str) else None
        shelf = None if prompts is None else await prompts.shelf()
        if shelf is None or name not in shelf.prompts:
            return None
        context = served_request()
        context.trace.prompt_name = name  # also where it is refused: who calls it wrongly is to be found
        try:
            tenant = running().tenant_of(context, user_api_key_dict)
            _check_rules(context, tenant, user_api_key_dict.token, data)
            await _fill(context, shelf, taken_prompt(data, call_type), data, call_type)
        except Refusal as refusal:
            raise context.refuse(refusal) from None
        return data


def _check_rules(context: RequestContext, tenant: Tenant, token: str | None, data: dict[str, Any]) -> None:
    """Whoever may not ask at all learns nothing of prompts; all other rules see the request when it is filled in."""
    try:
        check_identity(token)
        check_address(tenant.rules.access, context.client_address)
        check_parameters(tenant.rules.parameters, data)
    except Refusal as refusal:
        context.verdicts.append(Verdict("tenant_rules", "block", "input", code=refusal.code))
        raise
    if not tenant.rules.prompts.allow(data["prompt_id"]):
        message = "This tenant's rules do not allow the prompt. Ask its administrator to change `prompts.allowed`."
        raise Refusal(403, "prompt_not_allowed", message, "prompt_id")


async def _fill(context: RequestContext, shelf: Shelf, asked: Asked, data: dict[str, Any], call_type: str) -> None:
    if asked.label is not None:
        message = "This prompt is a file of the gateway's, which has versions and no labels: name a 'prompt_version'."
        raise Refusal(400, "prompt_invalid", message, "prompt_label")
    prompt = _found(shelf, asked)
    context.trace.prompt_version = prompt.version
    try:
        messages = await prompt.rendered(asked.variables)
    except RenderError as error:
        message = f"'prompt_variables' do not fit the prompt: {error}."
        raise Refusal(400, "prompt_invalid", message, "prompt_variables") from None
    put_before(data, messages, call_type)
    add_defaults(data, prompt.parameters, call_type)


def _found(shelf: Shelf, asked: Asked) -> Prompt:
    try:
        return shelf.find(asked.name, asked.version)
    except PromptNotFoundError:
        message = "There is no such version of the prompt. `GET /api/v1/prompts` lists those that there are."
        raise Refusal(404, "prompt_not_found", message, "prompt_version") from None
    except PromptUnusableError:
        message = "The file of the prompt is invalid. An administrator finds the reason by `inferspect prompts check`."
        raise Refusal(503, "prompt_unavailable", message, "prompt_id") from None
