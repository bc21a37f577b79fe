"""Clients that ask without end, each request with a mark of its own, and keep what they saw of it."""

from __future__ import annotations

import asyncio
import random
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

END_OF_STREAM = "data: [DONE]"
UNKEPT = "event_spool_unavailable"


@dataclass(slots=True)
class Asked:
    """One request as its client saw it.

    Attributes:
        mark: in the message and in ``x-request-id``.
        parent: span id of the ``traceparent`` that was sent; ``trace_id`` of the same.
        began, ended: seconds since the load began.
        status: 0 where no response came.
        answered: the response came to its end.
        left: the client went away in the middle of the stream, on purpose.
        code: of an error.
    """

    mark: str
    model: str
    stream: bool
    trace_id: str | None
    parent: str | None
    began: float
    ended: float = 0.0
    status: int = 0
    answered: bool = False
    left: bool = False
    code: str | None = None
    request_id: str | None = None
    why: str = ""

    @property
    def unkept(self) -> bool:
        """Whether it was refused because nobody could have kept its event."""
        return self.code == UNKEPT

    @property
    def succeeded(self) -> bool:
        return self.answered and self.status == httpx.codes.OK and self.code is None


@dataclass(slots=True)
class Clients:
    """Twenty clients in a thread of their own, from entering to leaving the context."""

    url: str
    key: str
    models: tuple[str, ...]
    seed: int
    pause: float
    clients: int = 20
    asked: list[Asked] = field(default_factory=list)
    _began: float = 0.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _random: random.Random = field(default_factory=random.Random)

    def __enter__(self) -> Self:
        self._random.seed(self.seed)
        self._began = time.monotonic()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="clients")
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def now(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self._began

    def wait_for(self, answers: int) -> None:
        """Until so many requests were answered."""
        while sum(one.answered for one in list(self.asked)) < answers:
            time.sleep(0.1)

    async def _run(self) -> None:
        headers = {"authorization": f"Bearer {self.key}"}
        limits = httpx.Limits(max_connections=2 * self.clients)
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=120, limits=limits) as client:
            await asyncio.gather(*(self._ask_on(client) for _ in range(self.clients)))

    async def _ask_on(self, client: httpx.AsyncClient) -> None:
        while not self._stopping.is_set():
            asked = self._next()
            self.asked.append(asked)
            try:
                await self._ask(client, asked)
            except httpx.HTTPError as error:
                asked.why = type(error).__name__
            asked.ended = self.now()
            await asyncio.sleep(self._random.uniform(0.0, 2 * self.pause))

    def _next(self) -> Asked:
        number = len(self.asked)
        traced = self._random.random() < 0.5
        stream = number % 2 == 1
        asked = Asked(
            mark=f"chaos-{self.seed}-{number}",
            model=self._random.choice(self.models),
            stream=stream,
            trace_id=secrets.token_hex(16) if traced else None,
            parent=secrets.token_hex(8) if traced else None,
            began=self.now(),
        )
        asked.left = stream and self._random.random() < 0.04
        return asked

    async def _ask(self, client: httpx.AsyncClient, asked: Asked) -> None:
        headers = {"x-request-id": asked.mark}
        if asked.trace_id:
            headers["traceparent"] = f"00-{asked.trace_id}-{asked.parent}-01"
        messages = [{"role": "user", "content": f"Tell me about {asked.mark}."}]
        body: dict[str, Any] = {"model": asked.model, "messages": messages, "stream": asked.stream}
        async with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
            asked.status = response.status_code
            asked.request_id = response.headers.get("x-request-id")
            if not asked.stream or response.status_code != httpx.codes.OK:
                content = await response.aread()
                asked.answered = True
                if response.is_error:
                    asked.code = _code_of(response) or content[:200].decode(errors="replace")
                return
            async for line in response.aiter_lines():
                if asked.left and line:
                    return
                if line.startswith("data: {") and '"error"' in line:
                    asked.code = line[:200]
                asked.answered = asked.answered or line == END_OF_STREAM


def _code_of(response: httpx.Response) -> str | None:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return None
