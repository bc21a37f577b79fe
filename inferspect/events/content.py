"""What was asked and answered, as it is kept: as JSON, bounded, and only where the tenant's rules say so."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from inferspect.context import RequestContext

LONGEST_BEGINNING = 0.5  # of the bytes allowed: escaped once more, it grows


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
    asked = _json(context.input, max_bytes)
    context.content_hash = hashlib.sha256(asked).hexdigest()
    context.content_taken = context.output is not None
    return b'{"input":' + asked + b',"output":' + _json(context.output, max_bytes) + b"}"


def _json(value: Any, max_bytes: int) -> bytes:
    try:
        text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # lone surrogates, integers beyond 64 bits, or what has no form in JSON
        text = json.dumps(value, default=_plain_or_name, skipkeys=True).encode("ascii", "replace")
    if len(text) <= max_bytes:
        return text
    beginning = text[: int(max_bytes * LONGEST_BEGINNING)].decode("utf-8", "ignore")
    return orjson.dumps({"truncated": len(text), "beginning": beginning})


def _plain(value: Any) -> Any:
    """Pydantic's models, of which LiteLLM's responses consist."""
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_none=True)
    raise TypeError


def _plain_or_name(value: Any) -> Any:
    try:
        return _plain(value)
    except TypeError:
        return f"<{type(value).__name__}>"
