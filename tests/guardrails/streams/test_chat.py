"""Streams of chat and completions, in LiteLLM's objects and as dictionaries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.types.utils import ModelResponseStream, TextCompletionResponse
from openai.types.chat import ChatCompletionChunk

from guardrails.content.signatures import ALTERED
from tests.guardrails.streams.streaming import MASK, SECRET, cut, masked, sent, sizes, texts

# How each kind of running text stands in a delta.
DELTAS: dict[str, Any] = {
    "content": lambda piece: {"content": piece},
    "reasoning": lambda piece: {"reasoning_content": piece},
    "refusal": lambda piece: {"refusal": piece},
    "thinking": lambda piece: {"thinking_blocks": [{"type": "thinking", "thinking": piece, "signature": None}]},
    "transcript": lambda piece: {"audio": {"id": "audio_1", "data": "UklGRg==", "transcript": piece, "expires_at": 9}},
    "arguments": lambda piece: {"tool_calls": [{"index": 1, "function": {"arguments": piece}, "type": "function"}]},
    "custom tool": lambda piece: {"tool_calls": [{"index": 0, "custom": {"input": piece}, "type": "custom"}]},
    "function call": lambda piece: {"function_call": {"arguments": piece}},
    "provider's field": lambda piece: {"provider_specific_fields": {"reasoning_details": [{"text": piece}]}},
}


def said(delta: dict[str, Any]) -> str:
    """The text in a delta of any kind."""
    call = (delta.get("tool_calls") or [{}])[0]
    details = ((delta.get("provider_specific_fields") or {}).get("reasoning_details") or [{}])[0]
    return (
        delta.get("content") or delta.get("reasoning_content") or delta.get("refusal")
        or (delta.get("thinking_blocks") or [{}])[0].get("thinking")
        or (delta.get("audio") or {}).get("transcript")
        or (call.get("function") or {}).get("arguments") or (call.get("custom") or {}).get("input")
        or (delta.get("function_call") or {}).get("arguments") or details.get("text") or ""
    )  # fmt: skip


def chunk(delta: dict[str, Any], index: int = 0, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {
        "id": "c-1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": [choice], **fields,
    }  # fmt: skip


def as_object(body: dict[str, Any]) -> ModelResponseStream:
    return ModelResponseStream(**json.loads(json.dumps(body)))


def shown(chunks: list[Any]) -> list[dict[str, Any]]:
    """As LiteLLM sends them to the client."""
    return [
        made if isinstance(made, dict) else json.loads(made.model_dump_json(exclude_none=True, exclude_unset=True))
        for made in chunks
    ]


@pytest.mark.parametrize("form", [dict, as_object], ids=["dictionaries", "objects"])
@pytest.mark.parametrize("kind", DELTAS)
@given(text=texts, sizes=sizes)
def test_a_text_of_any_kind_is_redacted_as_a_whole(kind: str, form: Any, text: str, sizes: list[int]) -> None:
    """However it is cut, the pieces that went out make the whole-text result, and the finish reason comes last."""
    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk(DELTAS[kind](piece)) for piece in cut(text, sizes)]
    chunks += [chunk({}, finish="stop"), chunk({}, usage={"prompt_tokens": 1, "completion_tokens": 2})]
    out = shown(sent(map(form, chunks)))
    assert "".join(said(made["choices"][0]["delta"]) for made in out) == masked(text)
    assert all((made["id"], made["created"], made["model"]) == ("c-1", 7, "m") for made in out)
    assert out[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [made["choices"][0].get("finish_reason") for made in out][-2:] == ["stop", None]
    assert all(not made["choices"][0].get("finish_reason") for made in out[:-2])
    assert ["usage" in made for made in out] == [False] * (len(out) - 1) + [True]
    assert SECRET not in json.dumps(out)


@given(answers=st.lists(texts, min_size=2, max_size=3), sizes=sizes, order=st.randoms(use_true_random=False))
def test_choices_do_not_mix(answers: list[str], sizes: list[int], order: Any) -> None:
    """Each choice is a text of its own, however their pieces are shuffled into one another."""
    queues = [[chunk({"content": piece}, index) for piece in cut(text, sizes)] for index, text in enumerate(answers)]
    for index, queue in enumerate(queues):
        queue.append(chunk({}, index, "stop"))
    chunks = []
    while any(queues):
        chunks.append(order.choice([queue for queue in queues if queue]).pop(0))
    out = shown(sent(map(as_object, chunks)))
    for index, text in enumerate(answers):
        mine = [made["choices"][0] for made in out if made["choices"][0]["index"] == index]
        assert "".join(said(choice["delta"]) for choice in mine) == masked(text)
        assert [bool(choice.get("finish_reason")) for choice in mine] == [False] * (len(mine) - 1) + [True]


@given(first=texts, second=texts, sizes=sizes)
def test_parallel_tool_calls_do_not_mix(first: str, second: str, sizes: list[int]) -> None:
    """Calls are known by their index, also where it is not their place in the list; names and ids come once."""
    chunks = []
    for index, text in enumerate((first, second)):
        start = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": "f", "arguments": ""}}
        chunks.append(chunk({"tool_calls": [start]}))
        chunks += [
            chunk({"tool_calls": [{"index": index, "type": "function", "function": {"arguments": piece}}]})
            for piece in cut(text, sizes)
        ]
    out = shown(sent(map(as_object, [*chunks, chunk({}, finish="tool_calls")])))
    calls = [call for made in out for call in made["choices"][0]["delta"].get("tool_calls") or []]
    for index, text in enumerate((first, second)):
        mine = [call for call in calls if call["index"] == index]
        assert "".join(call["function"].get("arguments") or "" for call in mine) == masked(text)
        assert [call["id"] for call in mine if call.get("id")] == [f"call_{index}"]
        assert [call["function"]["name"] for call in mine if call["function"].get("name")] == ["f"]


def test_text_in_the_chunk_with_the_finish_reason_goes_out_with_it() -> None:
    """No chunk is added where the last piece comes with the finish reason."""
    out = shown(sent([chunk({"content": f"write {SECRET[:9]}"}), chunk({"content": SECRET[9:]}, finish="stop")]))
    assert [said(made["choices"][0]["delta"]) for made in out] == ["write ", MASK]


def test_what_is_held_back_goes_out_where_no_finish_reason_comes() -> None:
    """A stream that just ends loses nothing."""
    out = shown(sent([as_object(chunk({"content": f"write {SECRET}"}))]))
    assert "".join(said(made["choices"][0]["delta"]) for made in out) == f"write {MASK}"


def test_chunks_keep_what_else_they_carry() -> None:
    """A chunk whose text is held back still brings its role; log probabilities go, as they spell the text out."""
    logprobs = {"content": [{"token": SECRET, "logprob": -0.1, "bytes": None, "top_logprobs": []}]}
    first = chunk({"role": "assistant", "content": SECRET})
    first["choices"][0]["logprobs"] = logprobs
    out = shown(sent([as_object(first), as_object(chunk({}, finish="stop"))]))
    assert out[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [said(made["choices"][0]["delta"]) for made in out] == ["", MASK, ""]
    assert SECRET not in json.dumps(out)


def test_citations_and_annotations_are_redacted_each_as_a_whole() -> None:
    """What stands beside the text is redacted too, and encoded media and labels are left alone."""
    annotation = {"type": "url_citation", "url_citation": {"title": f"by {SECRET}", "url": "https://x.org"}}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA@BBBB.cc"}, "index": 0}
    body = chunk({"annotations": [annotation], "images": [image]}, citations=[f"https://x.org/{SECRET}"])
    (out,) = shown(sent([as_object(body)]))
    delta = out["choices"][0]["delta"]
    assert delta["annotations"][0]["url_citation"]["title"] == f"by {MASK}"
    assert delta["images"][0]["image_url"] == image["image_url"]
    assert SECRET not in json.dumps(out)


def test_litellm_keeps_its_chunks_as_they_came() -> None:
    """The chunks are rewritten in copies: LiteLLM counts tokens from the ones that it keeps."""
    theirs = [as_object(chunk({"content": f"write {SECRET}"})), as_object(chunk({}, finish="stop"))]
    before = [made.model_dump_json() for made in theirs]
    sent(theirs)
    assert [made.model_dump_json() for made in theirs] == before


def test_a_stream_without_findings_passes_as_it_is() -> None:
    """Chunks in which nothing is held back are the provider's own objects."""
    theirs = [as_object(chunk({"content": "one "})), as_object(chunk({}, finish="stop"))]
    assert all(mine is their for mine, their in zip(sent(theirs), theirs, strict=True))


@given(text=texts, sizes=sizes)
def test_chunks_are_what_the_sdk_expects(text: str, sizes: list[int]) -> None:
    """Every chunk is one of the API, those that were added too."""
    chunks = [chunk({"content": piece}) for piece in cut(text, sizes)]
    for made in sent([*chunks, chunk({}, finish="stop")]):
        ChatCompletionChunk.model_validate(made, strict=False)


@pytest.mark.parametrize("form", ["objects", "dictionaries"])
@given(text=texts, sizes=sizes)
def test_completions_are_redacted_for_each_choice(form: str, text: str, sizes: list[int]) -> None:
    """Choices of completions have their text without a delta."""

    def completion(index: int, piece: str | None, finish: str | None = None) -> Any:
        choice = {"index": index, "text": piece, "finish_reason": finish, "logprobs": None}
        body = {"id": "c-1", "created": 7, "model": "m", "object": "text_completion", "choices": [choice]}
        return TextCompletionResponse(**body) if form == "objects" else body

    chunks = [completion(index, piece) for piece in cut(text, sizes) for index in (0, 1)]
    out = shown(sent([*chunks, completion(0, None, "stop"), completion(1, "", "stop")]))
    for index in (0, 1):
        mine = [made["choices"][0] for made in out if made["choices"][0]["index"] == index]
        assert "".join(choice.get("text") or "" for choice in mine) == masked(text)
        assert [bool(choice.get("finish_reason")) for choice in mine] == [False] * (len(mine) - 1) + [True]


@pytest.mark.parametrize("thought", [f"ask {SECRET}", "ask them"])
def test_the_signature_of_an_altered_thought_is_marked(thought: str) -> None:
    """It comes after all of the thought, and a thought that was left alone keeps it."""
    signed = {"type": "thinking", "thinking": "", "signature": "EqQB@x.org=="}
    chunks = [chunk(DELTAS["thinking"](thought)), chunk({"thinking_blocks": [signed]}), chunk({}, finish="stop")]
    blocks = [made["choices"][0]["delta"].get("thinking_blocks") for made in shown(sent(map(as_object, chunks)))]
    assert "".join(found[0]["thinking"] for found in blocks if found) == masked(thought)
    expected = "EqQB@x.org==" if thought == masked(thought) else ALTERED
    assert [found[0]["signature"] for found in blocks if found and found[0].get("signature")] == [expected]
    assert blocks[-2] is not None
    assert blocks[-2][0]["signature"] == expected
