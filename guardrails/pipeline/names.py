"""Names that a client chooses and that are no content: of models, tools and routes, and its own id of the request.

A changed name would be another model or tool, so they go on as they are. What is found in one is noted in the request's
context, which keeps it out of events, contents and traces. A model that the configuration does not know by its whole
name, as it falls under a wildcard, and whose name tells something personal, is not asked for at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails.content.copies import WITHHELD
from guardrails.content.fields import DEFINITION_LABELS, LABELS
from guardrails.content.requests import REQUEST_FIELDS
from inferspect.context import RequestContext
from inferspect.events.withheld import is_machine_made, parts_of_route
from inferspect.refusal import Refusal

FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
SETTINGS = ("tool_choice", "function_call", "service_tier", "voice", "audio", "previous_response_id", "conversation")
SEALED = frozenset({"encrypted_content", "signature", "thought_signature", "thoughtSignature"})
NAMES = (LABELS | DEFINITION_LABELS) - SEALED
# Words without digits, and ids of calls of tools, which come back with each turn.
HARMLESS = re.compile(
    r"[a-z_-]{0,64}|(?:call|toolu|tooluse|fc|msg)_[a-z0-9]{1,64}",
    re.IGNORECASE,
)
DEEPEST = 8
REFUSED = Refusal(
    404,
    "model_not_found",
    "The name of the model, or that of a fallback, looks like what guardrails take out of a request, and the provider "
    "would get it as it is. If there is such a model, have it configured by its whole name, or allowed as a value in "
    "the tenant's rules.",
    "model",
)


def names_of(context: RequestContext, request: dict[str, Any]) -> set[str]:
    """The names that are worth a look."""
    names = {*models_of(request), *parts_of_route(context.route), context.model, context.client_request_id}
    names.update(value for field in SETTINGS if isinstance(value := request.get(field), str))
    for field in (*SETTINGS, *REQUEST_FIELDS):
        names.update(_named(request.get(field)))
    found = {name for name in names if name and not (HARMLESS.fullmatch(name) or is_machine_made(name))}
    return found - _configured()


def refusal_of_model(context: RequestContext, request: dict[str, Any]) -> Refusal | None:
    """The reason not to ask for a model, where something was found in its name; LiteLLM's logs do not get it then."""
    if not context.withheld.keys() & set(models_of(request)):
        return None
    withhold_models(request)
    return REFUSED


def withhold_models(request: dict[str, Any]) -> None:
    """Take names of models out of a request that is refused, and out of LiteLLM's copies."""
    snapshot = request.get("proxy_server_request")
    body = snapshot.get("body") if isinstance(snapshot, dict) else None
    for holder in (request, body):
        if isinstance(holder, dict):
            for field in FALLBACKS:
                holder.pop(field, None)
            holder["model"] = WITHHELD
    if (logging := request.get("litellm_logging_obj")) is not None:
        logging.model = logging.model_call_details["model"] = WITHHELD


def models_of(request: dict[str, Any]) -> Iterator[str]:
    """The models that a request asks for, and those for when they fail."""
    for value in (request.get(field) for field in ("model", *FALLBACKS)):
        yield from _strings(value)


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict) and depth < DEEPEST:
        for member in value:
            yield from _strings(member, depth + 1)
            if isinstance(value, dict):
                yield from _strings(value[member], depth + 1)


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    """What is called a name or an id, however deep."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for member in value:
            yield from _named(member, depth + 1)
    elif isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, str):
                if key in NAMES:
                    yield member
            else:
                yield from _named(member, depth + 1)


def _configured() -> set[str]:
    """Names that an operator has chosen."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  there only inside of a gateway's worker

    router = proxy_server.llm_router
    return set() if router is None else set(router.model_names)
