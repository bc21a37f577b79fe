"""Running texts: each of the texts that one streamed answer is made of, with a redactor of its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Literal, Protocol

from guardrails.content.signatures import ALTERED, keeps_signature

if TYPE_CHECKING:
    from inferspect.refusal import Refusal

Form = Literal["text", "json"]


class Redactor(Protocol):
    """Redacts one running text; raises :class:`Blocked` where its policy allows no more of it."""

    def feed(self, text: str) -> str:
        """Add a piece; returns what may go out now, which is nothing while it is held back."""
        ...

    def finish(self) -> str:
        """The rest; nothing follows."""
        ...


OpenRedactor = Callable[[Form], Redactor]
"""Gives a redactor for a text that begins; ``json`` is a JSON document that arrives in fragments."""


class Blocked(Exception):  # noqa: N818  what happened, not an error
    """A finding that blocks the answer.

    Args:
        refusal: what the client is told.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class Channel:
    """One running text.

    Attributes:
        said: the text as the provider wrote it, so far.
        sent: what of it went out, redacted.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._said: list[str] = []
        self._sent: list[str] = []

    def feed(self, text: str) -> str:
        self._said.append(text)
        return self._out(self._redactor.feed(text)) if text else ""

    def finish(self) -> str:
        return self._out(self._redactor.finish())

    @property
    def said(self) -> str:
        return "".join(self._said)

    @property
    def sent(self) -> str:
        return "".join(self._sent)

    def _out(self, text: str) -> str:
        self._sent.append(text)
        return text


class Channels:
    """The running texts of one answer, by their place in it."""

    def __init__(self, open_redactor: OpenRedactor) -> None:
        self._open = open_redactor
        self._running: dict[Hashable, Channel] = {}
        self._transcript: dict[tuple[Form, str], str] = {}
        self._ended: dict[Hashable, Channel] = {}
        self._forms: dict[Hashable, Form] = {}

    def feed(self, place: Hashable, text: str, form: Form = "text") -> str:
        """Add a piece to the text at a place, which begins with it where none is running there."""
        channel = self._running.get(place)
        if channel is None:
            channel = self._running[place] = Channel(self._open(form))
            self._forms[place] = form
        return channel.feed(text)

    def finish(self, place: Hashable) -> str:
        """End the text at a place; returns what was held back of it."""
        channel = self._running.pop(place, None)
        if channel is None:
            return ""
        rest = channel.finish()
        self._transcript[self._forms.pop(place), channel.said] = channel.sent
        self._ended[place] = channel
        return rest

    def signature(self, place: Hashable, signature: str) -> str:
        """The signature of the thought that ended at a place; one that holds no more is replaced by a mark."""
        thought = self._ended.get(place)
        return signature if thought is None or keeps_signature(thought.said, thought.sent) else ALTERED

    def whole(self, text: str, form: Form = "text") -> str:
        """A text that came as a whole; one that was streamed before is what went out then."""
        if not text:
            return text
        known = self._transcript.get((form, text))
        if known is None:
            redactor = self._open(form)
            known = self._transcript[form, text] = redactor.feed(text) + redactor.finish()
        return known
