"""Streams of Anthropic's messages, as bytes that are split anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from guardrails.content.signatures import ALTERED
from tests.guardrails.streams.streaming import MASK, SECRET, cut, events_of, masked, sent, server_sent, sizes, texts

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
USAGE = {"input_tokens": 3, "output_tokens": 5}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": USAGE,
    },
}  # fmt: skip
END: list[dict[str, Any]] = [
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE},
    {"type": "message_stop"},
]
DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
BLOCKS: dict[str, dict[str, Any]] = {
    "text_delta": {"type": "text", "text": ""},
    "thinking_delta": {"type": "thinking", "thinking": "", "signature": ""},
    "input_json_delta": {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
}


def block(index: int, kind: str, pieces: list[str]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [
        {"type": "content_block_delta", "index": index, "delta": {"type": kind, DELTAS[kind]: piece}}
        for piece in pieces
    ]
    start: dict[str, Any] = {"type": "content_block_start", "index": index, "content_block": BLOCKS[kind]}
    stop: dict[str, Any] = {"type": "content_block_stop", "index": index}
    return [start, *deltas, stop]


def said(events: list[dict[str, Any]], index: int) -> str:
    deltas = [e["delta"] for e in events if e["type"] == "content_block_delta" and e["index"] == index]
    return "".join(delta.get(DELTAS.get(delta["type"], ""), "") for delta in deltas)


@given(
    blocks=st.lists(st.tuples(st.sampled_from(list(DELTAS)), texts), min_size=1, max_size=3),
    sizes=sizes,
    splits=st.lists(st.integers(1, 400), min_size=1, max_size=8),
)
def test_every_block_is_redacted_as_a_whole(blocks: list[tuple[str, str]], sizes: list[int], splits: list[int]) -> None:
    """Blocks are whole at their stop, in order, however text and bytes are split, and events are Anthropic's own."""
    events: list[dict[str, Any]] = [START, {"type": "ping"}]
    for index, (kind, text) in enumerate(blocks):
        events += block(index, kind, cut(text, sizes))
    events += END
    raw = b"".join(map(server_sent, events))
    out = sent(cut(raw, splits))
    got = events_of(out)
    for index, (_, text) in enumerate(blocks):
        assert said(got, index) == masked(text)
    assert [e for e in got if e["type"] != "content_block_delta"] == [
        e for e in events if e["type"] != "content_block_delta"
    ]
    places = [e["index"] for e in got if "index" in e]
    assert places == sorted(places)
    assert SECRET.encode() not in b"".join(out)
    for event in got:
        if event["type"] != "ping":  # which the SDK drops unread
            EVENT.validate_python(event)


@given(text=texts, sizes=sizes)
def test_events_as_dictionaries_are_redacted_likewise(text: str, sizes: list[int]) -> None:
    """Some of LiteLLM's providers give events that are not written as bytes yet."""
    got = sent([START, *block(0, "text_delta", cut(text, sizes)), *END])
    assert said(got, 0) == masked(text)
    assert [e["type"] for e in got][-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_what_no_redactor_touches_passes_byte_for_byte() -> None:
    """Also white space, escapes and comments that a JSON writer would put otherwise."""
    raw = (
        b": hello\r\n\r\n"
        b'event: ping\r\ndata: {"type" : "ping"}\r\n\r\n'
        b"id: 7\nevent: content_block_delta\n"
        b'data: {"index":0, "type":"content_block_delta","delta":{"type":"text_delta","text":"caf\\u00e9 "}}\n\n'
    )
    assert b"".join(sent(cut(raw, [5]))) == raw


@pytest.mark.parametrize("thought", [f"ask {SECRET}", "ask them"])
def test_a_signature_comes_after_the_rest_of_its_thought_and_holds_or_is_marked(thought: str) -> None:
    """A thought that was altered cannot be sent back to the provider with its signature."""
    events = block(0, "thinking_delta", [thought])
    signature = {
        "type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "EqQB@x.org=="},
    }  # fmt: skip
    got = sent([START, *events[:-1], signature, events[-1], *END])
    deltas = [e["delta"] for e in got if e["type"] == "content_block_delta"]
    assert "".join(d.get("thinking", "") for d in deltas) == masked(thought)
    assert deltas[-1]["signature"] == ("EqQB@x.org==" if thought == masked(thought) else ALTERED)


def test_citations_tool_inputs_and_results_are_redacted_each_as_a_whole() -> None:
    """What comes in one event is no running text; numbers and nesting of a tool's input stay."""
    citation = {"type": "char_location", "cited_text": f"by {SECRET}", "document_title": "t", "document_index": 0}
    tool = {"type": "server_tool_use", "id": "t", "name": "f", "input": {"to": [SECRET, 7], "n": 1.5}}
    result = {"type": "web_search_tool_result", "tool_use_id": "t", "content": [{"title": SECRET, "url": "u"}]}
    got = sent(
        [
            {"type": "content_block_start", "index": 0, "content_block": tool},
            {"type": "content_block_start", "index": 1, "content_block": result},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "citations_delta", "citation": citation}},
        ]
    )
    assert got[0]["content_block"]["input"] == {"to": [MASK, 7], "n": 1.5}
    assert got[1]["content_block"]["content"] == [{"title": MASK, "url": "u"}]
    assert got[2]["delta"]["citation"]["cited_text"] == f"by {MASK}"


@pytest.mark.parametrize("kind", ["text_delta", "thinking_delta"])
def test_text_in_the_start_of_a_block_begins_its_running_text(kind: str) -> None:
    """A value that begins in the start and ends in a delta is found, and what is held back comes as a delta."""
    events = block(0, kind, [SECRET[9:]])
    events[0]["content_block"] = {**events[0]["content_block"], DELTAS[kind]: SECRET[:9]}
    got = sent(events)
    assert said(got, 0) == MASK
    assert got[0]["content_block"][DELTAS[kind]] == ""
    only_start = sent([events[0], events[-1]])
    assert said(only_start, 0) == SECRET[:9]


def test_unknown_deltas_and_events_are_redacted() -> None:
    """Whatever Anthropic invents next, its texts do not pass unseen."""
    got = sent(
        [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "novel_delta", "novelty": f"x {SECRET}"}},
            {"type": "novel_event", "inner": [{"note": f"y {SECRET}"}]},
            {"type": "error", "error": {"type": "api_error", "message": f"z {SECRET}"}},
        ]
    )
    assert SECRET not in json.dumps(got)
    assert [e["type"] for e in got] == ["content_block_delta", "novel_event", "error"]


def test_what_is_held_back_goes_out_before_an_error_of_the_provider() -> None:
    """An error event ends the texts before it."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    raw = b"".join(map(server_sent, [START, *block(0, "text_delta", [f"to {SECRET}"])[:-1], error]))
    got = events_of(sent([raw]))
    assert said(got, 0) == f"to {MASK}"
    assert got[-1] == error
