"""Redacting a streamed answer while it is written."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from pydantic import BaseModel

from guardrails.streams.answer import Answer
from guardrails.streams.channel import Blocked, OpenRedactor
from guardrails.streams.refused import StreamRefused
from guardrails.streams.sse import ServerSentEvents
from inferspect.refusal import Refusal

logger = logging.getLogger(__name__)


async def redacted_stream(
    chunks: AsyncIterator[Any], open_redactor: OpenRedactor, kind: str = ""
) -> AsyncIterator[Any]:
    """The chunks of an answer, of any API and in any form that LiteLLM gives them, with each text redacted.

    Texts go out as soon as their redactors let them; chunks that are left with nothing to say are dropped. Where the
    provider fails, what was held back is redacted as far as it came and goes out before the error.

    Args:
        chunks: pydantic objects, dictionaries, or server-sent events as bytes or text; closed at the end.
        open_redactor: gives a redactor for each text that begins.
        kind: LiteLLM's call type, such as ``anthropic_messages``; errors are shaped by it.

    Raises:
        StreamRefused: a redactor blocked the answer or failed; nothing goes out that was not looked at.
    """
    rewriting = _Rewriting(open_redactor, kind)
    failure: Exception | None = None
    try:
        while True:
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            except Exception as error:  # noqa: BLE001  raised again below, once what was held back is out
                failure = error
                break
            for new in rewriting.of(chunk):
                yield new
        for new in rewriting.rest():
            yield new
        if failure is not None:
            raise failure
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


class _Rewriting:
    def __init__(self, open_redactor: OpenRedactor, kind: str) -> None:
        self._answer = Answer(open_redactor)
        self._events = ServerSentEvents(self._answer)
        self._kind = kind
        self._begun = False

    def of(self, chunk: Any) -> list[Any]:
        return self._looked_at(lambda: self._rewritten(chunk))

    def rest(self) -> list[Any]:
        return self._looked_at(self._events.rest if self._events.began else self._answer.rest)

    def _rewritten(self, chunk: Any) -> list[Any]:
        if isinstance(chunk, bytes | bytearray | str):
            return self._events.feed(chunk if isinstance(chunk, str) else bytes(chunk))
        if isinstance(chunk, BaseModel | dict):
            return self._answer.rewrite(chunk)
        if chunk is None:
            return [chunk]
        raise TypeError(f"a chunk of a stream is of an unknown kind: {type(chunk).__name__}")

    def _looked_at(self, work: Callable[[], list[Any]]) -> list[Any]:
        try:
            new = work()
        except Blocked as blocked:
            raise self._refused(blocked.refusal) from None
        except Exception as error:  # noqa: BLE001  whatever went wrong, the text was not looked at
            # Not the message, nor a traceback with values: either may quote the content.
            logger.error("guardrails could not look at a streamed answer: %s", type(error).__name__)
            raise self._refused(
                Refusal(500, "guardrail_error", "The guardrails could not look at the answer and ended it.")
            ) from None
        self._begun = self._begun or bool(new)
        return new

    def _refused(self, refusal: Refusal) -> StreamRefused:
        # Anthropic's errors have a type by the status and no code; and before the first chunk LiteLLM needs the status.
        return StreamRefused(refusal, with_code=self._begun and self._kind != "anthropic_messages")
