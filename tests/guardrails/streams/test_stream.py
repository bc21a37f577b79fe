"""How a stream ends: as it should, by the provider's failure, by a guardrail, or because the client is gone."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.types.utils import ModelResponseStream

from guardrails.streams import StreamRefused, redacted_stream
from tests.guardrails.streams.streaming import (
    MASK,
    SECRET,
    Blocking,
    Failing,
    Provider,
    cut,
    events_of,
    masked,
    masking,
    sent,
    sent_until_error,
    server_sent,
    sizes,
    texts,
)


def chat(piece: str, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "c", "created": 7, "model": "m", "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": finish}],
    }  # fmt: skip


def response(piece: str) -> dict[str, Any]:
    return {
        "type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": piece,
        "sequence_number": 1,
    }  # fmt: skip


def message(piece: str) -> bytes:
    delta = {"type": "text_delta", "text": piece}
    return server_sent({"type": "content_block_delta", "index": 0, "delta": delta})


def gemini(piece: str) -> bytes:
    part = {"content": {"parts": [{"text": piece}], "role": "model"}, "index": 0}
    return server_sent({"candidates": [part]}, name=False)


APIS: dict[str, Any] = {
    "chat": chat,
    "chat objects": lambda piece: ModelResponseStream(**chat(piece)),
    "responses": response,
    "messages": message,
    "gemini": gemini,
}


def written(chunks: list[Any]) -> str:
    """All that went out, as text."""
    return "".join(
        chunk.decode() if isinstance(chunk, bytes)
        else chunk if isinstance(chunk, str)
        else json.dumps(chunk) if isinstance(chunk, dict)
        else chunk.model_dump_json()
        for chunk in chunks
    )  # fmt: skip


@pytest.mark.parametrize("api", APIS)
@given(text=texts, sizes=sizes, at=st.integers(0, 400))
def test_where_the_provider_fails_what_came_is_redacted_and_its_error_is_raised(
    api: str, text: str, sizes: list[int], at: int
) -> None:
    """Wherever a stream is cut, what went out is the whole-text result of what had come, and no value leaks."""
    pieces = cut(text, sizes)[:at]
    failure = ConnectionError("reset")
    out, error = sent_until_error(map(APIS[api], pieces), failure)
    assert error is failure
    assert SECRET not in written(out)
    assert written(out).count(MASK) == masked("".join(pieces)).count(MASK)
    assert out == [] or written(out).count("�") == 0


@pytest.mark.parametrize("api", APIS)
@given(sizes=sizes)
def test_a_blocked_answer_ends_with_the_refusal(api: str, sizes: list[int]) -> None:
    """Nothing of the value goes out, nor what comes after it."""
    pieces = cut(f"please write to {SECRET} at once and more of it follows", sizes)
    out, error = sent_until_error(map(APIS[api], pieces), open_redactor=lambda _form: Blocking())
    assert isinstance(error, StreamRefused)
    assert (error.code, error.param, error.refusal.status_code) == ("pii_blocked", None, 400)
    assert "at once" not in written(out)
    assert not any(part in written(out) for part in ("jane", "example.com", "roe@"))


def test_before_anything_went_out_a_refusal_has_its_status() -> None:
    """LiteLLM then makes a response of its own of it, with that status."""
    out, error = sent_until_error([chat(f"{SECRET} ", "stop")], open_redactor=lambda _form: Blocking())
    assert out == []
    assert str(cast("StreamRefused", error).status_code) == "400"


@pytest.mark.parametrize(("kind", "shown"), [("acompletion", "pii_blocked"), ("anthropic_messages", "400")])
def test_later_a_refusal_has_its_code_where_litellm_shows_the_status(kind: str, shown: str) -> None:
    """Except on Anthropic's route, where the error's type is found by the status."""
    pieces = ["please ", "write ", "something ", "short ", "to ", "them ", SECRET]
    out, error = sent_until_error(map(chat, pieces), open_redactor=lambda _form: Blocking(), kind=kind)
    assert out
    assert cast("StreamRefused", error).status_code == 400
    assert str(cast("StreamRefused", error).status_code) == shown


@pytest.mark.parametrize("api", APIS)
def test_a_guardrail_that_fails_ends_the_stream_and_tells_no_content(
    api: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing goes out that was not looked at, not even in a log or a chained exception."""
    with caplog.at_level(logging.DEBUG):
        out, error = sent_until_error(map(APIS[api], ["one ", SECRET, "two"]), open_redactor=lambda _form: Failing())
    assert isinstance(error, StreamRefused)
    assert error.code == "guardrail_error"
    assert error.refusal.status_code == 500
    assert error.__cause__ is None
    assert SECRET not in written(out) + caplog.text + str(error)


def test_a_chunk_of_an_unknown_kind_ends_the_stream() -> None:
    """What cannot be looked into does not pass."""
    out, error = sent_until_error([chat("one "), 7])
    assert [chunk["choices"][0]["delta"]["content"] for chunk in out][:1] == ["one "]
    assert isinstance(error, StreamRefused)


def test_the_provider_is_closed_when_the_client_is_gone() -> None:
    """And nothing of what is held back goes anywhere."""
    provider = Provider(map(chat, ["one ", "two ", SECRET]))

    async def run() -> list[Any]:
        async with aclosing(cast("Any", redacted_stream(provider, masking))) as stream:
            return [await anext(stream)]

    assert len(asyncio.run(run())) == 1
    assert provider.closed


def test_a_cancelled_stream_closes_the_provider() -> None:
    """A provider that is waited for is let go of."""

    class Silent(Provider):
        async def __anext__(self) -> Any:
            await asyncio.Event().wait()

    provider = Silent([])

    async def run() -> None:
        async def read() -> None:
            async for _ in redacted_stream(provider, masking):
                pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert provider.closed


def test_text_goes_out_while_the_provider_still_writes() -> None:
    """Nothing is held back longer than a value can be."""

    async def run() -> int:
        given = 0

        async def provider() -> AsyncIterator[Any]:
            nonlocal given
            for word in ["plain "] * 50:
                given += 1
                yield chat(word)

        async for _ in redacted_stream(provider(), masking):
            return given
        return 0

    assert asyncio.run(run()) <= 2


@given(text=texts, sizes=sizes, splits=st.lists(st.integers(1, 30), min_size=1))
def test_chat_as_server_sent_events_is_redacted_too(text: str, sizes: list[int], splits: list[int]) -> None:
    """In text or bytes, split anywhere; what is held back goes out before the end mark."""
    raw = b"".join(server_sent(chat(piece), name=False) for piece in cut(text, sizes)) + b"data: [DONE]\n\n"
    for pieces in (cut(raw, splits), cut(raw.decode(), splits)):
        out = b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in sent(pieces))
        assert "".join(event["choices"][0]["delta"]["content"] for event in events_of([out])) == masked(text)
        assert out.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@given(splits=st.lists(st.integers(1, 9), min_size=1))
def test_every_line_ending_is_understood(end: str, splits: list[int]) -> None:
    """The standard has three."""
    raw = (message("to ") + message(SECRET)).decode().replace("\n", end).encode()
    events = events_of(
        [piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for piece in [b"".join(sent(cut(raw, splits)))]]
    )
    assert "".join(event["delta"]["text"] for event in events) == f"to {MASK}"


def test_a_key_that_stands_twice_hides_nothing() -> None:
    """A client may read either value, so the event is written anew with the one that was looked at."""
    raw = f'data: {{"type":"ping","note":"{SECRET}","note":"clean"}}\n\n'.encode()
    (out,) = sent([raw])
    assert SECRET.encode() not in out
    assert events_of([out]) == [{"type": "ping", "note": "clean"}]


def test_what_is_no_event_is_looked_at_as_well() -> None:
    """Comments, plain text as data, bytes that are no UTF-8, and a last event that is cut off."""
    raw = f": from {SECRET}\n\ndata: by {SECRET}\n\n".encode() + b'data: {"type": "ping", "x": "\xff"}\n\n'
    out = b"".join(sent([raw, b'data: {"type": "ping", "x": "' + SECRET.encode()]))
    assert SECRET.encode() not in out
    assert out.count(MASK.encode()) == 2
    assert out.decode()


def test_an_event_too_long_to_hold_ends_the_stream() -> None:
    """A provider that never ends an event cannot fill the memory."""
    out, error = sent_until_error(cut(b"data: " + b"x" * (17 * 1024**2), [1024**2]))
    assert out == []
    assert isinstance(error, StreamRefused)
