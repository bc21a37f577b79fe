"""What of a streamed answer has reached the client, and how another deployment's answer continues it."""

from __future__ import annotations

from typing import Any


class DivergedError(Exception):
    """The other answer begins differently, so it cannot continue what the client has already read."""


class DeliveredStream:
    """Follows the chunks of a chat completion stream with one choice.

    A second stream of the same request is replayed through :meth:`continued`: what the client has is dropped, what
    follows is passed on under the id the client knows.
    """

    def __init__(self) -> None:
        self._text = ""
        self._identity: dict[str, Any] = {}
        self.is_replayable = True

    def passed(self, chunk: Any) -> None:
        """Note a chunk that goes to the client."""
        if not self._identity:
            self._identity = {name: getattr(chunk, name, None) for name in ("id", "created", "model")}
        for choice in getattr(chunk, "choices", None) or []:
            self._text += getattr(choice.delta, "content", None) or ""
            beside_text = any(
                getattr(choice.delta, name, None) for name in ("tool_calls", "reasoning_content", "audio")
            )
            if choice.index != 0 or beside_text:
                self.is_replayable = False

    def replay(self) -> Replay:
        """Begin to continue this stream with another one."""
        return Replay(self._text, self._identity)


class Replay:
    """Drops what was delivered from a second stream, chunk by chunk."""

    def __init__(self, delivered: str, identity: dict[str, Any]) -> None:
        self._owed = delivered
        self._identity = identity

    def continued(self, chunk: Any) -> Any | None:
        """The chunk as the client is to see it, or ``None`` where it has it already.

        Raises:
            DivergedError: the second answer does not begin with what was delivered.
        """
        for name, value in self._identity.items():
            if value is not None:
                setattr(chunk, name, value)
        if not self._owed:
            return chunk
        for choice in getattr(chunk, "choices", None) or []:
            text = getattr(choice.delta, "content", None) or ""
            known = min(len(text), len(self._owed))
            if text[:known] != self._owed[:known] or (choice.finish_reason and known < len(self._owed)):
                raise DivergedError
            self._owed = self._owed[known:]
            choice.delta.content = text[known:]
            if text[known:] or choice.finish_reason:
                return chunk
        return None if getattr(chunk, "choices", None) else chunk
