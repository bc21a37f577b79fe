"""The rules one by one, each a plain function over one section of the tenant's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from inferspect.tenancy.rules import AccessRules, ModelRules, ParameterRules

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
STORED = (
    "model",
    "user",
    "metadata",
    "litellm_metadata",
    "tags",
    "safety_identifier",
    "litellm_session_id",
    "litellm_trace_id",
)
# Where Google's APIs keep the limit.
SECTIONS = ("generationConfig", "generation_config", "config")
UNKNOWN_CALLER = "failed-to-connect-to-db"  # litellm.proxy.auth.auth_exception_handler
# The names by which an API limits its answer; the first is the one that is set. An API ignores those of the others.
LIMITS_OF_CALL = {
    "acompletion": ("max_tokens", "max_completion_tokens"),
    "completion": ("max_tokens", "max_completion_tokens"),
    "atext_completion": ("max_tokens",),
    "text_completion": ("max_tokens",),
    "aresponses": ("max_output_tokens",),
    "responses": ("max_output_tokens",),
    "anthropic_messages": ("max_tokens",),
}
SECTION_OF_CALL = {
    "agenerate_content": ("generationConfig", "maxOutputTokens"),
    "agenerate_content_stream": ("generationConfig", "maxOutputTokens"),
    "acreate_interaction": ("generation_config", "max_output_tokens"),
}
# What is sent to a provider as it is: the model may stand in the address or in a file, and limits have any name.
CHAT = "acompletion"
UNREADABLE_CALLS = frozenset({"pass_through_endpoint", "allm_passthrough_route", "acreate_batch"})


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


def check_one_model(model: Any, call_type: str) -> None:
    """Refuse several models in one: LiteLLM asks each of them and gives a list that neither rules nor guardrails read.

    Raises:
        Refusal: 400 ``model_list_not_supported``.
    """
    if call_type == CHAT and isinstance(model, str) and "," in model:
        raise Refusal(
            400,
            "model_list_not_supported",
            "`model` names several models, between commas. Send a request for each of them.",
            "model",
        )


def check_readable(models: ModelRules, parameters: ParameterRules, call_type: str) -> None:
    """Refuse a call whose model and limits cannot be read, where the rules say something about them.

    Raises:
        Refusal: 403 ``model_not_allowed``.
    """
    limited = models.denied or "*" not in models.allowed or parameters.denied or parameters.max_tokens is not None
    if limited and call_type in UNREADABLE_CALLS:
        raise Refusal(
            403,
            "model_not_allowed",
            "This tenant's rules limit models or parameters, which cannot be read in requests of this endpoint. Use "
            "the gateway's own endpoints, such as /v1/chat/completions.",
        )


def check_fallbacks(rules: ModelRules, data: Mapping[str, Any]) -> None:
    """Refuse fallbacks that are more than names of allowed models: they would replace what has been checked.

    Raises:
        Refusal: 403 ``model_not_allowed`` or 400 ``parameter_not_allowed``.
    """
    for field in FALLBACKS:
        fallbacks = data.get(field)
        for fallback in fallbacks if isinstance(fallbacks, list) else [fallbacks]:
            names = [fallback]
            if isinstance(fallback, Mapping) and all(isinstance(listed, list) for listed in fallback.values()):
                names = [name for listed in fallback.values() for name in listed]
            for name in names:
                if name is not None and not isinstance(name, str):
                    raise Refusal(400, "parameter_not_allowed", f"{field!r} may only name models.", field)
                check_model(rules, name)


def check_characters(data: Mapping[str, Any]) -> None:
    """Refuse a NUL in what is stored of a request: the database would drop it together with other tenants' spend.

    Raises:
        Refusal: 400 ``invalid_character``.
    """
    snapshot = data.get("proxy_server_request")
    sent = snapshot.get("body") if isinstance(snapshot, Mapping) else None
    body = {**(sent if isinstance(sent, Mapping) else data), "model": data.get("model")}
    for field in STORED:
        pending = [body.get(field)]
        while pending:
            value = pending.pop()
            if isinstance(value, str) and "\0" in value:
                raise Refusal(400, "invalid_character", f"{field!r} holds a NUL character.", field)
            if isinstance(value, Mapping):
                pending += [*value, *value.values()]
            elif isinstance(value, list):
                pending += value


def check_parameters(rules: ParameterRules, data: Mapping[str, Any]) -> None:
    """Refuse denied parameters and limits above the ceiling, also where they are to be added to the request later.

    Raises:
        Refusal: 400 ``parameter_not_allowed``, ``max_tokens_too_large`` or ``max_tokens_invalid``.
    """
    added = data.get("extra_body")
    if added is not None and not isinstance(added, Mapping):
        raise Refusal(400, "parameter_not_allowed", "'extra_body' must be an object.", "extra_body")
    if added and "model" in added:
        raise Refusal(400, "parameter_not_allowed", "'model' may not stand in 'extra_body'.", "extra_body")
    for parameters in (data, added or {}):
        for name in rules.denied:
            if parameters.get(name) is not None:
                raise Refusal(
                    400, "parameter_not_allowed", f"This tenant's rules do not allow the parameter {name!r}.", name
                )
        if rules.max_tokens is not None:
            for name, asked in _token_limits(parameters):
                _check_limit(name, asked, rules.max_tokens)


def _token_limits(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    sections = [parameters.get(section) for section in SECTIONS]
    for place in (parameters, *(section for section in sections if isinstance(section, Mapping))):
        for name in TOKEN_LIMITS:
            if place.get(name) is not None:
                yield name, place[name]


def _check_limit(name: str, asked: Any, most: int) -> None:
    if isinstance(asked, bool) or not isinstance(asked, int):
        raise Refusal(400, "max_tokens_invalid", f"{name!r} must be a whole number.", name)
    if asked > most:
        raise Refusal(
            400, "max_tokens_too_large", f"{name!r} is {asked}; this tenant's rules allow at most {most}.", name
        )


def limit_tokens(rules: ParameterRules, data: dict[str, Any], call_type: str) -> None:
    """Give a request that sets no limit of its API the tenant's ceiling as its limit."""
    if rules.max_tokens is None:
        return
    limits = LIMITS_OF_CALL.get(call_type, ())
    if limits and all(data.get(name) is None for name in limits):
        data[limits[0]] = rules.max_tokens
    if call_type in SECTION_OF_CALL:
        name, limit = SECTION_OF_CALL[call_type]
        section = data.get(name)
        kept = section if isinstance(section, dict) else {}
        data[name] = {**kept, limit: kept.get(limit) or rules.max_tokens}
