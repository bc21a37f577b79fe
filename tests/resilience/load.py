"""Twenty clients that ask without pause, and remember what came of each request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import httpx


@dataclass(slots=True)
class Answer:
    """One request as its client saw it; ``status`` is 0 where no response came."""

    at: float
    status: int
    request_id: str | None


@dataclass(slots=True)
class Load:
    """Runs clients in a thread of its own from ``__enter__`` to ``__exit__``."""

    url: str
    key: str
    body: dict[str, Any]
    clients: int = 20
    answers: list[Answer] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def wait_for_success(self, after: float, count: int = 20) -> float:
        """Seconds from ``after`` (monotonic) until ``count`` requests that were begun later have succeeded."""
        while True:
            later = [answer for answer in list(self.answers) if answer.at > after and answer.status == httpx.codes.OK]
            if len(later) >= count:
                return time.monotonic() - after
            time.sleep(0.05)

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=self.clients)
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60, limits=limits) as client:
            await asyncio.gather(*(self._ask(client) for _ in range(self.clients)))

    async def _ask(self, client: httpx.AsyncClient) -> None:
        while not self._stopping.is_set():
            at = time.monotonic()
            try:
                response = await client.post("/v1/chat/completions", json=self.body)
                self.answers.append(Answer(at, response.status_code, response.headers.get("x-request-id")))
            except httpx.HTTPError:
                self.answers.append(Answer(at, 0, None))
                await asyncio.sleep(0.05)
