"""What stands for what in one request, so that the answer gets exactly the values back that the request held.

Equal values have equal placeholders, also where they are written in different ways, because all follow from the
value's normal form. To give each writing back as it was, only the first one in a request gets that placeholder;
another writing of the same value gets one of its own, which follows from how it is written. A chat whose history the
client sends again meets its writings in the same order and thus keeps its placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import NoReturn

from guardrails.placeholders.minting import Minting
from guardrails.scanning.folding import plain, read
from guardrails.scanning.plan import PLACEHOLDERS

REVERSIBLE = re.compile(r"<(?P<entity>[A-Z][A-Z0-9_]{1,40})_[a-z2-7]{10}>")


class Substitutions:
    """The placeholders of one request; lives as long as it does and shows no value to logs.

    It is true where there is something to restore.

    Args:
        minting: writes placeholders of the tenant.
    """

    __slots__ = ("_minted", "_minting", "_placeholders", "_recalled", "_typed")

    def __init__(self, minting: Minting) -> None:
        self._minting = minting
        self._minted: dict[str, str] = {}
        self._recalled: dict[str, str] = {}
        self._typed: dict[str, None] = {}
        self._placeholders: dict[tuple[str, str], str] = {}

    def typed(self, placeholder: str) -> None:
        """Note what the client itself wrote in the form of a placeholder: it stands for nothing and is never restored.

        To be called for all texts of a request before the first :meth:`substitute`; a placeholder that was given out
        in this request keeps standing for its value.
        """
        # A model may write it without what was hidden in it.
        said = read(plain(placeholder)).text
        if REVERSIBLE.fullmatch(said):
            self._typed[said] = None

    def recall(self, kept: Mapping[str, str | None]) -> None:
        """Take up what :meth:`kept` gave in an earlier request of the same conversation.

        Best before the first :meth:`substitute`, as placeholders that are taken are then left alone.
        """
        for placeholder, value in kept.items():
            if value is None:
                self._typed[placeholder] = None
                continue
            self._recalled[placeholder] = value
            if (parts := REVERSIBLE.fullmatch(placeholder)) is not None:
                self._placeholders.setdefault((parts["entity"], value), placeholder)

    def kept(self) -> dict[str, str | None]:
        """What a later request of the conversation needs, oldest first; ``None`` for what the client typed."""
        return {**self._recalled, **self._typed, **self._minted}

    def substitute(self, entity: str, value: str) -> str:
        """The placeholder that stands for exactly this value in this request."""
        known = self._placeholders.get((entity, value))
        if known is not None and (known in self._minted or known not in self._typed):
            self._minted[known] = value
            return known
        placeholder = next(each for each in self._candidates(entity, value) if self._is_free(each))
        self._minted[placeholder] = value
        self._placeholders[entity, value] = placeholder
        return placeholder

    def restore(self, placeholder: str) -> str | None:
        """The value behind a placeholder; ``None`` where it is not one of this request, or the client typed it."""
        value = self._minted.get(placeholder)
        if value is None and placeholder not in self._typed:
            value = self._recalled.get(placeholder)
        return value

    def restore_text(self, text: str) -> str:
        """A whole text with the values in place of their placeholders."""

        def restored(match: re.Match[str]) -> str:
            value = self.restore(match.group())
            return match.group() if value is None else value

        return PLACEHOLDERS.sub(restored, text)

    def _candidates(self, entity: str, value: str) -> Iterator[str]:
        yield self._minting.placeholder(entity, value)
        for number in count():
            yield self._minting.further_placeholder(entity, value, number)

    def _is_free(self, placeholder: str) -> bool:
        return not any(placeholder in taken for taken in (self._minted, self._recalled, self._typed))

    def __bool__(self) -> bool:
        return bool(self._minted or self._recalled)

    def __repr__(self) -> str:
        return f"<Substitutions of {len(self._minted) + len(self._recalled)} values>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("substitutions hold what was taken out of a request; they are not written down")
