"""LiteLLM's own parsers accept what the simulator sends: the gateway in front of it is made of them."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import litellm

from inferspect.testing.upstream import UpstreamSimulator

HELLO = [{"role": "user", "content": "Hello there"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture(params=["openai", "anthropic"])
def target(request: pytest.FixtureRequest, upstream: UpstreamSimulator) -> dict[str, Any]:
    """The same simulator as a deployment of OpenAI and as one of Anthropic."""
    base = f"{upstream.url}/v1" if request.param == "openai" else upstream.url
    return {"provider": request.param, "api_base": base, "api_key": "sk-any", "num_retries": 0}


async def complete(target: dict[str, Any], model: str, **options: Any) -> Any:
    arguments = {name: value for name, value in target.items() if name != "provider"}
    return await litellm.acompletion(model=f"{target['provider']}/{model}", messages=HELLO, **arguments, **options)


async def test_completions(target: dict[str, Any]) -> None:
    """A completion arrives with its text, reason and usage."""
    answer = await complete(target, "demo")
    assert '"Hello there"' in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.prompt_tokens == 3
    assert answer.usage.completion_tokens == -(-len(answer.choices[0].message.content) // 4)


async def test_streams(target: dict[str, Any]) -> None:
    """A stream arrives with the same text and usage as the whole answer."""
    whole = await complete(target, "demo")
    stream = await complete(target, "demo", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    usage = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)][-1]
    assert usage.completion_tokens == whole.usage.completion_tokens
    assert usage.prompt_tokens == whole.usage.prompt_tokens


@pytest.mark.parametrize("stream", [False, True])
async def test_tool_calls(target: dict[str, Any], stream: bool) -> None:
    """A tool call arrives whole and streamed."""
    answer = await complete(target, "tool-call", tools=[TOOL], stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder([chunk async for chunk in answer])
    [call] = answer.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    assert call.function.arguments.replace(" ", "") == '{"city":"Hellothere"}'
    assert answer.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("error-429-retry-after-1", litellm.RateLimitError),
        ("error-401", litellm.AuthenticationError),
        ("error-404", litellm.NotFoundError),
        ("error-408", litellm.Timeout),
        ("error-500", litellm.InternalServerError),
        ("error-503", litellm.ServiceUnavailableError),
        ("no-such-command", litellm.BadRequestError),
    ],
)
async def test_errors(target: dict[str, Any], command: str, kind: type[Exception]) -> None:
    """Errors become LiteLLM's exceptions, on which its retries and fallbacks depend."""
    with pytest.raises(kind):
        await complete(target, command)


@pytest.mark.parametrize("command", ["fail-mid-stream", "cut-stream-after-4"])
async def test_broken_streams(target: dict[str, Any], command: str) -> None:
    """A stream that fails or is cut raises in the reader."""
    stream = await complete(target, command, stream=True)
    with pytest.raises(Exception, match=r"(?i)middle|incomplete|connection"):
        _ = [chunk async for chunk in stream]


async def test_echo_shows_what_litellm_sent(target: dict[str, Any], upstream: UpstreamSimulator) -> None:
    """The echo and the recording agree about what left LiteLLM."""
    answer = await complete(target, "echo", max_tokens=5)
    assert answer.choices[0].message.content == upstream.received[-1].text


async def test_embeddings(upstream: UpstreamSimulator) -> None:
    """Embeddings arrive in the size that was asked for."""
    upstream.set_behaviours({"text-embedding-3-small": "demo"})
    answer = await litellm.aembedding(
        model="openai/text-embedding-3-small",
        input=["one", "two"],
        dimensions=8,
        api_base=f"{upstream.url}/v1",
        api_key="sk-any",
    )
    assert [len(item["embedding"]) for item in answer.data] == [8, 8]


async def test_text_completions(upstream: UpstreamSimulator) -> None:
    """Older completions arrive."""
    answer = await litellm.atext_completion(
        model="text-completion-openai/demo", prompt="Hello", api_base=f"{upstream.url}/v1", api_key="sk-any"
    )
    assert '"Hello"' in answer.choices[0].text


async def test_responses(upstream: UpstreamSimulator) -> None:
    """The responses API passes whole and streamed, with every event."""
    asked: dict[str, Any] = {
        "model": "openai/demo",
        "input": "Hello there",
        "api_base": f"{upstream.url}/v1",
        "api_key": "sk-any",
    }
    whole = await litellm.aresponses(**asked)
    text = whole.output[0].content[0].text
    assert '"Hello there"' in text
    assert whole.usage.output_tokens == -(-len(text) // 4)
    events = [event async for event in await litellm.aresponses(**asked, stream=True)]
    kinds = [str(getattr(event.type, "value", event.type)) for event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert "".join(event.delta for event in events if hasattr(event, "delta")) == text
    assert upstream.received[-1].path == "/v1/responses"


async def test_responses_call_tools(upstream: UpstreamSimulator) -> None:
    """A function call passes the responses API."""
    tool = {"type": "function", "name": "get_weather", "parameters": TOOL["function"]["parameters"]}  # type: ignore[index]
    answer = await litellm.aresponses(
        model="openai/tool-call", input="Paris", tools=[tool], api_base=f"{upstream.url}/v1", api_key="sk-any"
    )
    assert answer.output[0].type == "function_call"
    assert answer.output[0].arguments == '{"city":"Paris"}'


async def test_messages(upstream: UpstreamSimulator) -> None:
    """Anthropic's messages pass whole and streamed."""
    asked: dict[str, Any] = {
        "model": "anthropic/demo",
        "max_tokens": 100,
        "messages": HELLO,
        "api_base": upstream.url,
        "api_key": "sk-any",
    }
    whole = await litellm.anthropic_messages(**asked)
    assert '"Hello there"' in whole["content"][0]["text"]
    stream = await litellm.anthropic_messages(**asked, stream=True)
    received = b"".join([chunk async for chunk in stream]).decode()
    assert [line.removeprefix("event: ") for line in received.splitlines() if line.startswith("event: ")][-1] == (
        "message_stop"
    )
    assert upstream.received[-1].path.startswith("/v1/messages")
