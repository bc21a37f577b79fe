"""Where in a JSON document a value stands: below which keys."""

from __future__ import annotations

from guardrails.scanning.plan import CONTEXT, LONGEST_PLACEHOLDER, without_placeholders

LONGEST_SAID = CONTEXT + LONGEST_PLACEHOLDER
"""How much of the end of a key is needed to tell what it says."""
# Whoever nests deeper has no keys that tell anything; remembering them would only take memory.
DEEPEST = 256


class JsonContext:
    """Follows the structure of a document, also of a broken one, and gives the context of what comes next.

    That is the key of its member, after the key of the member that this one is nested in. The elements of an array
    have the context of the array.

    Args:
        outermost: context of the whole document.

    Attributes:
        text: the context of what comes next.
    """

    def __init__(self, outermost: str = "") -> None:
        self._outermost = outermost
        self._open: list[tuple[str, str]] = []
        self._deeper = 0
        self._key = self._said = ""
        self.text = self._of_keys()

    def said(self, text: str) -> None:
        """A string or other text has come; it is a key if a colon follows."""
        self._said = without_placeholders(text)[-CONTEXT:]

    def structure(self, signs: str) -> None:
        """Brackets, commas and colons have come; blanks between them do not matter."""
        for sign in signs:
            if sign == ":":
                self._key = self._said
            elif sign == ",":
                self._key = self._open[-1][1] if self._open and self._open[-1][0] == "[" else ""
            elif sign in "{[":
                self._enter(sign)
            elif sign in "}]":
                self._leave()
        if signs:
            self.text = self._of_keys()

    def _of_keys(self) -> str:
        container = self._open[-1][1] if self._open and self._open[-1][0] == "{" else ""
        keys = "".join(f"{key}: " for key in (container, self._key) if key)
        return f"{self._outermost}{keys}"[-CONTEXT:]

    def _enter(self, bracket: str) -> None:
        if len(self._open) == DEEPEST:
            self._deeper += 1
            return
        self._open.append((bracket, self._key))
        if bracket == "{":
            self._key = ""

    def _leave(self) -> None:
        if self._deeper:
            self._deeper -= 1
        elif self._open:
            self._key = self._open.pop()[1]
