"""Writing values as YAML that is read the same by every reader, shows what it holds, and is never reflowed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*")
NOT_PLAIN = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"])
LONGEST_LINE = 90
INDENT = "  "
SEEN = frozenset({"\n"})
# Characters that are not seen, or that change what is seen around them.
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


def lines_of(value: Any, depth: int = 0) -> list[str]:
    """A mapping or a list of values as lines in block style.

    Raises:
        TypeError: there is something else in it than texts, numbers, truth values, lists and mappings.
    """
    pad = INDENT * depth
    if isinstance(value, Mapping):
        return [line for key, member in value.items() for line in _member(f"{pad}{scalar(str(key))}:", member, depth)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [line for member in value for line in _item(pad, member, depth)]
    raise TypeError(f"{type(value).__name__} stands alone")


def scalar(value: str | float | None) -> str:
    """A value on one line."""
    if isinstance(value, str):
        if PLAIN.fullmatch(value) and value.lower() not in NOT_PLAIN:
            return value
        return _quoted(value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no form here")


def _member(key: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from lines_of(value, depth + 1)
    elif isinstance(value, Mapping | list | tuple):
        yield f"{key} {'{}' if isinstance(value, Mapping) else '[]'}"
    elif isinstance(value, str) and _is_block(value):
        yield from _block(key, value, depth + 1)
    else:
        yield f"{key} {scalar(value)}"


def _item(pad: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        first, *rest = lines_of(value, depth + 1)
        yield f"{pad}- {first.lstrip(' ')}"
        yield from rest
    else:
        yield from _member(f"{pad}-", value, depth)


def _is_block(text: str) -> bool:
    """Whether a literal block shows the text as it is; of others a reader would take something away."""
    if "\n" not in text and len(text) <= LONGEST_LINE:
        return False
    return bool(text.strip()) and not any(map(_is_unseen, text)) and text == text.strip("\n") and text[0] != " "


def _block(key: str, text: str, depth: int) -> Iterator[str]:
    yield f"{key} |-"
    for line in text.split("\n"):
        yield f"{INDENT * depth}{line}" if line else ""


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(_escaped(sign) if _is_unseen(sign) else sign for sign in quoted)


def _is_unseen(sign: str) -> bool:
    return sign not in SEEN and unicodedata.category(sign) in UNSEEN


def _escaped(sign: str) -> str:
    code = ord(sign)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004  what four digits hold
