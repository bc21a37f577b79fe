"""OpenAI's embeddings: `POST /v1/embeddings`, with vectors that depend on nothing but the text."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import TYPE_CHECKING, TypeGuard

from .conversation import Json, estimate_tokens
from .reading import InvalidRequestError, positive_integer

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_DIMENSIONS = 1536
MAXIMUM_DIMENSIONS = 16_384


def unit_vector(text: str, dimensions: int = DEFAULT_DIMENSIONS) -> tuple[float, ...]:
    """A vector of length 1 with 32-bit components, the same for the same text on every machine.

    Its direction is the SHAKE-256 hash of the text (FIPS 202) read as little-endian 16-bit integers, so that different
    texts are almost orthogonal.
    """
    digest = hashlib.shake_256(text.encode()).digest(2 * dimensions)
    components = struct.unpack(f"<{dimensions}h", digest)
    length = math.sqrt(sum(component * component for component in components)) or 1.0
    packed = struct.pack(f"<{dimensions}f", *(component / length for component in components))
    return struct.unpack(f"<{dimensions}f", packed)


def embed(request: Json) -> Json:
    """The answer to a request for embeddings.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    texts, tokens = _inputs(request.get("input"))
    dimensions = positive_integer(request, "dimensions") or DEFAULT_DIMENSIONS
    if dimensions > MAXIMUM_DIMENSIONS:
        raise InvalidRequestError(f"'dimensions' must be at most {MAXIMUM_DIMENSIONS}.", "dimensions")
    encoding = request.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise InvalidRequestError("'encoding_format' must be float or base64.", "encoding_format")
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _encoded(unit_vector(text, dimensions), encoding)}
            for index, text in enumerate(texts)
        ],
        "model": request["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _inputs(value: object) -> tuple[list[str], int]:
    """The texts to embed and their tokens; a list of token numbers stands for one text of that many tokens."""
    inputs = value if isinstance(value, list) and not _is_tokens(value) else [value]
    texts: list[str] = []
    tokens = 0
    for item in inputs:
        if isinstance(item, str):
            texts.append(item)
            tokens += estimate_tokens(len(item))
        elif _is_tokens(item):
            texts.append(" ".join(map(str, item)))
            tokens += len(item)
        else:
            raise InvalidRequestError("'input' must be a string, a list of strings, or lists of tokens.", "input")
    if not texts:
        raise InvalidRequestError("'input' must not be empty.", "input")
    return texts, tokens


def _is_tokens(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and bool(value) and all(isinstance(token, int) for token in value)


def _encoded(vector: Sequence[float], encoding: str) -> str | Sequence[float]:
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
