from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import MessageParam, ToolParam

from inferspect.testing.upstream import UpstreamSimulator

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello there"}]
WEATHER: ToolParam = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture
def client(upstream: UpstreamSimulator) -> Iterator[Anthropic]:
    upstream.reset()
    with Anthropic(base_url=upstream.url, api_key="sk-ant-any", max_retries=0) as client:
        yield client


def test_a_message_is_answered(client: Anthropic) -> None:
    """The demo model quotes the user, with Anthropic's ids, stop reason and usage."""
    message = client.messages.create(model="demo", max_tokens=100, system="1234", messages=HELLO)
    assert message.content[0].type == "text"
    assert '"Hello there"' in message.content[0].text
    assert message.id.startswith("msg_")
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens == 4
    assert message.usage.output_tokens == -(-len(message.content[0].text) // 4)


def test_a_stream_has_anthropics_events_in_order(client: Anthropic) -> None:
    """A stream is message_start, then blocks, then message_delta and message_stop."""
    with client.messages.create(model="tokens-3", max_tokens=100, messages=HELLO, stream=True) as stream:
        kinds: list[str] = [event.type for event in stream]
    delta = "content_block_delta"
    assert [kind for kind in kinds if kind != "ping"] == [
        "message_start",
        "content_block_start",
        *[delta] * 3,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_the_sdks_accumulator_builds_the_same_message(client: Anthropic) -> None:
    """What the SDK makes of a stream equals the whole answer, usage included."""
    whole = client.messages.create(model="demo", max_tokens=100, messages=HELLO)
    with client.messages.stream(model="demo", max_tokens=100, messages=HELLO) as stream:
        streamed = stream.get_final_message()
    assert [block.to_dict() for block in streamed.content] == [block.to_dict() for block in whole.content]
    assert streamed.stop_reason == whole.stop_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.usage.input_tokens == whole.usage.input_tokens


def test_pings_are_on_the_wire(client: Anthropic) -> None:
    """The ping that SDKs skip is sent nevertheless, after the first block has started."""
    with client.messages.with_streaming_response.create(
        model="demo", max_tokens=100, messages=HELLO, stream=True
    ) as response:
        names = [line.removeprefix("event: ") for line in response.iter_lines() if line.startswith("event: ")]
    assert names[:3] == ["message_start", "content_block_start", "ping"]


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_tools_are_used(client: Anthropic, choice: dict[str, Any]) -> None:
    """A forced tool is used with an input that fits its schema, whole and streamed."""
    asked: dict[str, Any] = {
        "model": "demo",
        "max_tokens": 100,
        "messages": HELLO,
        "tools": [WEATHER],
        "tool_choice": choice,
    }
    whole = client.messages.create(**asked)
    assert whole.stop_reason == "tool_use"
    assert whole.content[0].type == "tool_use"
    assert whole.content[0].input == {"city": "Hello there", "days": 1}
    assert whole.content[0].id.startswith("toolu_")
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].type == "tool_use"
    assert streamed.content[0].input == whole.content[0].input
    assert streamed.usage.output_tokens == whole.usage.output_tokens


def test_an_agent_that_brings_the_tool_result_gets_words(client: Anthropic) -> None:
    """After a tool's result `tool-call` answers in text, to the user's question and not to the result."""
    messages: list[MessageParam] = [
        *HELLO,
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"a": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "sunny"}]},
    ]
    message = client.messages.create(model="tool-call", max_tokens=100, messages=messages, tools=[WEATHER])
    assert message.content[0].type == "text"
    assert '"Hello there"' in message.content[0].text


def test_maximum_and_stop_sequence_end_the_answer(client: Anthropic) -> None:
    """The reason why an answer ended early is told in Anthropic's words."""
    short = client.messages.create(model="demo", max_tokens=2, messages=HELLO)
    assert (short.stop_reason, short.usage.output_tokens) == ("max_tokens", 2)
    stopped = client.messages.create(model="demo", max_tokens=100, messages=HELLO, stop_sequences=["!"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "!")


def test_echo_is_exactly_what_was_received(client: Anthropic, upstream: UpstreamSimulator) -> None:
    """The echo is the request's body to the byte."""
    message = client.messages.create(model="echo", max_tokens=1, messages=HELLO)
    assert message.content[0].type == "text"
    assert message.content[0].text == upstream.received[-1].text
    assert upstream.received[-1].contains("sk-ant-any")


def test_counted_tokens_are_those_that_answers_report(client: Anthropic) -> None:
    """`count_tokens` gives the same number as the usage of an answer."""
    counted = client.messages.count_tokens(model="demo", system="Be brief.", messages=HELLO).input_tokens
    answered = client.messages.create(model="demo", max_tokens=9, system="Be brief.", messages=HELLO)
    assert counted == answered.usage.input_tokens


@pytest.mark.parametrize(
    ("status", "kind", "name"),
    [
        (400, anthropic.BadRequestError, "invalid_request_error"),
        (401, anthropic.AuthenticationError, "authentication_error"),
        (429, anthropic.RateLimitError, "rate_limit_error"),
        (500, anthropic.InternalServerError, "api_error"),
        (529, anthropic.APIStatusError, "overloaded_error"),
    ],
)
def test_errors_have_anthropics_shape(
    client: Anthropic, status: int, kind: type[anthropic.APIStatusError], name: str
) -> None:
    """Every status becomes the SDK's own exception, with Anthropic's name for it."""
    with pytest.raises(kind) as caught:
        client.messages.create(model=f"error-{status}-retry-after-1", max_tokens=9, messages=HELLO)
    assert caught.value.status_code == status
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == name
    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.request_id is not None


def test_an_error_in_the_middle_of_a_stream_is_raised_by_the_sdk(client: Anthropic) -> None:
    """`fail-mid-stream` sends Anthropic's error event after half of the answer."""
    with (
        client.messages.create(model="fail-mid-stream", max_tokens=99, messages=HELLO, stream=True) as stream,
        pytest.raises(anthropic.APIStatusError, match="in the middle"),
    ):
        list(stream)


@pytest.mark.parametrize(
    "body",
    [
        {"model": "demo", "messages": HELLO},
        {"model": "demo", "max_tokens": 9},
        {"model": "no-such-command", "max_tokens": 9, "messages": HELLO},
        {"model": "demo", "max_tokens": 9, "messages": HELLO, "tool_choice": {"type": "any"}},
        {"model": "demo", "max_tokens": 9, "messages": HELLO, "tools": [{"input_schema": {}}]},
    ],
)
def test_mistakes_are_refused_in_anthropics_shape(client: Anthropic, body: dict[str, object]) -> None:
    """What Anthropic would refuse is refused with its invalid_request_error."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", body=body, cast_to=object)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "invalid_request_error"


def test_models_are_listed(client: Anthropic) -> None:
    """Anthropic's SDK can read the list of models."""
    assert "demo" in {model.id for model in client.models.list()}
