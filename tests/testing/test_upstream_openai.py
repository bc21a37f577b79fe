import json
import math
from collections.abc import Iterator
from enum import StrEnum

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.responses import FunctionToolParam
from pydantic import BaseModel

from inferspect.testing.upstream import UpstreamSimulator, unit_vector

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello there"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 3},
            },
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture
def client(upstream: UpstreamSimulator) -> Iterator[OpenAI]:
    upstream.reset()
    with OpenAI(base_url=f"{upstream.url}/v1", api_key="sk-any", max_retries=0) as client:
        yield client


def test_demo_answers_by_quoting_the_user(client: OpenAI) -> None:
    """The demo model says who it is and repeats the user's last message."""
    completion = client.chat.completions.create(
        model="demo", messages=[*HELLO, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Bye"}]
    )
    text = completion.choices[0].message.content
    assert text is not None
    assert "InferSpect's simulator" in text
    assert '"Bye"' in text
    assert completion.choices[0].finish_reason == "stop"


def test_streamed_and_whole_answers_are_the_same(client: OpenAI) -> None:
    """A stream carries the same text and the same usage as the whole answer."""
    whole = client.chat.completions.create(model="demo", messages=HELLO)
    with client.chat.completions.create(
        model="demo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_usage_is_a_quarter_of_the_characters(client: OpenAI) -> None:
    """Tokens are the characters of all messages, and of the answer, divided by four and rounded up."""
    usage = client.chat.completions.create(
        model="tokens-7", messages=[{"role": "system", "content": "12345"}, {"role": "user", "content": "6789"}]
    ).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (3, 7, 10)


def test_a_stream_without_include_usage_tells_no_usage(client: OpenAI) -> None:
    """Usage is streamed only to those who ask for it."""
    with client.chat.completions.create(model="demo", messages=HELLO, stream=True) as stream:
        assert all(chunk.usage is None and chunk.choices for chunk in stream)


def test_every_answer_has_an_id_of_its_own(client: OpenAI) -> None:
    """No two answers share an id."""
    ids = {client.chat.completions.create(model="demo", messages=HELLO).id for _ in range(50)}
    assert len(ids) == 50
    assert all(identifier.startswith("chatcmpl-") for identifier in ids)


def test_echo_answers_exactly_what_was_received(client: OpenAI, upstream: UpstreamSimulator) -> None:
    """The echo is the request's body to the byte, however short the answer should be."""
    completion = client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": 'naïve "quotes" and 🦊'}], max_tokens=1, stop="user", seed=7
    )
    assert completion.choices[0].message.content == upstream.received[-1].body.decode()
    assert upstream.received[-1].json()["seed"] == 7
    assert upstream.received[-1].headers["authorization"] == "Bearer sk-any"


def test_max_tokens_cuts_the_answer(client: OpenAI) -> None:
    """An answer of the maximum length ends with the reason `length`, whichever name the maximum has."""
    whole = client.chat.completions.create(model="demo", messages=HELLO).choices[0].message.content
    assert whole is not None
    for completion in (
        client.chat.completions.create(model="demo", messages=HELLO, max_tokens=3),
        client.chat.completions.create(model="demo", messages=HELLO, max_completion_tokens=3),
    ):
        assert completion.choices[0].message.content == whole[:12]
        assert completion.choices[0].finish_reason == "length"
        assert completion.usage is not None
        assert completion.usage.completion_tokens == 3


@pytest.mark.parametrize("stop", ["simulator", ["nowhere", "simulator", "was"]])
def test_stop_ends_the_answer_before_the_earliest_sequence(client: OpenAI, stop: str | list[str]) -> None:
    """The answer ends before the first stop sequence that occurs in it."""
    completion = client.chat.completions.create(model="demo", messages=HELLO, stop=stop)
    assert completion.choices[0].message.content == "Hello! I am InferSpect's "
    assert completion.choices[0].finish_reason == "stop"


def test_several_choices_are_all_answered_and_counted(client: OpenAI) -> None:
    """With `n`, every choice is told, whole and streamed, and usage counts them all."""
    whole = client.chat.completions.create(model="tokens-5", messages=HELLO, n=3)
    assert [choice.index for choice in whole.choices] == [0, 1, 2]
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 15
    texts = ["", "", ""]
    with client.chat.completions.create(model="tokens-5", messages=HELLO, n=3, stream=True) as stream:
        for chunk in stream:
            texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == [choice.message.content for choice in whole.choices]


def test_a_required_tool_is_called_with_fitting_arguments(client: OpenAI) -> None:
    """A tool call's arguments have every property, with values that the schema allows."""
    completion = client.chat.completions.create(model="demo", messages=HELLO, tools=[WEATHER], tool_choice="required")
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.choices[0].message.content is None
    calls = completion.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert calls[0].function.name == "get_weather"
    assert json.loads(calls[0].function.arguments) == {"city": "Hello there", "unit": "celsius", "days": 3}


def test_a_named_tool_is_the_one_that_is_called(client: OpenAI) -> None:
    """`tool_choice` with a name calls that function and no other."""
    other: ChatCompletionToolParam = {"type": "function", "function": {"name": "get_time"}}
    completion = client.chat.completions.create(
        model="demo",
        messages=HELLO,
        tools=[WEATHER, other],
        tool_choice={"type": "function", "function": {"name": "get_time"}},
    )
    calls = completion.choices[0].message.tool_calls
    assert calls is not None
    assert [call.function.name for call in calls if call.type == "function"] == ["get_time"]


def test_tools_alone_are_not_called(client: OpenAI) -> None:
    """Offered tools stay unused by `demo`, and `none` forbids them to `tool-call` too."""
    assert client.chat.completions.create(model="demo", messages=HELLO, tools=[WEATHER]).choices[0].message.content
    forbidden = client.chat.completions.create(model="tool-call", messages=HELLO, tools=[WEATHER], tool_choice="none")
    assert forbidden.choices[0].message.content


def test_tool_calls_stream_in_pieces(client: OpenAI) -> None:
    """The pieces of a streamed tool call make up the same call as the whole answer has."""
    with client.chat.completions.create(model="tool-call", messages=HELLO, tools=[WEATHER], stream=True) as stream:
        chunks = list(stream)
    deltas = [delta for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or []]
    assert deltas[0].id is not None
    assert deltas[0].function is not None
    assert deltas[0].function.name == "get_weather"
    arguments = "".join(delta.function.arguments or "" for delta in deltas if delta.function)
    assert json.loads(arguments)["unit"] == "celsius"
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_an_agent_that_brings_the_tool_result_gets_words(client: OpenAI) -> None:
    """`tool-call` calls once and then answers in text, so that an agent's loop ends."""
    messages: list[ChatCompletionMessageParam] = [
        *HELLO,
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]
    completion = client.chat.completions.create(model="tool-call", messages=messages, tools=[WEATHER])
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.content


def test_a_tool_call_without_tools_is_still_one(client: OpenAI) -> None:
    """`tool-call` invents a function when the request offers none."""
    calls = client.chat.completions.create(model="tool-call", messages=HELLO).choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert json.loads(calls[0].function.arguments) == {"query": "Hello there"}


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Wheel(BaseModel):
    colour: Colour
    spokes: int
    spare: "Wheel | None"


class Car(BaseModel):
    name: str
    wheels: list[Wheel]


def test_structured_answers_pass_the_sdks_own_parser(client: OpenAI) -> None:
    """An answer to a JSON schema with references, enums and recursion is a valid object of the client's class."""
    car = client.chat.completions.parse(model="demo", messages=HELLO, response_format=Car).choices[0].message.parsed
    assert car is not None
    assert car.wheels[0].colour is Colour.RED


def test_json_mode_answers_an_object(client: OpenAI) -> None:
    """`json_object` gives an object that holds the usual answer."""
    completion = client.chat.completions.create(model="demo", messages=HELLO, response_format={"type": "json_object"})
    assert "Hello there" in json.loads(completion.choices[0].message.content or "")["answer"]


def test_older_completions_answer_and_stream(client: OpenAI) -> None:
    """Text completions give every prompt its choice, and the same text streamed."""
    whole = client.completions.create(model="demo", prompt=["one", "two"], max_tokens=100)
    assert [choice.index for choice in whole.choices] == [0, 1]
    assert whole.id.startswith("cmpl-")
    with client.completions.create(model="demo", prompt="two", stream=True) as stream:
        assert "".join(chunk.choices[0].text for chunk in stream) == whole.choices[1].text


def test_embeddings_are_unit_vectors_of_the_text_alone(client: OpenAI) -> None:
    """The same text always has the same vector of length 1, and other texts point elsewhere."""
    first = client.embeddings.create(model="demo", input=["fox", "hen", "fox"])
    vectors = [item.embedding for item in first.data]
    assert len(vectors[0]) == 1536
    assert vectors[0] == vectors[2] == list(unit_vector("fox"))
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-5)
    assert abs(sum(one * other for one, other in zip(vectors[0], vectors[1], strict=True))) < 0.2
    assert first.usage.prompt_tokens == 3


def test_embeddings_come_in_the_asked_size_and_encoding(client: OpenAI) -> None:
    """`dimensions` is honoured, and numbers and base64 carry the same vector."""
    numbers = client.embeddings.create(model="demo", input="fox", dimensions=8, encoding_format="float")
    encoded = client.embeddings.create(model="demo", input="fox", dimensions=8)
    assert len(numbers.data[0].embedding) == 8
    assert encoded.data[0].embedding == numbers.data[0].embedding


def test_token_lists_are_embedded_too(client: OpenAI) -> None:
    """A list of token numbers is one text, a list of lists is several, and usage counts the tokens."""
    assert len(client.embeddings.create(model="demo", input=[1, 2, 3]).data) == 1
    several = client.embeddings.create(model="demo", input=[[1, 2, 3], [4]])
    assert len(several.data) == 2
    assert several.usage.total_tokens == 4


def test_responses_answer_and_stream_the_same(client: OpenAI) -> None:
    """The streamed response ends as the whole one is, with all of its events in order."""
    whole = client.responses.create(model="demo", instructions="Be brief.", input="Hello there")
    assert '"Hello there"' in whole.output_text
    assert whole.status == "completed"
    assert whole.id.startswith("resp_")
    with client.responses.create(model="demo", instructions="Be brief.", input="Hello there", stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == whole.output_text
    assert last.response.usage == whole.usage


def test_responses_call_functions(client: OpenAI) -> None:
    """A function call is the same whole and streamed, and the SDK's own accumulator accepts its events."""
    tool: FunctionToolParam = {
        "type": "function",
        "name": "get_weather",
        "parameters": WEATHER["function"]["parameters"],
        "strict": False,
    }
    whole = client.responses.create(model="demo", input="Paris", tools=[tool], tool_choice="required")
    assert whole.output[0].type == "function_call"
    assert json.loads(whole.output[0].arguments)["city"] == "Paris"
    with client.responses.stream(model="tool-call", input="Paris", tools=[tool]) as stream:
        final = stream.get_final_response()
    assert final.output[0].type == "function_call"
    assert final.output[0].arguments == whole.output[0].arguments


def test_a_long_response_is_incomplete(client: OpenAI) -> None:
    """A response of the maximum length says that it is incomplete and why, whole and streamed."""
    whole = client.responses.create(model="demo", input=[{"role": "user", "content": "Hi"}], max_output_tokens=16)
    assert whole.status == "incomplete"
    assert whole.incomplete_details is not None
    assert whole.incomplete_details.reason == "max_output_tokens"
    with client.responses.create(model="demo", input="Hi", max_output_tokens=16, stream=True) as stream:
        assert [event.type for event in stream][-1] == "response.incomplete"


def test_structured_responses_pass_the_sdks_own_parser(client: OpenAI) -> None:
    """The responses API honours a JSON schema as chat completions do."""
    car = client.responses.parse(model="demo", input="Hi", text_format=Car).output_parsed
    assert car is not None
    assert car.wheels


def test_models_are_listed_and_answer(client: OpenAI) -> None:
    """The models' list names examples of the grammar."""
    assert {"demo", "echo"} <= {model.id for model in client.models.list()}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_commanded_errors_reach_the_sdk(client: OpenAI, status: int, kind: type[openai.APIStatusError]) -> None:
    """Every status becomes the SDK's own exception, with a message, on every endpoint."""
    model = f"error-{status}"
    for call in (
        lambda: client.chat.completions.create(model=model, messages=HELLO),
        lambda: client.chat.completions.create(model=model, messages=HELLO, stream=True),
        lambda: client.completions.create(model=model, prompt="Hi"),
        lambda: client.embeddings.create(model=model, input="Hi"),
        lambda: client.responses.create(model=model, input="Hi"),
    ):
        with pytest.raises(kind, match=f"told to fail with status {status}") as caught:
            call()
        assert caught.value.status_code == status


def test_a_rate_limit_tells_when_to_come_back(client: OpenAI) -> None:
    """`retry-after` is sent as commanded."""
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="error-429-retry-after-2", messages=HELLO)
    assert caught.value.response.headers["retry-after"] == "2"


def test_every_second_request_fails(client: OpenAI) -> None:
    """A failure ratio is deterministic: of each N requests the last fails."""
    outcomes = []
    for _ in range(6):
        try:
            client.chat.completions.create(model="error-500-every-3", messages=HELLO)
            outcomes.append("ok")
        except openai.InternalServerError:
            outcomes.append("failed")
    assert outcomes == ["ok", "ok", "failed"] * 2


def test_an_error_in_the_middle_of_a_stream_is_raised_by_the_sdk(client: OpenAI) -> None:
    """`fail-mid-stream` tells half of the answer and then an error."""
    told: list[str | None] = []
    with (
        client.chat.completions.create(model="fail-mid-stream", messages=HELLO, stream=True) as stream,
        pytest.raises(openai.APIError, match="in the middle"),
    ):
        told.extend(chunk.choices[0].delta.content for chunk in stream)
    text = "".join(piece or "" for piece in told)
    assert text.startswith("Hello!")
    assert "Hello there" not in text


def test_a_response_that_fails_in_the_middle_is_raised_by_the_sdk(client: OpenAI) -> None:
    """The responses API tells the error in its own event."""
    with client.responses.create(model="fail-mid-stream", input="Hi", stream=True) as stream:
        last = list(stream)[-1]
    assert last.type == "error"
    assert "in the middle" in last.message


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"messages": HELLO}, "model"),
        ({"model": "demo"}, "messages"),
        ({"model": "demo", "messages": []}, "messages"),
        ({"model": "demo", "messages": ["Hi"]}, "messages"),
        ({"model": "demo", "messages": [{"role": "user", "content": 5}]}, "messages"),
        ({"model": "demo", "messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"model": "demo", "messages": HELLO, "n": 1000}, "n"),
        ({"model": "demo", "messages": HELLO, "stop": 5}, "stop"),
        ({"model": "demo", "messages": HELLO, "tool_choice": "required"}, "tool_choice"),
        (
            {"model": "demo", "messages": HELLO, "tool_choice": {"type": "function", "function": {"name": "x"}}},
            "tool_choice",
        ),
        ({"model": "demo", "messages": HELLO, "tools": [{"type": "function"}]}, "tools"),
        ({"model": "demo", "messages": HELLO, "stream_options": 5}, "stream_options"),
        ({"model": "eror-500", "messages": HELLO}, "model"),
    ],
)
def test_mistakes_in_a_request_are_refused_by_name(client: OpenAI, body: dict[str, object], parameter: str) -> None:
    """What a provider would refuse is refused with status 400 and the name of the field."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    assert caught.value.param == parameter


def test_an_unknown_command_is_named_in_the_error(client: OpenAI) -> None:
    """A typing error in a model's name is told, with the commands that exist."""
    with pytest.raises(openai.BadRequestError, match=r"'eror-500'.*error-500"):
        client.chat.completions.create(model="demo+eror-500", messages=HELLO)
    with pytest.raises(openai.BadRequestError, match="'ecko'") as caught:
        client.chat.completions.create(model="demo", messages=HELLO, extra_headers={"x-simulator": "ecko"})
    assert caught.value.param == "x-simulator"


def test_the_header_commands_instead_of_the_model(client: OpenAI) -> None:
    """`x-simulator` replaces the commands in the model's name, which then may be any name."""
    completion = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, extra_headers={"x-simulator": "tokens-2+latency-1ms"}
    )
    assert completion.model == "gpt-4o"
    assert completion.choices[0].message.content == "The simu"
