"""Requests as clients make them, with the vendors' own SDKs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from inferspect.testing.gateway import GatewayProcess

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
PLACE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PATIENCE = 120


@pytest.fixture(scope="module")
def openai_client(gateway: GatewayProcess, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, timeout=PATIENCE, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def anthropic_client(gateway: GatewayProcess, key: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, api_key=key, timeout=PATIENCE, max_retries=0) as client:
        yield client


def test_a_chat_completion_is_answered_with_the_openai_sdk(openai_client: openai.OpenAI) -> None:
    """A tenant's key gets an answer in OpenAI's shape, with usage."""
    answer = openai_client.chat.completions.create(model="demo", messages=HELLO)
    assert "hello" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_streamed_chat_completion_arrives_in_pieces_and_whole(openai_client: openai.OpenAI) -> None:
    """The pieces of a stream are the words of the answer, and usage comes at its end where it is asked for."""
    stream = openai_client.chat.completions.create(
        model="demo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert len(pieces) > 3
    assert "hello" in "".join(pieces)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_embeddings_have_a_vector_for_each_input(openai_client: openai.OpenAI) -> None:
    """Every input of a list gets its own vector, in order."""
    answer = openai_client.embeddings.create(model="demo-embedding", input=["one", "two"], encoding_format="float")
    assert [item.index for item in answer.data] == [0, 1]
    assert answer.data[0].embedding != answer.data[1].embedding
    assert answer.usage.prompt_tokens > 0


def test_the_responses_api_answers(openai_client: openai.OpenAI) -> None:
    """OpenAI's responses API works with the same key and model."""
    answer = openai_client.responses.create(model="demo", input="hello")
    assert "hello" in answer.output_text
    assert answer.usage is not None
    assert answer.usage.output_tokens > 0


def test_the_responses_api_streams_events_in_order(openai_client: openai.OpenAI) -> None:
    """A streamed response begins with its creation, has text in pieces, and ends completed."""
    events: list[Any] = list(openai_client.responses.create(model="demo", input="hello", stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(pieces) > 3
    assert "hello" in "".join(pieces)


def test_a_tool_is_called_and_its_result_answered(openai_client: openai.OpenAI) -> None:
    """A tool call comes back with the arguments its schema asks for, and its result leads to an answer in words."""
    tools: list[Any] = [{"type": "function", "function": {"name": "weather", "parameters": PLACE}}]
    asked = openai_client.chat.completions.create(model="sim/tool-call", messages=HELLO, tools=tools)
    message = asked.choices[0].message
    assert asked.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    call: Any = message.tool_calls[0]
    assert call.function.name == "weather"
    assert "city" in call.function.arguments
    result = {"role": "tool", "tool_call_id": call.id, "content": "12 degrees"}
    messages = [*HELLO, message.model_dump(exclude_none=True), result]
    answered = openai_client.chat.completions.create(model="sim/tool-call", messages=messages, tools=tools)
    assert answered.choices[0].finish_reason == "stop"
    assert answered.choices[0].message.content


def test_a_legacy_completion_is_answered(openai_client: openai.OpenAI) -> None:
    """Older clients complete a prompt."""
    answer = openai_client.completions.create(model="demo", prompt="hello")
    assert "hello" in answer.choices[0].text


def test_the_models_are_listed(openai_client: openai.OpenAI) -> None:
    """A tenant sees the models it may call."""
    assert {"demo", "demo-embedding"} <= {model.id for model in openai_client.models.list()}


def test_a_message_is_answered_with_the_anthropic_sdk(anthropic_client: anthropic.Anthropic) -> None:
    """The same key and model answer in Anthropic's shape."""
    answer: Any = anthropic_client.messages.create(model="demo", max_tokens=100, messages=HELLO)
    assert answer.type == "message"
    assert "hello" in answer.content[0].text
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


def test_a_streamed_message_arrives_in_pieces(anthropic_client: anthropic.Anthropic) -> None:
    """The Anthropic SDK puts the streamed events together into one message."""
    with anthropic_client.messages.stream(model="demo", max_tokens=100, messages=HELLO) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 3
    assert "hello" in "".join(pieces)
    assert final.stop_reason == "end_turn"


def test_a_tool_is_called_with_the_anthropic_sdk(anthropic_client: anthropic.Anthropic) -> None:
    """A tool is used and its result answered in Anthropic's shape."""
    tools: list[Any] = [{"name": "weather", "input_schema": PLACE}]
    asked: Any = anthropic_client.messages.create(model="sim/tool-call", max_tokens=100, messages=HELLO, tools=tools)
    use = next(block for block in asked.content if block.type == "tool_use")
    assert asked.stop_reason == "tool_use"
    assert use.name == "weather"
    assert "city" in use.input
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "12 degrees"}
    messages: list[Any] = [
        *HELLO,
        {"role": "assistant", "content": [use.model_dump(include={"type", "id", "name", "input"})]},
        {"role": "user", "content": [result]},
    ]
    answered: Any = anthropic_client.messages.create(
        model="sim/tool-call", max_tokens=100, messages=messages, tools=tools
    )
    assert answered.stop_reason == "end_turn"
    assert answered.content[0].text


def test_the_sdks_raise_their_own_errors(openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic) -> None:
    """An error has the shape that each SDK turns into the exception its users catch, with our code."""
    with pytest.raises(openai.NotFoundError) as unknown:
        openai_client.chat.completions.create(model="no-such-model", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(anthropic.NotFoundError) as unheard:
        anthropic_client.messages.create(model="no-such-model", max_tokens=10, messages=HELLO)
    body: Any = unheard.value.body
    assert body["error"]["code"] == "model_not_found"
