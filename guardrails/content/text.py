"""One text of a request or an answer: how it is read and how it is replaced where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from guardrails.content.signatures import ALTERED, keeps_signature, resealed

Source = Literal["system", "user", "assistant", "tool", "document"]

NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_ORDERED = 256


@dataclass(slots=True, eq=False)
class Text:
    """One text and where it stands.

    Attributes:
        container: the dictionary or list that holds it.
        key: its key or index there.
        is_json: whether it is a JSON document in a string, which must stay one.
        source: who wrote it, as far as the request says so: ``tool`` and ``document`` are what came from elsewhere.
    """

    container: Any
    key: Any
    is_json: bool = False
    source: Source = "user"

    def get(self) -> str:
        """The text; a long number, which may be a card number in a tool's arguments, is read as text too."""
        return str(self.container[self.key])

    @property
    def context(self) -> str:
        """What tells what it is about without being a part of it."""
        return ""

    @property
    def is_identifier(self) -> bool:
        """Whether it tells one user, session or the like from another, which masked it would not."""
        return False

    def set(self, value: str) -> None:
        """Replace it."""
        self.container[self.key] = value


@dataclass(slots=True, eq=False)
class IdentifierText(Text):
    """What the client calls its user, its session or the like."""

    @property
    def is_identifier(self) -> bool:
        return True


@dataclass(slots=True, eq=False)
class NameText(Text):
    """The name of who speaks; providers refuse one that has other characters than letters, digits, ``_`` and ``-``."""

    def set(self, value: str) -> None:
        self.container[self.key] = NOT_IN_A_NAME.sub("", value)


@dataclass(slots=True, eq=False)
class SignedText(Text):
    """A thought that its provider has signed: altered, it is refused, so its block has to go.

    Attributes:
        altered: where blocks are noted that have to go.
        block: the block and the list that holds it.
    """

    altered: list[tuple[Any, Any]] = field(default_factory=list)
    block: tuple[Any, Any] = (None, None)

    def set(self, value: str) -> None:
        if not keeps_signature(self.get(), value):
            self.container["signature"] = ALTERED
            self.altered.append(self.block)
        self.container[self.key] = value


@dataclass(slots=True, eq=False)
class SealedText(SignedText):
    """Signed thoughts as JSON in one string, as LiteLLM's bridge to the responses API gives them."""

    def set(self, value: str) -> None:
        if not keeps_signature(before := self.get(), value):
            self.altered.append(self.block)
        self.container[self.key] = resealed(before, value)


@dataclass(slots=True, eq=False)
class FreeObject:
    """An object whose keys may be content as well, such as the arguments of a tool call.

    Attributes:
        members: the object itself.
        copies: how many keys were given a name that was there already, by that name.
    """

    members: dict[Any, Any]
    copies: dict[str, int] = field(default_factory=dict)

    def rename(self, key: str, wished: str) -> str:
        """Rename a key and return its new name: the one wished for, with a number behind it where that is taken."""
        if key == wished:
            return key
        name = wished
        while name in self.members:
            number = self.copies[wished] = self.copies.get(wished, 1) + 1
            name = f"{wished}_{number}"
        if len(self.members) > LONGEST_ORDERED:  # in place, thousands of keys would take seconds
            self.members[name] = self.members.pop(key)
            return name
        renamed = [(name if other == key else other, value) for other, value in self.members.items()]
        self.members.clear()
        self.members.update(renamed)
        return name


@dataclass(slots=True, eq=False)
class Member:
    """One member of a free object, known to the text of its key and to that of its value, whichever changes first."""

    owner: FreeObject
    name: str


@dataclass(slots=True, eq=False)
class KeyText(Text):
    """A key of a free object. ``key`` is its :class:`Member`."""

    def get(self) -> str:
        return str(self.key.name)

    def set(self, value: str) -> None:
        member: Member = self.key
        member.name = member.owner.rename(member.name, value)


@dataclass(slots=True, eq=False)
class ValueText(Text):
    """A value in a free object. ``key`` is its :class:`Member`."""

    @property
    def context(self) -> str:
        return f"{self.key.name}: "

    def get(self) -> str:
        return str(self.container[self.key.name])

    def set(self, value: str) -> None:
        self.container[self.key.name] = value
