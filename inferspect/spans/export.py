"""Sends what is encoded to a receiver over HTTP, many in a request, and tells what became of each."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from prometheus_client import Counter

from inferspect.events.delivery import Delivered, Done, Rejected, Retry
from inferspect.spans.answers import Refused, judge, outcome_of
from inferspect.spans.troubles import Troubles

REQUESTS = Counter(
    "inferspect_trace_requests_total",
    "Requests to receivers of traces and scores, by how they ended.",
    ("consumer", "outcome"),
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to send.

    Attributes:
        name: of the consumer, for logs and metrics.
        headers: may hold keys and are never told.
        tenant_id: the tenant whose own it is, for logs; ``None`` where it is the gateway's.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """How a request is written and its success read.

    Attributes:
        pack: makes a body of several; runs in a thread.
        headers: that go with it.
        refused: what a successful answer says that was refused all the same, ``None`` where nothing was.
    """

    pack: Callable[[Sequence[bytes]], bytes]
    headers: Mapping[str, str]
    refused: Callable[[httpx.Response], Refused | None]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One of those that a request has several of, encoded.

    ``without_content`` makes what is sent where the whole is too large for the receiver.
    """

    body: bytes
    without_content: Callable[[], bytes] | None = None


class Sender:
    """Posts to receivers; keeps connections open, and leaves those alone for a while that are in trouble.

    Args:
        timeout: seconds for a request, its answer included.
        clock: seconds, by which receivers are left alone.
    """

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=None, follow_redirects=False)  # noqa: S113  bounded as a whole, below
        self._troubles = Troubles(clock)

    async def post(
        self, receiver: Receiver, body: bytes, headers: Mapping[str, str]
    ) -> tuple[httpx.Response | None, Done | Retry | Refused]:
        """Post once, or not at all while the receiver is left alone; never raises because of the network."""
        if (waiting := self._troubles.waiting(receiver)) is not None:
            return None, waiting
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.post(receiver.url, content=body, headers={**receiver.headers, **headers})
            found = judge(response)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError) as error:
            found = Retry(f"the receiver does not answer ({type(error).__name__})")
        REQUESTS.labels(receiver.name, outcome_of(response, found)).inc()
        self._troubles.note(receiver, found)
        return response, found

    async def close(self) -> None:
        await self._client.aclose()


class Exporter:
    """Sends parcels in as few requests as may be.

    Args:
        max_bytes: of a request, before compression; a larger parcel goes alone.
    """

    def __init__(self, sender: Sender, form: Format, max_bytes: int) -> None:
        self._sender = sender
        self._form = form
        self._max_bytes = max_bytes

    async def send(self, receiver: Receiver, parcels: Sequence[Parcel]) -> list[Delivered]:
        """What became of each, in their order.

        A batch that is refused is halved until the one at fault is alone. Where the receiver is in trouble the rest is
        not tried: it would only wait as long again.
        """
        results: dict[int, Delivered] = {}
        bodies = [parcel.body for parcel in parcels]
        shortened: set[int] = set()
        batches = deque(self._batches(bodies))
        trouble: Retry | None = None
        while batches:
            batch = batches.popleft()
            found = trouble or await self._post(receiver, [bodies[number] for number in batch])
            if not isinstance(found, Refused):
                trouble = found if isinstance(found, Retry) else None
                results |= dict.fromkeys(batch, found)
            elif len(batch) > 1:
                half = len(batch) // 2
                batches.extendleft((batch[half:], batch[:half]))
            else:
                [number] = batch
                shorten = parcels[number].without_content
                if not found.too_large or shorten is None or number in shortened:
                    results[number] = Rejected(found.reason)
                else:
                    shortened.add(number)
                    bodies[number] = await asyncio.to_thread(shorten)
                    batches.appendleft(batch)
        return [results[number] for number in range(len(parcels))]

    def _batches(self, bodies: Sequence[bytes]) -> list[list[int]]:
        batches: list[list[int]] = []
        size = 0
        for number, body in enumerate(bodies):
            if not batches or size + len(body) > self._max_bytes:
                batches.append([])
                size = 0
            batches[-1].append(number)
            size += len(body)
        return batches

    async def _post(self, receiver: Receiver, bodies: Sequence[bytes]) -> Done | Retry | Refused:
        packed = await asyncio.to_thread(self._form.pack, bodies)
        response, found = await self._sender.post(receiver, packed, self._form.headers)
        if response is None or not isinstance(found, Done):
            return found
        return self._form.refused(response) or found
