import io
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litellm.types.utils import Choices, Message, ModelResponse

from guardrails.content import request_texts, response_texts
from guardrails.content.fields import DEFINITION_LABELS, LABELS, MEDIA_STRINGS, MEDIA_VALUES
from guardrails.content.text import KeyText, Text

CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "T1"},
        {
            "role": "user",
            "name": "T9",
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
    "tools": [{"type": "function", "function": {"name": "f", "description": "T8"}}],
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
    return [text.get() for text in request_texts(data) if text is not None and not isinstance(text, KeyText)]


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


def test_numbers_in_a_definition_are_no_token_ids() -> None:
    """An enumeration of numbers is nothing that anybody reads."""
    walk = request_texts({"tools": [{"parameters": {"properties": {"a": {"enum": [1, 2]}}}}]})
    assert [text for text in walk if text] == []
    assert walk.token_lists == 0


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


SOURCES: dict[str, Any] = {
    "system": "system",
    "instructions": "system",
    "query": "user",
    "documents": ["document", {"text": "document"}],
    "tools": [{"name": "f", "description": "system"}],
    "messages": [
        {"role": "system", "content": "system"},
        {"role": "developer", "content": [{"type": "text", "text": "system"}]},
        {"role": "user", "content": "user"},
        {"content": "user"},
        {"content": "assistant", "role": "assistant", "reasoning_content": "assistant"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "assistant"}}]},
        {"role": "tool", "content": [{"type": "text", "text": "tool"}]},
        {"role": "function", "content": "tool"},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "content": [{"type": "text", "text": "tool"}]},
                {"type": "document", "title": "document", "source": {"type": "text", "data": "document"}},
                {"type": "search_result", "content": [{"type": "text", "text": "document"}]},
                {"type": "text", "text": "user"},
            ],
        },
        {"role": "assistant", "content": [{"type": "web_search_tool_result", "content": [{"title": "tool"}]}]},
    ],
    "input": [
        {"role": "user", "content": "user"},
        {"type": "function_call", "arguments": "assistant"},
        {"type": "function_call_output", "output": "tool"},
        {"type": "custom_tool_call_output", "output": [{"type": "input_text", "text": "tool"}]},
        {"type": "mcp_call", "arguments": "assistant", "output": "tool"},
        {"type": "code_interpreter_call", "code": "assistant", "outputs": [{"type": "logs", "logs": "tool"}]},
        {"type": "file_search_call", "queries": ["assistant"], "results": [{"text": "document"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "assistant"}]},
    ],
    "contents": [
        {"role": "user", "parts": [{"text": "user"}]},
        {"role": "model", "parts": [{"text": "assistant"}, {"functionCall": {"name": "f", "args": {"": "assistant"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"": "tool"}}}]},
    ],
}


def test_each_text_says_who_wrote_it() -> None:
    """The source is the role, or what a part is: results of tools and documents come from elsewhere."""
    found = [text for text in request_texts(SOURCES) if text and text.get() != "text"]
    assert [text.source for text in found] == [text.get() for text in found]
    assert len(found) == 36


DEFINITIONS: dict[str, Any] = {
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "stays",
                "description": "T1",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "description": "T2", "enum": ["T3", "T4"], "format": "stays"},
                        "type": {"title": "T5", "default": {"T6": "T7"}, "pattern": "stays"},
                        "tools": {"items": {"$ref": "stays", "examples": ["T8"]}, "const": "T9"},
                    },
                    "$defs": {"description": {"description": "T10"}},
                    "required": ["stays"],
                },
            },
        },
        {"name": "stays", "description": "T11", "input_schema": {"type": "object"}, "input_examples": [{"T12": "T13"}]},
        {"functionDeclarations": [{"name": "stays", "description": "T14", "parameters": {"type": "OBJECT"}}]},
        {"type": "mcp", "server_label": "stays", "server_url": "stays", "server_description": "T15",
         "headers": {"Authorization": "stays"}, "authorization": "stays"},
    ],
    "functions": [{"name": "stays", "description": "T16"}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "stays", "description": "T17", "schema": {
        "properties": {"a": {"description": "T18"}}}}},
    "text": {"format": {"type": "json_schema", "name": "stays", "schema": {"description": "T19"}}},
    "generationConfig": {"responseSchema": {"description": "T20"}, "stopSequences": ["T21"]},
}  # fmt: skip


def test_definitions_of_tools_and_answers_are_texts_but_their_names_and_keywords_are_not() -> None:
    """Descriptions, examples and allowed values reach the model; a changed name or keyword would break the tool."""
    found = [text.get() for text in request_texts(DEFINITIONS) if text]
    assert found == [f"T{number}" for number in range(1, 22)]


MEDIA: dict[str, Any] = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
                {"type": "image_url", "image_url": "https://example.com/a.png"},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"file_data": "AAAA"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "input_file", "file_id": "file-1"},
                {"type": "input_file", "file_url": "https://example.com/a.pdf"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            ],
        }
    ],
    "contents": [{"parts": [{"inlineData": {"mimeType": "a", "data": "AA"}}, {"fileData": {"fileUri": "gs://a"}}]}],
}


def test_media_are_counted_and_not_read() -> None:
    """What an image, a sound or a file says cannot be looked through, so the walk says how many there are."""
    walk = request_texts(MEDIA)
    assert [text for text in walk if text] == []
    assert walk.media == 11


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "my mail is ada@example.com"}},
        {"type": "image_url", "image_url": "my mail is ada@example.com"},
        {"type": "image", "source": {"type": "base64", "data": "my mail is ada@example.com"}},
        {"type": "url", "url": "ada@example.com"},
        {"type": "base64", "data": "ada@example.com"},
    ],
)
def test_what_is_no_medium_does_not_hide_as_one(part: dict[str, Any]) -> None:
    """An address or base64 has no spaces, and stands in a part for media."""
    assert "ada@example.com" in texts_of({"messages": [{"role": "user", "content": [part]}]})[0]


def test_an_uploaded_file_is_a_medium_and_its_name_a_text() -> None:
    """The name of a file goes to the provider."""
    upload = io.BytesIO(b"RIFF")
    upload.name = "ada@example.com.wav"
    walk = request_texts({"file": upload, "prompt": "T1"})
    found = [text for text in walk if text]
    assert [text.get() for text in found] == ["T1", "ada@example.com.wav"]
    assert walk.media == 1
    found[1].set("<EMAIL_ADDRESS>.wav")
    assert upload.name == "<EMAIL_ADDRESS>.wav"


def test_of_the_metadata_only_those_of_the_client_are_texts() -> None:
    """LiteLLM keeps its own beside them, with the key and its user."""
    metadata = {"note": "T1", "requester_metadata": {"note": "T1"}, "user_api_key_user_email": "stays"}
    data = {"metadata": metadata, "proxy_server_request": {"body": {"metadata": metadata}}}
    assert texts_of(data) == ["T1"]
    messages = {"metadata": {"user_id": "T1"}, "litellm_metadata": {"requester_metadata": {"user_id": "T1"}}}
    assert texts_of({**messages, "proxy_server_request": {"body": {"metadata": {"user_id": "T1"}}}}) == ["T1"]
    assert texts_of({"metadata": {"user_api_key": "stays"}, "proxy_server_request": {"body": {}}}) == []


@pytest.mark.parametrize("field", ["user", "safety_identifier", "prompt_cache_key"])
def test_identifiers_of_a_person_are_texts(field: str) -> None:
    """They go to the provider, and many clients put an e-mail address there."""
    assert texts_of({field: "ada@example.com"}) == ["ada@example.com"]


def test_identifiers_are_told_from_what_else_is_said() -> None:
    """Masked, two users would be one. What is no string or list of them is read as content, keys and all."""
    metadata = {"user_id": "T1", "tags": ["T2"], "note": "T3", "trace_name": {"T4": "T5"}, "session_id": 912345678}
    body = {"user": "T6", "safety_identifier": "T7", "prompt_cache_key": "T8", "prompt": "T9", "metadata": metadata}
    found = [text for text in request_texts(body) if text is not None]
    assert {text.get() for text in found if text.is_identifier} == {"T1", "T2", "T6", "T7", "T8"}
    assert {text.get() for text in found if not text.is_identifier} == {"T3", "T4", "T5", "T9", "912345678"}


# With `content` and `tool_calls`, the keys by which objects are told apart.
KEYS = ("role", "type", "content", "input", "arguments", "tools", "properties", "enum", "source", "url", "name",
        "output", "image_url", "signature", "description", "functionResponse")  # fmt: skip
SKIPPED = LABELS | MEDIA_STRINGS | MEDIA_VALUES | DEFINITION_LABELS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab ", max_size=4),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.sampled_from([*KEYS, *"xyz"]), children, max_size=5)
    ),
    max_leaves=30,
)


def leaves(value: Any, key: Any = None) -> list[tuple[Any, str]]:
    """The strings of a body with the key that each stands under."""
    if isinstance(value, str):
        return [(key, value)] if value else []
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in leaves(member, name)]
    return [leaf for member in value for leaf in leaves(member, key)] if isinstance(value, list) else []


@given(JSON)
def test_every_string_is_a_text_or_under_a_known_label(value: Any) -> None:
    """Whatever the shape, nothing is passed over but labels, media without spaces, and nothing crashes."""
    found = sorted(text.get() for text in request_texts({"messages": value}) if text and type(text) is not KeyText)
    for key, leaf in leaves(value):
        if key not in SKIPPED:
            assert leaf in found
            found.remove(leaf)


@given(JSON, JSON)
def test_setting_a_text_changes_it_and_no_other(request: Any, answer: Any) -> None:
    """A text reads as it was set, for requests and answers of any shape."""
    body = {"messages": request, "tools": deepcopy(request), "invented": answer}
    for walk in (request_texts(body), response_texts({"choices": deepcopy(answer), "invented": deepcopy(request)})):
        texts = [text for text in walk if text and type(text) is Text]
        for number, text in enumerate(texts):
            text.set(f"text {number}")
        assert [text.get() for text in texts] == [f"text {number}" for number in range(len(texts))]
