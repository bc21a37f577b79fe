"""Streams of OpenAI's responses API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.llms.openai.responses.transformation import OpenAIResponsesAPIConfig
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from guardrails.content.signatures import ALTERED
from tests.guardrails.streams.streaming import MASK, SECRET, cut, events_of, masked, sent, server_sent, sizes, texts

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
ENVELOPE: dict[str, Any] = {
    "id": "resp_1", "object": "response", "created_at": 7, "model": "m", "parallel_tool_calls": True, "tools": [],
    "tool_choice": "auto", "output": [], "status": "in_progress", "error": None, "instructions": None,
}  # fmt: skip
# Item type, the event's stem and the field that its `done` has the text in.
KINDS = {
    "message": ("response.output_text", "text"),
    "refusal": ("response.refusal", "refusal"),
    "function_call": ("response.function_call_arguments", "arguments"),
    "mcp_call": ("response.mcp_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
    "code_interpreter_call": ("response.code_interpreter_call_code", "code"),
    "reasoning": ("response.reasoning_summary_text", "text"),
    "reasoning text": ("response.reasoning_text", "text"),
}


def item(kind: str, number: int, text: str, status: str) -> dict[str, Any]:
    base = {"id": f"item_{number}", "status": status}
    if kind == "message":
        content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}] if text else []
        return {**base, "type": "message", "role": "assistant", "content": content}
    if kind == "refusal":
        content = [{"type": "refusal", "refusal": text}] if text else []
        return {**base, "type": "message", "role": "assistant", "content": content}
    if kind == "reasoning":
        return {**base, "type": "reasoning", "summary": [{"type": "summary_text", "text": text}] if text else []}
    if kind == "reasoning text":
        content = [{"type": "reasoning_text", "text": text}] if text else []
        return {**base, "type": "reasoning", "summary": [], "content": content}
    more: dict[str, dict[str, Any]] = {
        "function_call": {"call_id": "call_1", "name": "f", "arguments": text},
        "mcp_call": {"server_label": "s", "name": "f", "arguments": text},
        "custom_tool_call": {"call_id": "call_1", "name": "f", "input": text},
        "code_interpreter_call": {"container_id": "c", "code": text, "outputs": None},
    }
    return {**base, "type": kind, **more[kind]}


def part(kind: str, text: str) -> dict[str, Any] | None:
    parts: dict[str, dict[str, Any]] = {
        "message": {"type": "output_text", "text": text, "annotations": [], "logprobs": []},
        "refusal": {"type": "refusal", "refusal": text},
        "reasoning text": {"type": "reasoning_text", "text": text},
    }
    return parts.get(kind)


def answer(items: list[tuple[str, str]], sizes: list[int], end: str = "completed") -> list[dict[str, Any]]:
    """The events of a whole answer."""
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": ENVELOPE},
        {"type": "response.in_progress", "response": ENVELOPE},
    ]
    output = []
    for number, (kind, text) in enumerate(items):
        stem, field = KINDS[kind]
        place: dict[str, Any] = {"item_id": f"item_{number}", "output_index": number}
        events.append({
            "type": "response.output_item.added", "output_index": number, "item": item(kind, number, "", "in_progress"),
        })  # fmt: skip
        if kind == "reasoning":
            place["summary_index"] = 0
        elif part(kind, "") is not None:
            place["content_index"] = 0
            events.append({"type": "response.content_part.added", **place, "part": part(kind, "")})
        logprobs: dict[str, Any] = {"logprobs": []} if kind == "message" else {}
        name = {"name": "f"} if kind == "function_call" else {}
        events += [{"type": f"{stem}.delta", **place, "delta": piece, **logprobs} for piece in cut(text, sizes)]
        events.append({"type": f"{stem}.done", **place, field: text, **logprobs, **name})
        if kind == "reasoning":
            summary = {"type": "summary_text", "text": text}
            events.append({"type": "response.reasoning_summary_part.done", **place, "part": summary})
        elif part(kind, text) is not None:
            events.append({"type": "response.content_part.done", **place, "part": part(kind, text)})
        output.append(item(kind, number, text, "completed"))
        events.append({"type": "response.output_item.done", "output_index": number, "item": output[-1]})
    events.append({"type": f"response.{end}", "response": {**ENVELOPE, "status": end, "output": output}})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def as_litellm(event: dict[str, Any]) -> Any:
    """The object that LiteLLM makes of an event."""
    return OpenAIResponsesAPIConfig().transform_streaming_response("m", json.loads(json.dumps(event)), None)


def shown(chunks: list[Any]) -> list[dict[str, Any]]:
    """As LiteLLM sends them to the client."""
    # It leaves some parts dictionaries where its types ask for objects, and pydantic warns of that.
    options: dict[str, Any] = {"exclude_none": True, "exclude_unset": True, "warnings": False}
    return [made if isinstance(made, dict) else json.loads(made.model_dump_json(**options)) for made in chunks]


def without_texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events if not event["type"].endswith(".delta")]


@pytest.mark.parametrize("form", ["dictionaries", "objects", "bytes"])
@given(
    items=st.lists(st.tuples(st.sampled_from(list(KINDS)), texts), min_size=1, max_size=3),
    sizes=sizes,
    end=st.sampled_from(["completed", "incomplete", "failed"]),
)
def test_every_text_is_redacted_as_a_whole_and_said_again_as_it_was_sent(
    form: str, items: list[tuple[str, str]], sizes: list[int], end: str
) -> None:
    """The deltas make the whole-text result, and each later event says just that."""
    events = answer(items, sizes, end)
    if form == "bytes":
        got = events_of(sent(cut(b"".join(map(server_sent, events)), [97])))
    else:
        got = shown(sent(map(as_litellm, events) if form == "objects" else events))
    for number, (kind, text) in enumerate(items):
        stem, field = KINDS[kind]
        mine = [event for event in got if event.get("output_index") == number]
        assert "".join(event["delta"] for event in mine if event["type"] == f"{stem}.delta") == masked(text)
        (done,) = [event for event in mine if event["type"] == f"{stem}.done"]
        assert done[field] == masked(text)
        parts = [event for event in mine if event["type"].endswith("_part.done")]
        assert all(masked(text) in event["part"].values() for event in parts)
        whole = item(kind, number, masked(text), "completed")
        finished = mine[-1]["item"]
        assert {key: finished.get(key) for key in whole if whole[key] is not None} == {
            key: value for key, value in whole.items() if value is not None
        }
        assert got[-1]["response"]["output"][number].get("id") == f"item_{number}"
    assert without_texts(got) == without_texts(events)
    numbers = [event["sequence_number"] for event in got]
    assert numbers == list(range(len(got)))
    assert SECRET not in json.dumps(got)
    if form == "dictionaries":
        assert got[-1]["response"]["output"] == [
            item(kind, number, masked(text), "completed") for number, (kind, text) in enumerate(items)
        ]
        for event in got:
            EVENT.validate_python(event)


def test_what_is_held_back_goes_out_before_the_event_that_ends_the_text() -> None:
    """As a delta of its own, of the same item."""
    got = sent(answer([("message", f"to {SECRET}")], [5]))
    kinds = [event["type"] for event in got]
    last = kinds.index("response.output_text.done") - 1
    assert got[last]["type"] == "response.output_text.delta"
    assert got[last]["delta"].endswith(MASK)
    assert (got[last]["item_id"], got[last]["output_index"], got[last]["content_index"]) == ("item_0", 0, 0)


def test_a_text_whose_deltas_were_never_ended_is_ended_by_its_item() -> None:
    """Some translations of LiteLLM's leave events out."""
    events = answer([("message", f"to {SECRET}")], [5])
    skipped = [e for e in events if not e["type"].endswith(("output_text.done", "part.done", "item.done"))]
    got = sent(skipped)
    assert "".join(e["delta"] for e in got if e["type"] == "response.output_text.delta") == f"to {MASK}"
    assert got[-1]["response"]["output"][0]["content"][0]["text"] == f"to {MASK}"
    assert got[-2]["type"] == "response.output_text.delta"


def test_log_probabilities_are_taken_away() -> None:
    """From deltas and from texts that are said again."""
    events = answer([("message", f"to {SECRET}")], [50])
    logprobs = [{"token": SECRET, "logprob": -0.1, "top_logprobs": []}]
    for event in events:
        if "logprobs" in event:
            event["logprobs"] = logprobs
        if "part" in event:
            event["part"]["logprobs"] = logprobs
    events[-1]["response"]["output"][0]["content"][0]["logprobs"] = logprobs
    assert SECRET not in json.dumps(sent(events))


def test_annotations_search_queries_and_unknown_events_are_redacted() -> None:
    """What is no running text is redacted as a whole; encoded sound and images pass."""
    annotation = {"type": "url_citation", "title": f"by {SECRET}", "url": "u", "start_index": 0, "end_index": 1}
    search = {"id": "s", "type": "web_search_call", "action": {"type": "search", "query": f"who is {SECRET}"}}
    sound = {"type": "response.audio.delta", "delta": "QUFB@x.org"}
    image = {"type": "response.image_generation_call.partial_image", "partial_image_b64": "QUFB@x.org"}
    got = sent(
        [
            {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": annotation},
            {"type": "response.output_item.done", "output_index": 1, "item": search},
            {"type": "response.novelty", "novel": {"deep": [f"x {SECRET}"]}},
            sound,
            image,
        ]
    )
    assert got[0]["annotation"]["title"] == f"by {MASK}"
    assert got[1]["item"]["action"]["query"] == f"who is {MASK}"
    assert got[2]["novel"] == {"deep": [f"x {MASK}"]}
    assert got[3:] == [sound, image]


def test_deltas_of_an_unknown_kind_are_one_running_text() -> None:
    """A value split over events that OpenAI has not invented yet is found."""
    got = sent([{"type": "response.novel_text.delta", "output_index": 0, "delta": piece} for piece in cut(SECRET, [4])])
    assert "".join(event["delta"] for event in got) == MASK


def test_instructions_are_redacted_and_settings_repeated_as_they_are() -> None:
    """A response repeats its request in its first and last events."""
    envelope = {**ENVELOPE, "instructions": f"answer {SECRET}", "metadata": {"owner": SECRET}}
    got = sent([{"type": "response.created", "response": envelope, "sequence_number": 0}])
    assert got[0]["response"]["instructions"] == f"answer {MASK}"
    assert got[0]["response"]["metadata"] == {"owner": SECRET}


@pytest.mark.parametrize("said", [f"to {SECRET}", "to nobody"])
def test_thoughts_that_are_not_encrypted_are_redacted(said: str) -> None:
    """LiteLLM's bridge puts signed thoughts as JSON where ciphertext belongs; altered ones lose their signature."""
    sealed = json.dumps([{"type": "thinking", "thinking": said, "signature": "EqQB"}])
    items = [{"type": "reasoning", "encrypted_content": text} for text in (sealed, "gAAAAABo")]
    got = sent([{"type": "response.completed", "response": {**ENVELOPE, "output": items}}])
    first, second = got[0]["response"]["output"]
    assert second == items[1]
    if SECRET not in said:
        assert first == items[0]
        return
    (thought,) = json.loads(first["encrypted_content"])
    assert thought == {"type": "thinking", "thinking": f"to {MASK}", "signature": ALTERED}
