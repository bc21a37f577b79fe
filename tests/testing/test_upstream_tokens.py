"""Scripted tokens of kinds that no text stands for, as each API tells them."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from inferspect.testing.upstream import ScriptError, UpstreamSimulator

TOKENS = {"cached": 100, "cache_creation": 30, "audio_input": 7, "reasoning": 20, "audio_output": 9}
TEXT = "Good morning"


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    answer = {"text": TEXT, "reasoning": "A greeting", "tokens": TOKENS}
    with UpstreamSimulator(script=[{"match": ".", "answer": answer}]) as simulator:
        yield simulator


@pytest.fixture
def client(upstream: UpstreamSimulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{upstream.url}/v1", api_key="any") as made:
        yield made


def test_chat_tells_them_within_the_whole(client: openai.OpenAI) -> None:
    """The sums include them, whole and streamed alike, and those of the answer once for each choice."""
    whole = client.chat.completions.create(model="demo", n=2, messages=[{"role": "user", "content": "hi"}])
    *_, last = client.chat.completions.create(
        model="demo",
        n=2,
        messages=[{"role": "user", "content": "hi"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    assert whole.usage is not None
    assert last.usage == whole.usage
    assert whole.usage.to_dict() == {
        "prompt_tokens": 1 + 100 + 30 + 7,
        "completion_tokens": 2 * (3 + 3 + 20 + 9),
        "total_tokens": 138 + 70,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30, "audio_tokens": 7},
        "completion_tokens_details": {"reasoning_tokens": 2 * (3 + 20), "audio_tokens": 2 * 9},
    }


def test_responses_tell_them_within_the_whole(client: openai.OpenAI) -> None:
    """Its usage has no kind for audio, whose tokens are in the sums."""
    whole = client.responses.create(model="demo", input="hi")
    with client.responses.stream(model="demo", input="hi") as stream:
        streamed = stream.get_final_response()
    assert whole.usage is not None
    assert streamed.usage == whole.usage
    assert whole.usage.to_dict() == {
        "input_tokens": 138,
        "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30},
        "output_tokens": 35,
        "output_tokens_details": {"reasoning_tokens": 23},
        "total_tokens": 173,
    }


def test_messages_tell_those_of_the_cache_beside_the_input(upstream: UpstreamSimulator) -> None:
    """Anthropic's input tokens are those alone that no cache has to do with."""
    with anthropic.Anthropic(base_url=upstream.url, api_key="any") as client:
        question: anthropic.types.MessageParam = {"role": "user", "content": "hi"}
        whole = client.messages.create(model="demo", max_tokens=100, messages=[question])
        with client.messages.stream(model="demo", max_tokens=100, messages=[question]) as stream:
            streamed = stream.get_final_message()
    assert whole.usage.to_dict() == {
        "input_tokens": 1 + 7,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 100,
        "output_tokens": 35,
        "output_tokens_details": {"thinking_tokens": 23},
    }
    told = (streamed.usage.input_tokens, streamed.usage.cache_read_input_tokens, streamed.usage.output_tokens)
    assert told == (8, 100, 35)


@pytest.mark.parametrize("answer", [{"tokens": {"cached": -1}}, {"tokens": {"cachd": 1}}])
def test_a_wrong_kind_or_number_is_refused(answer: dict[str, object]) -> None:
    """The message names its place."""
    with pytest.raises(ScriptError, match=r"rule 1: answer\.tokens\.cach"):
        UpstreamSimulator(script=[{"match": ".", "answer": answer}])


def test_an_error_has_no_tokens() -> None:
    """As it has no text."""
    with pytest.raises(ScriptError, match="not both"):
        UpstreamSimulator(script=[{"match": ".", "answer": {"error": {"status": 400}, "tokens": {"cached": 1}}}])
