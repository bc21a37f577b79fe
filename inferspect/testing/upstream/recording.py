"""Remembers what the simulator received, within bounds, so that a test can see what left the gateway."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from .exchange import Request

MAXIMUM_REQUESTS = 1_000
MAXIMUM_BYTES = 64 * 1024 * 1024
MAXIMUM_BODY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """One received request. `path` includes the query; `body` is cut at 8 MiB, and `body_bytes` is its full size."""

    method: str
    path: str
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    body_bytes: int

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers with their names in lower case; values of a repeated header are joined by a comma."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body parsed as JSON.

        Raises:
            orjson.JSONDecodeError: The body is not JSON.
        """
        return orjson.loads(self.body)

    def contains(self, text: str) -> bool:
        """Whether `text` occurs in the path, the body or a header's value."""
        return text in self.path or text.encode() in self.body or any(text in value for value in self.headers.values())

    def as_json(self) -> dict[str, Any]:
        """The form in which it is told over HTTP."""
        return {
            "method": self.method,
            "path": self.path,
            "headers": self.headers,
            "body": self.text,
            "body_bytes": self.body_bytes,
        }


class Recording:
    """The newest requests, at most `maximum_requests` and `maximum_bytes` of bodies; safe to read from any thread."""

    def __init__(self, maximum_requests: int = MAXIMUM_REQUESTS, maximum_bytes: int = MAXIMUM_BYTES) -> None:
        """Start empty."""
        self._maximum_requests = maximum_requests
        self._maximum_bytes = maximum_bytes
        self._lock = threading.Lock()
        self._received: deque[Received] = deque()
        self._bytes = 0
        self._total = 0

    def add(self, request: Request) -> None:
        """Remember `request` and forget the oldest ones that no longer fit."""
        limit = min(MAXIMUM_BODY_BYTES, self._maximum_bytes)
        body = request.body if len(request.body) <= limit else request.body[:limit]
        received = Received(request.method, request.target, request.headers, body, len(request.body))
        with self._lock:
            self._received.append(received)
            self._bytes += len(body)
            self._total += 1
            while len(self._received) > self._maximum_requests or self._bytes > self._maximum_bytes:
                self._bytes -= len(self._received.popleft().body)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._received.clear()
            self._bytes = 0
            self._total = 0

    @property
    def total(self) -> int:
        """How many requests came since the last `clear`, including those forgotten since."""
        return self._total

    def newest(self, limit: int | None = None, contains: str | None = None) -> list[Received]:
        """The newest `limit` requests that contain the text `contains`, oldest first."""
        with self._lock:
            received = list(self._received)
        if contains is not None:
            received = [request for request in received if request.contains(contains)]
        return received if limit is None else received[max(0, len(received) - limit) :]
