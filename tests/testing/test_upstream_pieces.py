"""Scripted reasoning, and scripted sizes of the pieces that a stream comes in."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from inferspect.testing.upstream import UpstreamSimulator

REASONING, TEXT = "What would a châtelaine say? ", "Good morning, of course."


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture(params=[1, 4, 7, 1000])
def piece(request: pytest.FixtureRequest, upstream: UpstreamSimulator) -> int:
    size = int(request.param)
    upstream.script = [{"match": ".", "answer": {"text": TEXT, "reasoning": REASONING, "piece_characters": size}}]
    return size


def in_pieces(text: str, size: int) -> list[str]:
    return [text[begin : begin + size] for begin in range(0, len(text), size)]


def test_chat_streams_reasoning_and_then_text(upstream: UpstreamSimulator, piece: int) -> None:
    """Both in pieces of the size that was asked for, with the usage of the whole answer."""
    with openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="any") as client:
        whole = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "hi"}])
        assert whole.choices[0].message.to_dict()["reasoning_content"] == REASONING
        chunks = list(
            client.chat.completions.create(
                model="demo",
                messages=[{"role": "user", "content": "hi"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    deltas = [choice.delta.to_dict() for chunk in chunks for choice in chunk.choices]
    assert [d["reasoning_content"] for d in deltas if d.get("reasoning_content")] == in_pieces(REASONING, piece)
    assert [delta["content"] for delta in deltas if delta.get("content")] == in_pieces(TEXT, piece)
    assert chunks[-1].usage == whole.usage
    assert whole.usage is not None
    assert whole.usage.completion_tokens_details is not None
    assert whole.usage.completion_tokens_details.reasoning_tokens == 8


def test_responses_stream_a_summary_and_then_text(upstream: UpstreamSimulator, piece: int) -> None:
    """The SDK puts the pieces together to the output that the whole answer has."""
    with openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="any") as client:
        whole = client.responses.create(model="demo", input="hi")
        with client.responses.stream(model="demo", input="hi") as stream:
            events = list(stream)
            streamed = stream.get_final_response()
    summaries = [event.delta for event in events if event.type == "response.reasoning_summary_text.delta"]
    assert summaries == in_pieces(REASONING, piece)
    assert [event.delta for event in events if event.type == "response.output_text.delta"] == in_pieces(TEXT, piece)
    assert [item.type for item in whole.output] == [item.type for item in streamed.output] == ["reasoning", "message"]
    assert whole.output_text == streamed.output_text == TEXT
    assert whole.usage == streamed.usage


def test_messages_stream_a_signed_thought_and_then_text(upstream: UpstreamSimulator, piece: int) -> None:
    """The SDK puts the events together to the content that the whole answer has."""
    with anthropic.Anthropic(base_url=upstream.url, api_key="any") as client:
        question: anthropic.types.MessageParam = {"role": "user", "content": "hi"}
        whole = client.messages.create(model="demo", max_tokens=100, messages=[question])
        with client.messages.stream(model="demo", max_tokens=100, messages=[question]) as stream:
            pieces = [event.text for event in stream if event.type == "text"]
            streamed = stream.get_final_message()
    assert pieces == in_pieces(TEXT, piece)
    assert [block.to_dict() for block in streamed.content] == [block.to_dict() for block in whole.content]
    assert [block.type for block in whole.content] == ["thinking", "text"]
    assert whole.usage.output_tokens == streamed.usage.output_tokens
