"""What values of variables are in a prompt: their text, their truth, how they compare.

Wherever Jinja and Nunjucks would differ, a value is refused in words, so that a prompt reads the same in both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

# What `trim` takes away in JavaScript; Python's `strip` has others.
SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000\ufeff"
)
EXACT = 2**53  # above it, JSON's readers disagree about whole numbers
FIXED_FROM, FIXED_BELOW = 1e-6, 1e21  # where JavaScript writes numbers without an exponent


class ValueRefusedError(ValueError):
    """A value cannot stand where the prompt has it; the message names no value."""


def text_of(value: Any) -> str:
    """A value as it stands in the text, numbers and truths as JSON has them.

    Raises:
        ValueRefusedError: it is null, a list or an object, or too large a number.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -EXACT <= value <= EXACT:
        return str(value)
    if isinstance(value, float):
        return _number(_finite(value))
    if isinstance(value, int):
        raise ValueRefusedError("is a whole number above 2^53, which not all read alike: send it as a text")
    raise ValueRefusedError(f"is {_kind(value)}, which has no text of its own")


def truth(value: Any) -> bool:
    """Whether a condition holds.

    Raises:
        ValueRefusedError: it is a list or an object.
    """
    if isinstance(value, list | Mapping):
        raise ValueRefusedError(f"is {_kind(value)}, which is no condition: write `| length`")
    return bool(_finite(value))


def compared(operator: str, left: Any, right: Any) -> bool:
    """Whether ``left`` is ``eq``, ``ne``, ``lt``, ``lteq``, ``gt`` or ``gteq`` to ``right``.

    Raises:
        ValueRefusedError: they are of two kinds, or of one that has no order.
    """
    kinds = {_kind(_finite(left)), _kind(_finite(right))}
    if operator in ("eq", "ne") and (len(kinds) == 1 or None in (left, right)) and kinds <= EQUALS:
        return bool(left == right) is (operator == "eq")
    if len(kinds) == 1 and kinds <= ORDERED:
        return ORDERS[operator](_order(left), _order(right))
    raise ValueRefusedError(f"is {_kind(left)}, which does not compare with {_kind(right)}")


def member_of(value: Any, step: str | int, absent: Any) -> Any:
    """What a name leads to in an object, or a number in a list; ``absent`` where it leads nowhere, as from null.

    Raises:
        ValueRefusedError: the value has no such steps; JavaScript finds letters and functions by them.
    """
    if value is None:
        return absent
    if isinstance(value, Mapping) and isinstance(step, str):
        return value.get(step, absent)
    if isinstance(value, list) and isinstance(step, int):
        return value[step] if step < len(value) else absent
    members = "no members" if isinstance(step, str) else "no items by number"
    raise ValueRefusedError(f"is {_kind(value)}, which has {members}")


def items_of(value: Any) -> list[Any]:
    """The items of a list.

    Raises:
        ValueRefusedError: it is none.
    """
    if isinstance(value, list):
        return value
    raise ValueRefusedError(f"is {_kind(value)} and no list")


def joined(value: Any, separator: Any = "") -> str:
    """The filter ``join``."""
    return text_of(separator).join(map(text_of, items_of(value)))


def length(value: Any) -> int:
    """The filter ``length``; of a text in UTF-16, as JavaScript counts."""
    if isinstance(value, str):
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    if isinstance(value, list | Mapping):
        return len(value)
    raise ValueRefusedError(f"is {_kind(value)}, which has no length")


def _of_text(change: Callable[[str], str]) -> Callable[[Any], str]:
    def changed(value: Any) -> str:
        if isinstance(value, str):
            return change(value)
        raise ValueRefusedError(f"is {_kind(value)} and no text")

    return changed


FILTERS: Mapping[str, Callable[..., Any]] = {
    "upper": _of_text(str.upper),
    "lower": _of_text(str.lower),
    "trim": _of_text(lambda text: text.strip(SPACE)),
    "join": joined,
    "length": length,
}
EQUALS = {"a text", "a number", "a truth", "null"}
ORDERED = {"a text", "a number"}
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth"
    for kind, name in (((int, float), "a number"), (str, "a text"), (list, "a list")):
        if isinstance(value, kind):
            return name
    return "an object"


def _order(value: Any) -> Any:
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else value


def _finite(value: Any) -> Any:
    """The value; what JSON's readers take for numbers and JSON has not is refused."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueRefusedError("is a number that JSON does not have")
    return value


def _number(value: float) -> str:
    """As JavaScript writes it: the shortest digits that read back as the same number."""
    if not value:
        return "0"
    if FIXED_FROM <= abs(value) < FIXED_BELOW:
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent):+d}"
