"""Thoughts that a provider has signed and takes back only as it wrote them."""

from __future__ import annotations

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
