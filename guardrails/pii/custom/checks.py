"""Checks that tell a value from what only looks like one."""

from __future__ import annotations

import importlib
from collections.abc import Callable

Check = Callable[[str], bool]


def luhn(value: str) -> bool:
    """Whether the digits of ``value`` pass the check of ISO/IEC 7812-1, Annex B, as on cards."""
    digits = [int(character) for character in value if character.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def mod11(value: str) -> bool:
    """Whether the digits, weighed 1, 2, 3… from the last to the first, sum up to a multiple of 11.

    This is the check of ISBN-10 (ISO 2108:1992) and of NHS numbers. ``X`` as last character is ten.
    """
    digits = [int(character) for character in value if character.isdecimal()]
    if value[-1:] in {"X", "x"}:
        digits.append(10)
    return len(digits) > 1 and sum(weight * digit for weight, digit in enumerate(reversed(digits), 1)) % 11 == 0


def iban(value: str) -> bool:
    """Whether letters and digits pass the check of ISO 13616, which is ISO/IEC 7064 MOD 97-10."""
    code = "".join(character for character in value.upper() if character.isascii() and character.isalnum())
    return len(code) > 4 and int("".join(str(int(each, 36)) for each in code[4:] + code[:4])) % 97 == 1  # noqa: PLR2004  the first four go last


CHECKS: dict[str, Check] = {"luhn": luhn, "mod11": mod11, "iban": iban}


def check_of(name: str) -> Check:
    """The check of this name, or the function at ``package.module:function``.

    Raises:
        ValueError: there is none.
    """
    if name in CHECKS:
        return CHECKS[name]
    module, _, function = name.partition(":")
    if not module or not function:
        raise ValueError(f"no check of this name; there are {', '.join(CHECKS)}, or package.module:function")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # whatever the operator's module does when it is imported
        raise ValueError(f"cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"{function} in {module} is no function")  # noqa: TRY004  told with the other problems
    return found  # type: ignore[no-any-return]
