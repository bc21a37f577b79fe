"""OpenAI's images: `POST /v1/images/generations`, always the same pixel, with the prompt as the provider revised it."""

from __future__ import annotations

import base64
import struct
import time
import zlib

from .conversation import Json, estimate_tokens
from .reading import InvalidRequestError, positive_integer


def generate_images(request: Json) -> Json:
    """The answer to a request for images.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    prompt = request.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise InvalidRequestError("'prompt' must be given, as a string.", "prompt")
    image = {"b64_json": _PIXEL, "revised_prompt": f"A picture of {prompt}"}
    tokens = estimate_tokens(len(prompt))
    return {
        "created": int(time.time()),
        "data": [image] * (positive_integer(request, "n") or 1),
        "usage": {"input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1},
    }


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


# One grey pixel (PNG, ISO/IEC 15948).
_PIXEL = base64.b64encode(
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    + _chunk(b"IEND", b"")
).decode()
