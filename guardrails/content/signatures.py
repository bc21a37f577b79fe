"""Thoughts that a provider has signed and takes back only as it wrote them."""

from __future__ import annotations

import json
import re

REVERSIBLE = re.compile(r"<[A-Z][A-Z0-9_]{1,40}_[a-z2-7]{10}>")
ALTERED = "altered-by-guardrails"
"""Stands in place of the signature of a thought that was altered on its way to the client, who will send it back."""


def keeps_signature(before: str, after: str) -> bool:
    """Whether a signature holds: the texts are equal, or one has placeholders where the other has values.

    A placeholder stands for equal values in every request, so a value that was restored in an answer is replaced by
    what the provider wrote when the client sends it back.
    """
    return before == after or _is_filled(after, before) or _is_filled(before, after)


SEALED = "encrypted_content"
"""Holds what only its provider can read, or, from LiteLLM's bridge to the responses API, signed thoughts as JSON."""


def is_readable(sealed: str) -> bool:
    """Whether it is JSON, and not ciphertext in base64."""
    return sealed.lstrip()[:1] in ("[", "{")


def resealed(before: str, after: str) -> str:
    """Thoughts in JSON as they were altered, with a mark in place of each signature that holds no more."""
    if keeps_signature(before, after):
        return after
    try:
        thoughts = json.loads(after)
    except (ValueError, RecursionError):
        return after
    for thought in thoughts if isinstance(thoughts, list) else [thoughts]:
        if isinstance(thought, dict) and "signature" in thought:
            thought["signature"] = ALTERED
    return json.dumps(thoughts, ensure_ascii=False)


def _is_filled(template: str, text: str) -> bool:
    first, *others = REVERSIBLE.split(template)
    if not others or not text.startswith(first):
        return False
    position = len(first)
    for piece in others[:-1]:
        found = text.find(piece, position + 1)
        if found < 0:
            return False
        position = found + len(piece)
    return len(text) - len(others[-1]) > position and text.endswith(others[-1])
