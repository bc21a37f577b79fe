import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.types.utils import Choices, Message, ModelResponse

from guardrails.content import JsonDocument, Text, request_texts, response_texts

CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "T1"},
        {
            "role": "user",
            "name": "name-stays",
            "content": [
                {"type": "text", "text": "T2"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"file_data": "AAAA", "filename": "T3", "file_id": "id-stays"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "T4",
            "refusal": "T5",
            "tool_calls": [{"id": "id-stays", "type": "function", "function": {"name": "f", "arguments": "J6"}}],
        },
        {"role": "tool", "tool_call_id": "id-stays", "content": "T7"},
    ],
    "model": "stays",
    "tools": [{"type": "function", "function": {"name": "f", "description": "stays"}}],
}
RESPONSES: dict[str, Any] = {
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "T2"}, {"type": "input_image", "image_url": "u"}]},
        {"type": "function_call", "call_id": "stays", "name": "f", "arguments": "J3"},
        {"type": "function_call_output", "call_id": "stays", "output": "T4"},
        {"type": "function_call_output", "call_id": "stays", "output": [{"type": "input_text", "text": "T5"}]},
        {"type": "reasoning", "id": "stays", "summary": [{"type": "summary_text", "text": "T6"}]},
    ],
    "instructions": "T1",
}
ANTHROPIC: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "T2"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "T3", "signature": "stays"},
                {"type": "redacted_thinking", "data": "stays"},
                {
                    "type": "tool_use",
                    "id": "stays",
                    "name": "f",
                    "input": {"id": "T4", "url": "T5", "deep": [{"x": "T6"}]},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "stays", "content": [{"type": "text", "text": "T7"}]},
                {"type": "tool_result", "tool_use_id": "stays", "content": "T8"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "stays"}},
                {"type": "image", "source": {"type": "url", "url": "stays"}},
                {
                    "type": "document",
                    "title": "T9",
                    "source": {"type": "text", "media_type": "text/plain", "data": "T10"},
                },
            ],
        },
    ],
}
BODIES = {
    "chat": CHAT,
    "completions": {"prompt": "T1", "suffix": "T2"},
    "completions, many": {"prompt": ["T1", "T2"]},
    "completions, token ids": {"prompt": [1, 2, 3]},
    "embeddings": {"input": "T1"},
    "embeddings, many": {"input": ["T1", "T2"]},
    "responses": RESPONSES,
    "responses, string": {"input": "T1"},
    "responses, stored prompt": {"prompt": {"id": "stays", "variables": {"id": "T1", "who": {"text": "T2"}}}},
    "anthropic": ANTHROPIC,
    "anthropic, system string": {"system": "T1", "messages": []},
}


def texts_of(data: dict[str, Any]) -> list[str]:
    return [text.get() for text in request_texts(data) if text is not None]


def marks_in(value: Any) -> list[str]:
    """The strings T1, T2, J3, ... of a body in the order in which they stand."""
    if isinstance(value, str):
        return [value] if value[0] in "TJ" and value[1:].isdigit() else []
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [mark for member in members for mark in marks_in(member)]


@pytest.mark.parametrize("name", BODIES)
def test_every_text_of_a_request_is_found_and_nothing_else(name: str) -> None:
    """Texts are walked in order; labels, identifiers, media and token ids are not."""
    body = BODIES[name]
    assert texts_of(body) == marks_in(body)
    assert {text.get()[0] for text in request_texts(body) if text and text.is_json} <= {"J"}


def test_token_ids_are_counted() -> None:
    """A list of token ids cannot be read, so the walk says that there was one."""
    walk = request_texts({"prompt": [[1, 2], [3, 4]], "input": [5]})
    assert [text for text in walk if text] == []
    assert walk.token_lists == 3


def test_a_string_among_token_ids_is_found() -> None:
    """Mixed lists do not hide a string."""
    assert texts_of({"input": [1, "T1", [2, "T2"]]}) == ["T1", "T2"]


def test_texts_of_answers() -> None:
    """Chat, completion, responses and Anthropic answers are walked, objects and dictionaries alike."""
    message = Message(
        content="T1",
        reasoning_content="T2",
        tool_calls=[{"id": "stays", "type": "function", "function": {"name": "f", "arguments": "J3"}}],
        provider_specific_fields={"citations": [{"cited_text": "T4"}]},
    )
    response = ModelResponse(choices=[Choices(message=message)])
    found = [text for text in response_texts(response) if text]
    assert {text.get() for text in found} >= {"T1", "T2", "J3", "T4"}
    assert not {text.get() for text in found} & {"stays", "function", "assistant", "stop"}
    for text in found:
        text.set("seen")
    assert response.choices[0].message.content == "seen"  # type: ignore[union-attr]
    assert response.model_dump()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "seen"
    anthropic = {"id": "stays", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "T1"}]}
    assert [text.get() for text in response_texts(anthropic) if text] == ["T1"]
    for nothing in (None, "text", 5, object()):
        assert list(response_texts(nothing)) == []


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = [leaf]
    return leaf


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"messages": None}, []),
        ({"messages": 7}, []),
        ({"messages": "T1"}, ["T1"]),
        ({"messages": {"role": "user", "content": "T1"}}, ["T1"]),
        ({"messages": ["T1", 3, None, ["T2"]]}, ["T1", "T2"]),
        ({"messages": [{"content": 3.5}, {"content": {"text": {"text": "T1"}}}]}, ["T1"]),
        ({"messages": [{"role": ["T1"], "id": {"x": "T2"}}]}, ["T1", "T2"]),
        ({"messages": [{"content": [{"type": ["text"], "text": "T1"}]}]}, ["text", "T1"]),
        ({"messages": [{"invented": "T1"}]}, ["T1"]),
        ({"messages": [{"content": "data:T1"}]}, ["data:T1"]),
        ({"messages": nested(20_000, "T1")}, ["T1"]),
        ({"messages": [{"content": ("T1", "T2")}]}, ["T1", "T2"]),
        ({"system": 5, "input": False, "prompt": {}}, []),
    ],
)
def test_hostile_shapes_neither_crash_nor_hide_a_text(body: dict[str, Any], found: list[str]) -> None:
    """A body of the wrong shape is walked all the same."""
    assert texts_of(body) == found


def test_a_hundred_thousand_messages_give_way_to_others() -> None:
    """A long walk offers places to pause."""
    steps = list(request_texts({"messages": [{"role": "user"}] * 100_000}))
    assert steps.count(None) > 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(string.ascii_letters), children),
    max_leaves=20,
)


@given(JSON)
def test_json_document_survives_a_change_of_its_texts(value: Any) -> None:
    """Every string leaf can be replaced, and what is written is JSON of the same shape."""
    document = JsonDocument(json.dumps(value))
    for text in document.texts():
        if isinstance(text, Text):
            text.set(text.get() + '"')

    def changed(part: Any) -> Any:
        if isinstance(part, str):
            return part + '"' if part else part
        if isinstance(part, int) and not isinstance(part, bool) and abs(part) >= 10_000_000:
            return f'{part}"'
        if isinstance(part, list):
            return [changed(member) for member in part]
        return {key: changed(member) for key, member in part.items()} if isinstance(part, dict) else part

    assert json.loads(document.dump()) == changed(value)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1e999]", "[" * 100_000, '{"a": Infinity}'])
def test_what_is_not_json_says_so(text: str) -> None:
    """A document that cannot be written again as it was is a plain text."""
    with pytest.raises(ValueError):  # noqa: PT011  # only the type is promised
        JsonDocument(text)


def test_repeated_keys_are_told() -> None:
    """A parser sees only the last of two equal keys, so such a document must be written anew."""
    assert JsonDocument('{"a": 1, "a": 2}').ambiguous
    assert not JsonDocument('{"a": {"b": 1}, "b": 2}').ambiguous
