"""Reads the parts that requests of all APIs have in common, and refuses what a provider would refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .conversation import Tool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .conversation import Json

MAXIMUM_CHOICES = 128
_INSTRUCTING_ROLES = ("system", "developer")


class InvalidRequestError(ValueError):
    """A request that the simulated API refuses with status 400; `parameter` is the field to blame."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        """Blame `parameter`, if it is known."""
        super().__init__(message)
        self.parameter = parameter


def text_of(content: object) -> str:
    """The text in a message's content, which is a string, a list of parts, or absent; images and files count as none.

    Raises:
        InvalidRequestError: The content is something else.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise InvalidRequestError("A message's content is a string or a list of parts.", "messages")
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            text = part.get("text")
            # Tool results nest their own content; everything else without a text is not text.
            texts.append(text if isinstance(text, str) else text_of(part.get("content")))
        else:
            raise InvalidRequestError("A part of a message's content is an object.", "messages")
    return "\n".join(text for text in texts if text)


@dataclass(slots=True)
class Told:
    """What was said, sorted by who said it, as messages are read in their order."""

    last_user_message: str = ""
    _system: list[str] = field(default_factory=list)
    _before: list[str] = field(default_factory=list)
    _since: list[str] = field(default_factory=list)

    def add(self, role: object, text: str) -> None:
        """Take in the next message."""
        if role in _INSTRUCTING_ROLES:
            self._system.append(text)
        elif role == "user":
            if self.last_user_message:
                self._before.append(self.last_user_message)
            self._before += self._since
            self._since.clear()
            self.last_user_message = text
        else:
            self._since.append(text)

    @property
    def system(self) -> str:
        """What the system and developers said."""
        return "\n".join(filter(None, self._system))

    @property
    def history(self) -> str:
        """What all others said before the last user message."""
        return "\n".join(filter(None, self._before))


def message_list(request: Json, name: str) -> list[Json]:
    """The list of messages under `name`.

    Raises:
        InvalidRequestError: It is missing, empty, or not a list of objects.
    """
    messages = object_list(request, name)
    if not messages:
        raise InvalidRequestError(f"'{name}' must be a non-empty list of objects.", name)
    return messages


def positive_integer(request: Json, *names: str) -> int | None:
    """The first of `names` that is set, or None.

    Raises:
        InvalidRequestError: It is not an integer above 0.
    """
    for name in names:
        value = request.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequestError(f"'{name}' must be an integer above 0.", name)
            return value
    return None


def choice_count(request: Json) -> int:
    """The number of answers asked for with `n`.

    Raises:
        InvalidRequestError: It is not between 1 and 128.
    """
    count = positive_integer(request, "n") or 1
    if count > MAXIMUM_CHOICES:
        raise InvalidRequestError(f"'n' must be at most {MAXIMUM_CHOICES}.", "n")
    return count


def stop_sequences(request: Json, name: str) -> tuple[str, ...]:
    """The stop sequences under `name`: a string, a list of strings, or absent.

    Raises:
        InvalidRequestError: They are something else.
    """
    value = request.get(name)
    sequences = [value] if isinstance(value, str) else value or []
    if not isinstance(sequences, list) or not all(isinstance(sequence, str) for sequence in sequences):
        raise InvalidRequestError(f"'{name}' must be a string or a list of strings.", name)
    return tuple(sequence for sequence in sequences if sequence)


def object_at(container: Json, name: str) -> Json:
    """The object under `name`, or an empty one when it is absent or null.

    Raises:
        InvalidRequestError: It is not an object.
    """
    value = container.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequestError(f"'{name}' must be an object.", name)
    return value


def object_list(container: Json, name: str) -> list[Json]:
    """The list of objects under `name`, or an empty one when it is absent or null.

    Raises:
        InvalidRequestError: It is not a list of objects.
    """
    value = container.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidRequestError(f"'{name}' must be a list of objects.", name)
    return value


def tool(definition: object, schema_field: str) -> Tool:
    """The tool whose name and schema stand in `definition`.

    Raises:
        InvalidRequestError: It has no name, or its schema is not an object.
    """
    if not isinstance(definition, dict) or not isinstance(definition.get("name"), str):
        raise InvalidRequestError("Each of 'tools' must be a function with a name.", "tools")
    return Tool(definition["name"], object_at(definition, schema_field))


def named_choice(name: object, tools: Iterable[Tool]) -> tuple[str, str]:
    """The choice of the tool `name`.

    Raises:
        InvalidRequestError: There is no such tool.
    """
    for candidate in tools:
        if candidate.name == name:
            return "named", candidate.name
    raise InvalidRequestError(f"'tool_choice' names {name!r}, which is not among the 'tools'.", "tool_choice")


def plain_choice(choice: object, tools: tuple[Tool, ...]) -> tuple[str, None]:
    """The choice `auto`, `none` or `required`.

    Raises:
        InvalidRequestError: It is another one, or `required` without any tool.
    """
    if choice not in ("auto", "none", "required"):
        raise InvalidRequestError("'tool_choice' must be auto, none, required or name a tool.", "tool_choice")
    if choice == "required" and not tools:
        raise InvalidRequestError("'tool_choice' requires a tool, but no 'tools' are given.", "tool_choice")
    return str(choice), None
