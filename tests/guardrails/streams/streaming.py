"""What the tests of all APIs share: a redactor that masks e-mail addresses, texts, and ways to cut them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, Literal

from hypothesis import strategies as st

from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import PLACEHOLDER, Plan
from guardrails.scanning.scan import Scan, Step
from guardrails.streams import Blocked, redacted_stream
from inferspect.refusal import Refusal

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]+")
SECRET = "jane.roe@example.com"
MASK = "<EMAIL_ADDRESS>"


class Emails:
    entity = "EMAIL_ADDRESS"
    reads: Literal["text", "folded"] = "text"
    trigger = "@"

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for found in EMAIL.finditer(text, start, end):
            yield Finding(self.entity, found.start(), found.end(), 1.0)


class Masking:
    """Masks e-mail addresses in one running text."""

    def __init__(self) -> None:
        self._scan = Scan(Plan([Emails()]))

    def feed(self, text: str) -> str:
        return "".join(map(self._masked, self._scan.feed(text)))

    def finish(self) -> str:
        return "".join(map(self._masked, self._scan.finish()))

    def _masked(self, step: Step) -> str:
        text = step.text
        for finding in reversed(step.findings):
            if finding.entity != PLACEHOLDER:
                text = text[: finding.start] + MASK + text[finding.end :]
        return text


class Blocking(Masking):
    """Blocks where :class:`Masking` masks."""

    def _masked(self, step: Step) -> str:
        if any(finding.entity != PLACEHOLDER for finding in step.findings):
            raise Blocked(Refusal(400, "pii_blocked", "The answer holds personal data: EMAIL_ADDRESS."))
        return step.text


class Failing(Masking):
    """Fails at the second piece, with the text in its message."""

    fed = 0

    def feed(self, text: str) -> str:
        self.fed += 1
        if self.fed > 1:
            raise RuntimeError(text)
        return super().feed(text)


def masking(_form: str) -> Masking:
    return Masking()


def masked(text: str) -> str:
    """The whole-text result."""
    redactor = Masking()
    return redactor.feed(text) + redactor.finish()


class Provider:
    """An answer as it comes from a provider.

    Args:
        chunks: given one after the other.
        failure: raised after the last one.
    """

    def __init__(self, chunks: Iterable[Any], failure: Exception | None = None) -> None:
        self._chunks = iter(chunks)
        self._failure = failure
        self.closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        for chunk in self._chunks:
            return chunk
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed = True


def sent(chunks: Iterable[Any], open_redactor: Any = masking, kind: str = "") -> list[Any]:
    """What a client is sent of ``chunks``."""

    async def run() -> list[Any]:
        return [chunk async for chunk in redacted_stream(Provider(chunks), open_redactor, kind)]

    return asyncio.run(run())


def sent_until_error(
    chunks: Iterable[Any], failure: Exception | None = None, open_redactor: Any = masking, kind: str = ""
) -> tuple[list[Any], Exception | None]:
    """What a client is sent, and the error that the stream ended with."""

    async def run() -> tuple[list[Any], Exception | None]:
        out = []
        try:
            async for chunk in redacted_stream(Provider(chunks, failure), open_redactor, kind):
                out.append(chunk)  # noqa: PERF401  what came before the error is wanted
        except Exception as error:  # noqa: BLE001  the test looks at it
            return out, error
        return out, None

    return asyncio.run(run())


def cut(text: Any, sizes: Sequence[int]) -> list[Any]:
    """``text`` in pieces of these sizes, over and over."""
    pieces, begin, turn = [], 0, 0
    while begin < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[begin : begin + size])
        begin, turn = begin + size, turn + 1
    return pieces


def server_sent(event: dict[str, Any], *, name: bool = True) -> bytes:
    head = f"event: {event['type']}\n" if name else ""
    return f"{head}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def events_of(chunks: Iterable[bytes]) -> list[dict[str, Any]]:
    """The events in a stream of bytes."""
    frames = b"".join(chunks).decode().split("\n\n")
    lines = [line for frame in frames for line in frame.split("\n") if line.startswith("data: ")]
    return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]


words = st.sampled_from([
    SECRET, "bob@x.org", "mail", "to", "or", "the", "quick", "brown", "fox", "@", "<b>", "a@", "@b.c", "đến", "🙂", "\n"
])  # fmt: skip
texts = st.lists(words, max_size=30).map(" ".join)
sizes = st.lists(st.integers(1, 12), min_size=1, max_size=6)
