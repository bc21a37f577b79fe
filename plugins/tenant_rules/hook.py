"""Applies the tenant's rules to a request before anything is looked up, scanned or spent for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import Verdict
from inferspect.refusal import Refusal
from inferspect.runtime import running, served_request
from plugins.tenant_rules.checks import (
    check_address,
    check_characters,
    check_fallbacks,
    check_identity,
    check_model,
    check_one_model,
    check_parameters,
    check_readable,
    limit_tokens,
)

if TYPE_CHECKING:
    from litellm.caching.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth


class TenantRulesPlugin(CustomLogger):
    """Refuses with the rule's name; fails closed: a request whose tenant cannot be read is refused."""

    async def async_pre_call_hook(
        self, user_api_key_dict: UserAPIKeyAuth, cache: DualCache, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        context = served_request()
        try:
            check_identity(user_api_key_dict.token)
            rules = running().tenant_of(context, user_api_key_dict).rules
            check_address(rules.access, context.client_address)
            check_characters(data)
            check_readable(rules.models, rules.parameters, call_type)
            check_one_model(data.get("model"), call_type)
            check_model(rules.models, data.get("model"))
            check_fallbacks(rules.models, data)
            check_parameters(rules.parameters, data)
        except Refusal as refusal:
            context.verdicts.append(Verdict("tenant_rules", "block", "input", code=refusal.code))
            raise context.refuse(refusal) from None
        limit_tokens(rules.parameters, data, call_type)
        return data
