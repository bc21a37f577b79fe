"""What passes between the HTTP connection and the application: requests, replies and how fast a reply is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Request:
    """One complete HTTP request; `target` is the path with its query, as received."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    keep_alive: bool = True
    chunks_allowed: bool = True

    def header(self, name: bytes) -> str | None:
        """The first value of the header `name` (given in lower case), or None."""
        for candidate, value in self.headers:
            if candidate.lower() == name:
                return value.decode("latin-1")
        return None


class Event(NamedTuple):
    """One server-sent event, ready for the wire, and how many answer tokens it carries."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a reply is held back or broken off: seconds, tokens per second and counts of events.

    ``drop`` ends the connection before the reply's first byte, after the latency.
    """

    latency: float = 0.0
    drop: bool = False
    tokens_per_second: float | None = None
    hang: bool = False
    hang_after: int | None = None
    cut_after: int | None = None


AT_ONCE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply: a whole `body` worth `tokens`, or `events` sent one after another."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    body: bytes = b""
    tokens: int = 0
    events: Iterator[Event] | None = None
    pace: Pace = AT_ONCE
