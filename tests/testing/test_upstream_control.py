import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from openai import OpenAI

from inferspect.testing.upstream import Rule, ScriptedAnswer, ScriptError, UnknownCommandError, UpstreamSimulator
from inferspect.testing.upstream.exchange import Request
from inferspect.testing.upstream.recording import MAXIMUM_BODY_BYTES, Recording
from inferspect.testing.upstream.script import Script


@pytest.fixture(scope="module")
def simulator() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture
def upstream(simulator: UpstreamSimulator) -> UpstreamSimulator:
    simulator.reset()
    return simulator


def ask(upstream: UpstreamSimulator, content: str = "Hi", model: str = "demo") -> str | None:
    with OpenAI(base_url=f"{upstream.url}/v1", api_key="sk-any", max_retries=0) as client:
        return (
            client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
            .choices[0]
            .message.content
        )


def control(upstream: UpstreamSimulator, method: str, path: str, body: object = None) -> Any:
    content = None if body is None else json.dumps(body)
    return httpx.request(method, f"{upstream.url}/_simulator/{path}", content=content).raise_for_status().json()


def test_what_was_received_can_be_read_and_forgotten(upstream: UpstreamSimulator) -> None:
    """A test in the same process sees each request as it came, until it clears them."""
    ask(upstream, "first")
    ask(upstream, "second")
    first, second = upstream.received
    assert (first.method, first.path) == ("POST", "/v1/chat/completions")
    assert first.headers["content-type"] == "application/json"
    assert second.json()["messages"][0]["content"] == "second"
    upstream.clear()
    assert upstream.received == []


def test_what_was_received_can_be_read_over_http(upstream: UpstreamSimulator) -> None:
    """A test in another process sees the same, filtered and limited to the newest."""
    for content in ("red one", "blue", "red two"):
        ask(upstream, content)
    everything = control(upstream, "GET", "received")
    assert everything["total"] == 3
    assert [json.loads(request["body"])["messages"][0]["content"] for request in everything["received"]] == [
        "red one",
        "blue",
        "red two",
    ]
    [newest_red] = control(upstream, "GET", "received?limit=1&contains=red")["received"]
    assert "red two" in newest_red["body"]
    assert newest_red["headers"]["authorization"] == "Bearer sk-any"
    assert control(upstream, "GET", "received?contains=green")["received"] == []
    assert len(control(upstream, "GET", "received?contains=sk-any")["received"]) == 3
    control(upstream, "DELETE", "received")
    assert control(upstream, "GET", "received") == {"total": 0, "received": []}


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "contain=x"])
def test_mistakes_in_a_filter_are_refused(upstream: UpstreamSimulator, query: str) -> None:
    """A filter that would silently match everything is an error."""
    assert httpx.get(f"{upstream.url}/_simulator/received?{query}").status_code == 400


def request_of(size: int) -> Request:
    return Request("POST", "/", (), b"x" * size)


def test_recording_keeps_the_newest_within_its_bounds() -> None:
    """Neither the number nor the bytes of recorded requests grow without end."""
    recording = Recording(maximum_requests=3, maximum_bytes=100)
    for size in (10, 20, 30, 40):
        recording.add(request_of(size))
    assert [len(received.body) for received in recording.newest()] == [20, 30, 40]
    recording.add(request_of(90))
    assert [len(received.body) for received in recording.newest()] == [90]
    assert recording.total == 5
    recording.add(request_of(1000))
    assert [(len(received.body), received.body_bytes) for received in recording.newest()] == [(100, 1000)]


def test_a_huge_body_is_recorded_in_part() -> None:
    """One body takes at most 8 MiB of the recording, and its true size is told."""
    recording = Recording()
    recording.add(request_of(MAXIMUM_BODY_BYTES + 5))
    [received] = recording.newest()
    assert (len(received.body), received.body_bytes) == (MAXIMUM_BODY_BYTES, MAXIMUM_BODY_BYTES + 5)


def test_a_running_deployment_can_be_made_bad_and_good_again(upstream: UpstreamSimulator) -> None:
    """A behaviour set for a model, or for all, overrides its name until it is taken back."""
    control(upstream, "POST", "behaviour", {"demo": "error-503"})
    with pytest.raises(openai.InternalServerError):
        ask(upstream)
    assert ask(upstream, model="tokens-1") == "The "
    assert control(upstream, "POST", "behaviour", {"demo": None, "*": "tokens-2"}) == {"*": "tokens-2"}
    assert ask(upstream) == "The simu"
    assert ask(upstream, model="gpt-4o") == "The simu"
    assert upstream.behaviours == control(upstream, "GET", "behaviour") == {"*": "tokens-2"}
    assert control(upstream, "DELETE", "behaviour") == {}
    assert "Hello!" in (ask(upstream) or "")


def test_a_wrong_behaviour_changes_nothing(upstream: UpstreamSimulator) -> None:
    """A behaviour with a typing error is refused and the others beside it are not set either."""
    with pytest.raises(UnknownCommandError, match="'eror'"):
        upstream.set_behaviours({"demo": "error-500", "other": "eror"})
    for body in ({"demo": "error-500", "other": "eror"}, ["demo"], {"demo": 5}):
        response = httpx.post(f"{upstream.url}/_simulator/behaviour", json=body)
        assert response.status_code == 400
        assert response.json()["error"]["message"]
    assert upstream.behaviours == {}


def test_setting_behaviours_starts_the_failure_count_anew(upstream: UpstreamSimulator) -> None:
    """After a change the first request of a failing ratio succeeds again."""
    for _ in range(2):
        upstream.set_behaviours({"demo": "error-500-every-2"})
        ask(upstream)
    with pytest.raises(openai.InternalServerError):
        ask(upstream)


def test_the_first_rule_that_fits_answers(upstream: UpstreamSimulator) -> None:
    """Rules look into the last user message and at the model, in their order."""
    upstream.script = [
        {"match": "capital", "model": "gpt-.*", "answer": "Paris, says GPT."},
        {"match": "(?i)CAPITAL", "answer": "Paris."},
        {"model": "gpt-4o", "answer": "No idea."},
    ]
    assert ask(upstream, "the capital of France?", "gpt-4o") == "Paris, says GPT."
    assert ask(upstream, "the capital of France?") == "Paris."
    assert ask(upstream, "Hm", "gpt-4o") == "No idea."
    assert "Hello!" in (ask(upstream, "Hm") or "")
    with pytest.raises(openai.BadRequestError):
        ask(upstream, "Hm", "gpt-4o-mini")


def test_scripted_answers_keep_the_models_pace_and_faults(upstream: UpstreamSimulator) -> None:
    """A script replaces what is said; errors and cuts that the model's name commands still happen."""
    upstream.script = [Rule(model=".*", answer=ScriptedAnswer(text="Scripted."))]
    assert ask(upstream, model="latency-1ms+echo") == "Scripted."
    with pytest.raises(openai.InternalServerError):
        ask(upstream, model="error-500")


def test_tool_calls_can_be_scripted(upstream: UpstreamSimulator) -> None:
    """A scripted answer may speak and call tools at once, in either API's shape."""
    call = {"name": "get_weather", "arguments": {"city": "Paris"}}
    control(upstream, "POST", "script", [{"match": "weather", "answer": {"text": "Wait.", "tool_calls": [call]}}])
    with OpenAI(base_url=f"{upstream.url}/v1", api_key="any") as client:
        choice = client.chat.completions.create(
            model="demo", messages=[{"role": "user", "content": "The weather?"}]
        ).choices[0]
    assert choice.message.content == "Wait."
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].type == "function"
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"city": "Paris"}
    with (
        anthropic.Anthropic(base_url=upstream.url, api_key="any") as anthropic_client,
        anthropic_client.messages.stream(
            model="demo", max_tokens=9, messages=[{"role": "user", "content": "The weather?"}]
        ) as stream,
    ):
        blocks = stream.get_final_message().content
    assert [block.type for block in blocks] == ["text", "tool_use"]
    assert control(upstream, "DELETE", "script") == {"rules": 0}


def test_errors_can_be_scripted(upstream: UpstreamSimulator) -> None:
    """A scripted error has the status, code and retry-after that the rule names."""
    error = {"status": 400, "message": "too long", "code": "context_length_exceeded", "retry_after": 3}
    upstream.script = [{"match": "novel", "answer": {"error": error}}]
    with pytest.raises(openai.BadRequestError, match="too long") as caught:
        ask(upstream, "my novel")
    assert caught.value.code == "context_length_exceeded"
    assert caught.value.response.headers["retry-after"] == "3"
    assert [rule.answer.error.status for rule in upstream.script if rule.answer.error] == [400]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("{", "not YAML"),
        ("just text", "list of rules"),
        ("rules: 5", "list of rules"),
        ("- 5", "rule 1"),
        ("- answer: x", "needs match, system, history or model"),
        ("- {match: a, answer: x}\n- {match: '(', answer: x}", "rule 2: match"),
        ("- {match: a}", "answer"),
        ("- {match: a, answer: x, anser: y}", "anser"),
        ("- {match: a, answer: {error: {status: 200}}}", "status"),
        ("- {match: a, answer: {text: x, error: {status: 500}}}", "not both"),
        ("- {match: a, answer: {tool_calls: [{arguments: {}}]}}", "name"),
    ],
)
def test_a_wrong_script_is_refused_with_the_place(upstream: UpstreamSimulator, script: str, reason: str) -> None:
    """A script's mistakes are told with the rule and the field, in process and over HTTP."""
    with pytest.raises(ScriptError, match=reason):
        Script.parse(script)
    response = httpx.post(f"{upstream.url}/_simulator/script", content=script)
    assert response.status_code == 400
    assert reason in response.json()["error"]["message"]


def test_health_counts(upstream: UpstreamSimulator) -> None:
    """Health tells how much was received and how many connections are open."""
    ask(upstream)
    health = control(upstream, "GET", "health")
    assert health["status"] == "ok"
    assert health["received"] == 1
    assert health["connections"] >= 1


def test_a_simulator_says_when_it_is_not_running(upstream: UpstreamSimulator) -> None:
    """Without its `with` block there is no URL, and no second start of the same simulator."""
    with pytest.raises(RuntimeError, match="not started"):
        _ = UpstreamSimulator().url
    with pytest.raises(RuntimeError, match="started before"):
        upstream.start()


def test_a_port_in_use_is_an_error(upstream: UpstreamSimulator) -> None:
    """A simulator that cannot listen raises instead of waiting."""
    with pytest.raises(OSError, match="in use"):
        UpstreamSimulator(port=httpx.URL(upstream.url).port or 0).start()


def test_two_simulators_do_not_know_each_other(upstream: UpstreamSimulator) -> None:
    """Each simulator has its own port, recording, script and behaviours."""
    with UpstreamSimulator(script=[{"match": "", "answer": "other"}], behaviours={"x": "demo"}) as other:
        assert ask(other, model="x") == "other"
        assert upstream.received == []
        assert other.url != upstream.url
    with pytest.raises(openai.APIConnectionError):
        ask(other)
