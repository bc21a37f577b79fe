"""Keeps names that hold what guardrails take out of events and contents.

Guardrails replace texts where they stand. Names they leave, because a changed name is another model, tool or route; so
what they find in one is noted in the request's context, and taken out of all that is kept of the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNREAD = "…"
# Parts of a path that are a route's own: of small letters, and the version of an API.
FIXED = re.compile(r"[a-z_-]*|v\d(?:alpha|beta)?\d?")
PARTS = re.compile(r"([/:])")
# A UUID, with or without hyphens, after words: what machines make of ids, and no finding of any guardrail.
MACHINE_MADE = re.compile(
    r"(?:[^\W\d_]{1,32}[-_.])*(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE
)
CUT = (256, 64)  # characters that events keep of names


def is_machine_made(name: str | None) -> bool:
    """Whether it is an id that may be kept although nobody has looked at it."""
    return name is not None and MACHINE_MADE.fullmatch(name) is not None


def parts_of_route(route: str) -> list[str]:
    """The parts of a path that a client may have chosen, such as the name of a model."""
    return [part for part in PARTS.split(route)[::2] if not FIXED.fullmatch(part)]


def without_parts(route: str) -> str:
    """A path in which nobody has looked at those parts."""
    return "".join(part if part in "/:" or FIXED.fullmatch(part) else UNREAD for part in PARTS.split(route))


def forms_of(name: str) -> dict[str, None]:
    """How a name may stand in what is kept: whole, without what is no UTF-8, and the beginnings of these."""
    whole = dict.fromkeys((name, name.encode("utf-8", "replace").decode("utf-8")))
    return whole | dict.fromkeys(one[:length] for length in CUT for one in whole)


def without(withheld: Mapping[str, str], value: Any) -> Any:
    """A copy of JSON in which each of these names, wherever it stands, is what stands for it."""
    if isinstance(value, str):
        for name, shown in withheld.items():
            value = value.replace(name, shown)
        return value
    if isinstance(value, Mapping):
        return {without(withheld, key): without(withheld, member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [without(withheld, member) for member in value]
    return value
