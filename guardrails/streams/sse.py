"""Server-sent events as bytes or text that may be split anywhere."""

from __future__ import annotations

import json
import re
from typing import Any

from guardrails.streams.answer import Answer
from guardrails.streams.tree import Node

BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
LINE = re.compile(r"\r\n|\n|\r")
LONGEST_DELIMITER = 4
LONGEST_EVENT = 16 * 1024**2
END_OF_STREAM = "[DONE]"


class ServerSentEvents:
    """Rewrites the events in a stream of bytes; one in which nothing changes passes byte for byte.

    Args:
        answer: rewrites single events.

    Attributes:
        began: whether there was anything in the stream.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._buffer = b""
        self._is_text = False
        self._names_events = False
        self.began = False

    def feed(self, piece: bytes | str) -> list[bytes | str]:
        """Add a piece; returns what to send in its place.

        Raises:
            ValueError: one event is longer than any that can be held.
        """
        self.began = True
        self._is_text = isinstance(piece, str)
        searched = max(0, len(self._buffer) - LONGEST_DELIMITER)
        self._buffer += piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        sent: list[bytes] = []
        begin = 0
        while (end := BLANK_LINE.search(self._buffer, max(begin, searched))) is not None:
            sent.append(self._event(self._buffer[begin : end.end()]))
            begin = end.end()
        self._buffer = self._buffer[begin:]
        if len(self._buffer) > LONGEST_EVENT:
            raise ValueError("an event of the stream is too long")
        return self._given(b"".join(sent))

    def rest(self) -> list[bytes | str]:
        """What to send at the end: a last event that no blank line followed, unless it is cut off."""
        buffer, self._buffer = self._buffer, b""
        last = self._event(buffer) if _is_whole(buffer) else b""
        return self._given(last + b"".join(map(self._written, self._answer.rest())))

    def _given(self, sent: bytes) -> list[bytes | str]:
        if not sent:
            return []
        return [sent.decode("utf-8", "surrogatepass") if self._is_text else sent]

    def _event(self, raw: bytes) -> bytes:
        text = raw.decode("utf-8", "replace")
        lines = LINE.split(text)
        data = _data(lines)
        self._names_events = self._names_events or any(line.startswith("event:") for line in lines)
        if data == END_OF_STREAM:
            return b"".join(map(self._written, self._answer.rest())) + raw
        reading = _Reading()
        event = reading.event(data) if data else None
        if event is None:
            # No event, such as a comment that keeps the connection alive.
            new = self._answer.text(text)
            return raw if new == text else new.encode()
        new_events = self._answer.rewrite(event)
        is_as_it_was = not reading.repeats and "\ufffd" not in text
        return b"".join(raw if new is event and is_as_it_was else self._written(new) for new in new_events)

    def _written(self, event: Node) -> bytes:
        if not isinstance(event, dict | list):
            event = event.model_dump(mode="json", exclude_none=True)
        kind = event.get("type") if isinstance(event, dict) else None
        name = f"event: {kind}\n" if self._names_events and isinstance(kind, str) else ""
        return f"{name}data: {json.dumps(event)}\n\n".encode()


class _Reading:
    """One reading of JSON; ``repeats``: a key stands twice in an object, of which a client may read either."""

    def __init__(self) -> None:
        self.repeats = False

    def event(self, data: str) -> Any:
        """The object or list in ``data``; ``None`` where it is neither."""
        try:
            event = json.loads(data, object_pairs_hook=self._object)
        except (ValueError, RecursionError):
            return None
        return event if isinstance(event, dict | list) else None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.repeats = self.repeats or len(made) < len(pairs)
        return made


def _data(lines: list[str]) -> str:
    return "\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:")).strip()


def _is_whole(raw: bytes) -> bool:
    data = _data(LINE.split(raw.decode("utf-8", "replace")))
    return data == END_OF_STREAM or _Reading().event(data) is not None
