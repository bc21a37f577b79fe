"""The rules one by one, each a plain function over one section of the tenant's rules."""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from inferspect.tenancy.rules import AccessRules, ModelRules, ParameterRules

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
UNKNOWN_CALLER = "failed-to-connect-to-db"  # litellm.proxy.auth.auth_exception_handler
LIMIT_OF_CALL = {
    "acompletion": "max_tokens",
    "completion": "max_tokens",
    "atext_completion": "max_tokens",
    "text_completion": "max_tokens",
    "aresponses": "max_output_tokens",
    "responses": "max_output_tokens",
    "anthropic_messages": "max_tokens",
}


def check_identity(token: str | None) -> None:
    """Refuse a caller whom LiteLLM let in without knowing the key, because the database is away.

    Raises:
        Refusal: 503 ``database_unavailable``.
    """
    if token == UNKNOWN_CALLER:
        raise Refusal(
            503,
            "database_unavailable",
            "Your key cannot be checked at the moment: the database is away. Try again soon.",
        )


def check_address(rules: AccessRules, address: str) -> None:
    """Refuse a client from outside the tenant's networks.

    Raises:
        Refusal: 403 ``address_not_allowed``.
    """
    if not rules.addresses:
        return
    try:
        client = ip_address(address)
    except ValueError:
        client = None
    mapped = getattr(client, "ipv4_mapped", None)
    if client is None or not any((mapped or client) in network for network in rules.addresses):
        raise Refusal(
            403,
            "address_not_allowed",
            "Requests of this tenant are not allowed from your network address. Ask its administrator to add it to "
            "`access.addresses`.",
        )


def check_model(rules: ModelRules, model: Any) -> None:
    """Refuse a model that no glob of ``allowed`` matches, or one of ``denied`` does.

    Raises:
        Refusal: 403 ``model_not_allowed``.
    """
    if not isinstance(model, str):
        return  # endpoints without a model
    if any(fnmatchcase(model, glob) for glob in rules.denied) or not any(
        fnmatchcase(model, glob) for glob in rules.allowed
    ):
        raise Refusal(
            403,
            "model_not_allowed",
            f"This tenant's rules do not allow the model {model[:128]!r}. Choose another, or ask its administrator to "
            "change `models`.",
            "model",
        )


def check_parameters(rules: ParameterRules, data: dict[str, Any]) -> None:
    """Refuse denied parameters and limits above the ceiling.

    Raises:
        Refusal: 400 ``parameter_not_allowed``, ``max_tokens_too_large`` or ``max_tokens_invalid``.
    """
    for name in rules.denied:
        if data.get(name) is not None:
            raise Refusal(
                400, "parameter_not_allowed", f"This tenant's rules do not allow the parameter {name!r}.", name
            )
    if rules.max_tokens is None:
        return
    for name in TOKEN_LIMITS:
        asked = data.get(name)
        if asked is None:
            continue
        if isinstance(asked, bool) or not isinstance(asked, int):
            raise Refusal(400, "max_tokens_invalid", f"{name!r} must be a whole number.", name)
        if asked > rules.max_tokens:
            raise Refusal(
                400,
                "max_tokens_too_large",
                f"{name!r} is {asked}; this tenant's rules allow at most {rules.max_tokens}.",
                name,
            )


def limit_tokens(rules: ParameterRules, data: dict[str, Any], call_type: str) -> None:
    """Give a request that sets no limit the tenant's ceiling as its limit."""
    limit = LIMIT_OF_CALL.get(call_type)
    if rules.max_tokens is not None and limit is not None and all(data.get(name) is None for name in TOKEN_LIMITS):
        data[limit] = rules.max_tokens
