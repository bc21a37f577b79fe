"""Jinja's sandbox, in which a template cannot make much of little either: what a slip would have filled memory with."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sized
from typing import Any

from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from inferspect.observation.channel_templates import MOST_CHARACTERS

MOST_STEPS = 1_000  # of a range
MOST_BITS = 4_096  # of a power
PADDING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
PADDING_FILTERS = ("center", "indent")
# A width of six digits, or one that is given with the values.
WIDE_FORMAT = re.compile(r"\d{6}|%[-#0 +]*\*|%[-#0 +\d]*\.\*|\{[^{}]*\{")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Refuses what would make a long text or number of a short template, with ``OverflowError``."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals["range"] = _range
        self.filters = {
            **self.filters,
            **{name: _checked(self.filters[name], _check_padding) for name in PADDING_FILTERS},
            "format": _checked(self.filters["format"], _check_format),
        }

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Sized) and isinstance(other, int):
                    _check_size(len(one) * other)
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            _check_size(left.bit_length() * right, MOST_BITS)
        elif operator == "%" and isinstance(left, str):
            _check_format(left)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, *arguments: Any, **named: Any) -> Any:
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        if isinstance(owner, str) and name in PADDING:
            _check_padding(*arguments, **named)
        if isinstance(owner, str) and name in {"format", "format_map"}:
            _check_format(owner)
        return super().call(context, obj, *arguments, **named)


def _range(*bounds: int) -> range:
    made = range(*bounds)
    _check_size(len(made), MOST_STEPS)
    return made


def _checked(function: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        check(*arguments, **named)
        return function(*arguments, **named)

    return checked


def _check_padding(*arguments: Any, **named: Any) -> None:
    for argument in (*arguments, *named.values()):
        if isinstance(argument, int):
            _check_size(argument)


def _check_format(text: Any, *_arguments: Any, **_named: Any) -> None:
    if WIDE_FORMAT.search(str(text)):
        raise OverflowError("a width of a format is too large, or not written in it")


def _check_size(size: int, most: int = MOST_CHARACTERS) -> None:
    if size > most:
        raise OverflowError(f"it would make {size:,} of something, and {most:,} are the most")
