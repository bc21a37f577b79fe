"""What a recognizer is. Everything that guardrails find in texts is found by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

from guardrails.scanning.finding import Finding

Reading = Literal["text", "folded"]


class Recognizer(Protocol):
    r"""Finds the values of one entity.

    It is asked only about windows of a text, of at most 128 characters and up to 64 of context before them, around
    places where its trigger matches. It has no state between calls, and takes time linear in the window.

    Attributes:
        entity: what it finds.
        reads: ``text``: the window as it stands, except that full-width digits, letters and signs are ASCII, odd
            spaces and dashes are plain ones, and invisible characters are gone. ``folded``: that in lower case and
            without diacritics (``đ`` is ``d``), of the same length.
        trigger: a regular expression of the standard library, without flags or groups that capture. It matches inside
            the token (what stands between white space) in which a value begins, at most 64 characters after that
            token's beginning, or in one of the five tokens before it, as a cue word does. A match has no white space in
            it, is at most 32 characters long, and looks at most one character further and eight back. It is applied to
            what ``reads`` says; it should be rare in prose and quick: begin with a literal, a set or ``\b``.
        clues: optional, :class:`~guardrails.scanning.clues.Clues` that tell quickly that the trigger matches nowhere.
        fewest_digits: optional, how many digits a value has at least; windows with fewer are not asked about.
        continuation: optional, a regular expression for what still belongs to a value that is longer than a window;
            the rest of its token where there is none. Must be a repeated set of characters, such as ``[^-]*``.
    """

    @property
    def entity(self) -> str: ...

    @property
    def reads(self) -> Reading: ...

    @property
    def trigger(self) -> str: ...

    def find(self, text: str, start: int, end: int) -> Iterable[Finding]:
        """The values in ``text[start:end]``; what stands before ``start`` is context. Values may overlap."""
        ...
