"""What was asked and answered, as it is kept: as JSON, bounded, and only where the tenant's rules say so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from inferspect.events.withheld import without

if TYPE_CHECKING:
    from inferspect.context import RequestContext

LONGEST_BEGINNING = 0.5  # of the bytes allowed: escaped once more, it grows

DEEPEST = 100
LEAST, LARGEST = -(2**63), 2**64 - 1


def take_content(context: RequestContext, max_bytes: int) -> bytes | None:
    """The content of a request for its event: a JSON object with ``input`` and ``output``.

    Serialised once: ``None`` where it has been taken whole, where there is none yet, and where it is not to be kept.
    Notes the hash of the input in the context.

    Args:
        max_bytes: most bytes of the input and of the output; of a longer one the beginning is kept as ``{"truncated":
            <its bytes>, "beginning": <text>}``.
    """
    tenant = context.tenant
    if context.content_taken or tenant is None or tenant.rules.observation.content == "none":
        return None
    if context.input is None and context.output is None:
        return None
    asked = _json(context.input, max_bytes, context.withheld)
    context.content_hash = hashlib.sha256(asked).hexdigest()
    context.content_taken = context.output is not None
    return b'{"input":' + asked + b',"output":' + _json(context.output, max_bytes, context.withheld) + b"}"


def _json(value: Any, max_bytes: int, withheld: Mapping[str, str]) -> bytes:
    try:
        text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        text = orjson.dumps(storable(value))
    if withheld:
        text = orjson.dumps(without(withheld, orjson.loads(text)))
    if len(text) <= max_bytes:
        return text
    beginning = text[: int(max_bytes * LONGEST_BEGINNING)].decode("utf-8", "ignore")
    return orjson.dumps({"truncated": len(text), "beginning": beginning})


def _plain(value: Any) -> Any:
    """Pydantic's models, of which LiteLLM's responses consist."""
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_none=True)
    raise TypeError


def storable(value: Any, depth: int = 0) -> Any:
    """A copy without what has no form in JSON: lone surrogates, integers beyond 64 bits, objects, depths."""
    if depth > DEEPEST:
        return "<too deep>"
    if isinstance(value, Mapping):
        return {_text(str(key)): storable(member, depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [storable(member, depth + 1) for member in value]
    if hasattr(value, "model_dump"):
        return storable(_plain(value), depth + 1)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and not LEAST <= value <= LARGEST:
        return "<too large>"
    return value if value is None or isinstance(value, bool | int | float) else f"<{type(value).__name__}>"


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")
