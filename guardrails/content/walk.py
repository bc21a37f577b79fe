"""The walk over texts, by structure alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from guardrails.content.fields import (
    DEFINITION_LABELS,
    DEFINITION_LISTS_OF_LABELS,
    DEFINITION_VALUES,
    DEFINITIONS,
    FREE,
    LABELS,
    MEDIA,
    MEDIA_STRINGS,
    MEDIA_VALUES,
    NAMED_DEFINITIONS,
    OPAQUE_SOURCES,
    RESULTS_OF_CALLS,
    SOURCES_BY_KEY,
    SOURCES_BY_ROLE,
    SPEAKERS,
    UPLOADED,
    source_by_type,
)
from guardrails.content.signatures import ALTERED, SEALED, is_readable
from guardrails.content.text import (
    FreeObject,
    IdentifierText,
    KeyText,
    Member,
    NameText,
    SealedText,
    SignedText,
    Source,
    Text,
    ValueText,
)

SHORTEST_NUMBER_WORTH_READING = 10_000_000
BREATHE_EVERY = 1024


Mode = Literal["parts", "media", "free", "definition", "names", "identifier"]
"""How the members of an object are told apart: as messages and their parts, where some keys are labels and some hold
media; as these inside of an image, audio or a file; as all content, keys and long numbers as well; as a tool or a JSON
schema, where descriptions and values are content, names and keywords are not; as an object of definitions by name; as
what tells one user, session or the like from another, a string or a list of them."""

Root = tuple[Any, Any, Mode, Source]
"""A container, the key in it or the member if its key is content, and how and as whose text to read what is there."""


@dataclass(slots=True)
class _Frame:
    """An object or a list that is being walked."""

    members: Iterator[tuple[Any, Any]]
    container: Any
    mode: Mode
    source: Source
    kind: str = ""
    named: bool = False
    signed: tuple[Any, Any] | None = None
    sealed: tuple[Any, Any] | None = None


class Walk:
    """The texts below some fields, in order. Iterating gives ``None`` now and then, so that a caller can give way.

    Attributes:
        token_lists: lists of token ids passed by; what they say cannot be read here.
        media: images, audio and files passed by, whether they are in the body or somewhere else.
    """

    def __init__(self, roots: list[Root], media: int = 0) -> None:
        self._roots = roots
        self._altered: list[tuple[Any, Any]] = []
        self.token_lists = 0
        self.media = media

    def drop_altered_thoughts(self) -> None:
        """Take signed thoughts out of a request that were altered, now or in the answer they are from.

        To be called once all texts are written. Their provider refuses the request otherwise.
        """
        for block, parts in self._altered:
            if isinstance(parts, list):
                parts[:] = [part for part in parts if part is not block]

    def __iter__(self) -> Iterator[Text | None]:
        visited = 0
        # A stack of our own, because a hostile body can be nested deeper than Python's.
        stack: list[_Frame] = []
        for root, key, mode, source in self._roots:
            entries = [(key, key), (key, root[key.name])] if isinstance(key, Member) else [(key, root[key])]
            stack.append(_Frame(iter(entries), root, mode, source))
            while stack:
                frame = stack[-1]
                for name, value in frame.members:
                    visited += 1
                    if visited % BREATHE_EVERY == 0:
                        yield None
                    if isinstance(value, str):
                        if value and (text := self._text(frame, name, value)) is not None:
                            yield text
                    elif frame.mode == "free" and (text := _free_text(frame, name, value)) is not None:
                        yield text
                    elif (opened := self._open(frame, name, value)) is not None:
                        stack += opened
                        break
                else:
                    stack.pop()

    def _text(self, frame: _Frame, key: Any, value: str) -> Text | None:
        """The text of a string, unless it is a label or something that cannot be read."""
        source = frame.source
        if frame.mode in {"parts", "media"}:
            if key in LABELS:
                return self._label(frame, key)
            if _is_media(frame, key) and " " not in value:  # neither an address nor base64 has spaces
                self.media += 1
                return None
            if frame.signed is not None:
                return SignedText(frame.container, key, key == "arguments", source, self._altered, frame.signed)
            if key in RESULTS_OF_CALLS and frame.kind.endswith("_call"):
                source = "tool"
        elif frame.mode in {"free", "identifier"}:
            is_free = frame.mode == "free"
            return _free_text(frame, key, value) if is_free else IdentifierText(frame.container, key, False, source)
        elif frame.mode == "definition" and key in DEFINITION_LABELS:
            return None
        return Text(frame.container, key, key == "arguments", source)

    def _label(self, frame: _Frame, key: Any) -> Text | None:
        """The text of a label, of the few that hold what somebody wrote."""
        if key == "file_id" and frame.kind in UPLOADED:
            self.media += 1
        if key == SEALED and frame.sealed is not None:
            return SealedText(frame.container, key, True, frame.source, self._altered, frame.sealed)
        return NameText(frame.container, key, False, frame.source) if key == "name" and frame.named else None

    def _open(self, frame: _Frame, key: Any, value: Any) -> list[_Frame] | None:
        """The frames of what has members, last one first."""
        if frame.mode == "definition" and key in DEFINITION_LISTS_OF_LABELS:
            return None
        if isinstance(value, dict):
            return [self._object(frame, key, value, value, value)]
        if isinstance(value, list):
            return self._list(frame, key, value)
        if isinstance(value, tuple):
            frame.container[key.name if isinstance(key, Member) else key] = written = list(value)
            return self._list(frame, key, written)
        if isinstance(value, BaseModel):
            fields, extra = vars(value), value.__pydantic_extra__
            frames = [self._object(frame, key, fields, fields, value)]
            return [self._object(frame, key, extra, fields, value), *frames] if extra else frames
        return None

    def _list(self, frame: _Frame, key: Any, value: list[Any]) -> list[_Frame] | None:
        if value and isinstance(value[0], int | float) and frame.mode != "free":
            kinds = set(map(type, value))
            self.token_lists += frame.mode == "parts" and int in kinds and float not in kinds
            if kinds <= {int, float}:
                return None
        mode, source = self._below(frame, key, value)
        return [_Frame(iter(list(enumerate(value))), value, mode, source, frame.kind)]

    def _object(self, frame: _Frame, key: Any, members: dict[Any, Any], siblings: dict[Any, Any], block: Any) -> _Frame:
        mode, source = self._below(frame, key, members)
        if mode == "free":
            return _Frame(_free_members(members), members, mode, source)
        opened = _Frame(iter(list(members.items())), members, mode, source)
        if mode in {"parts", "media"}:
            if isinstance(role := siblings.get("role"), str):
                opened.source = SOURCES_BY_ROLE.get(role, source)
                opened.named = role in SPEAKERS
            if isinstance(kind := siblings.get("type"), str):
                opened.kind = kind
                opened.source = source_by_type(kind) or opened.source
                if (key == "source" and kind in OPAQUE_SOURCES) or kind == "redacted_thinking":
                    opened.mode = "media"
            elif key in UPLOADED:
                opened.kind = key
            self._note_thoughts(opened, members, siblings, (block, frame.container))
        return opened

    def _note_thoughts(
        self, opened: _Frame, members: dict[Any, Any], siblings: dict[Any, Any], block: tuple[Any, Any]
    ) -> None:
        """Whether an object is a signed thought, or holds some as JSON; and whether they were altered before."""
        if (signature := siblings.get("signature")) and isinstance(signature, str):
            opened.signed = block
            if signature == ALTERED:
                self._altered.append(block)
        if (thoughts := members.get(SEALED)) and isinstance(thoughts, str) and is_readable(thoughts):
            opened.sealed = block
            if ALTERED in thoughts:
                self._altered.append(block)

    def _below(self, frame: _Frame, key: Any, value: Any) -> tuple[Mode, Source]:
        """How what stands below a key is read, and as whose."""
        mode, source = frame.mode, frame.source
        if mode == "free" or not isinstance(key, str):
            return ("definition" if mode == "names" else mode), source
        if mode == "names":
            return "definition", source
        if mode == "definition":
            if key in NAMED_DEFINITIONS:
                return "names", source
            return ("free" if key in DEFINITION_VALUES else mode), source
        source = SOURCES_BY_KEY.get(key, source)
        if key in RESULTS_OF_CALLS and frame.kind.endswith("_call"):
            source = "document" if frame.kind == "file_search_call" else "tool"
        if key in DEFINITIONS:
            mode, source = "definition", "system"
        elif key in FREE and isinstance(value, dict):
            mode = "free"
        elif key in MEDIA:
            mode = "media"
        return mode, source


def _is_media(frame: _Frame, key: Any) -> bool:
    return (
        key in MEDIA_STRINGS
        or (frame.mode == "media" and key in MEDIA_VALUES)
        or (key == "result" and frame.kind == "image_generation_call")
    )


def _free_members(members: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Each key on its own, and then its value."""
    owner = FreeObject(members)
    for name, value in list(members.items()):
        if isinstance(name, str):
            member = Member(owner, name)
            yield member, member
            yield member, value
        else:
            yield name, value


def _free_text(frame: _Frame, key: Any, value: Any) -> Text | None:
    """The text of a key, of a value or of an item among what is all content."""
    if value is key and isinstance(key, Member):
        return KeyText(frame.container, key, False, frame.source) if key.name else None
    if isinstance(value, str):
        worth = bool(value)
    else:
        worth = isinstance(value, int) and abs(value) >= SHORTEST_NUMBER_WORTH_READING
    if not worth:
        return None
    return (ValueText if isinstance(key, Member) else Text)(frame.container, key, False, frame.source)
