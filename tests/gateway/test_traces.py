"""The trace of each kind of request, as Langfuse and a collector get it, against what client and provider saw."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector, Prompt
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.otlp import OtlpCollector
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.exchanges import (
    APIS,
    Answer,
    Client,
    answer_of,
    asked_by,
    assert_same,
    attempts_of,
    call_of,
    priced_models,
    roots_of,
    said,
)
from tests.running_gateway import QUICK, configuration

TEXT = "Tell me about the sea, I am ada@example.com"
MASKED = "Tell me about the sea, I am <EMAIL_ADDRESS>"
MESSAGES = [{"role": "user", "content": TEXT}]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]


@pytest.fixture(scope="module")
def langfuse() -> Iterator[LangfuseCollector]:
    with LangfuseCollector() as collector:
        yield collector


@pytest.fixture(scope="module")
def collector() -> Iterator[OtlpCollector]:
    with OtlpCollector() as running:
        yield running


@pytest.fixture(scope="module")
def traced(
    upstream: UpstreamSimulator,
    langfuse: LangfuseCollector,
    collector: OtlpCollector,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("traces")
    own = {"langfuse": {"shared_prompts": ["*"]}, "tracing": {"endpoint": collector.url, "propagate": ["openai"]}}
    content = configuration(upstream, inferspect=own)
    content["general_settings"]["proxy_batch_write_at"] = 1
    content["model_list"] += priced_models(upstream)
    content["router_settings"]["fallbacks"].append({"priced-error-500": ["priced-echo"]})
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    environment = {
        **QUICK,
        "LANGFUSE_BASE_URL": langfuse.url,
        "LANGFUSE_PUBLIC_KEY": PUBLIC_KEY,
        "LANGFUSE_SECRET_KEY": SECRET_KEY,
    }
    with GatewayProcess(folder, config, environment) as running:
        yield running


@pytest.fixture
def client(traced: GatewayProcess, langfuse: LangfuseCollector, scripted: UpstreamSimulator) -> Client:
    scripted.set_behaviours({"gpt-4o-mini": "echo", "claude": "echo"})
    return Client(traced, langfuse, scripted)


def test_a_plain_request(client: Client) -> None:
    """All that the client said of itself, what the model was asked, what it answered, what it cost, and the scores."""
    alias = f"key-{uuid.uuid4()}"
    with client.gateway.client() as admin:
        admin.post("/key/update", json={"key": client.key, "key_alias": alias}).raise_for_status()
    body = {
        "model": "priced-echo",
        "messages": MESSAGES,
        "temperature": 0.25,
        "user": "customer-7",
        "metadata": {
            "session_id": "talk-1",
            "tags": ["beta"],
            "trace_name": "support",
            "trace_release": "v3",
            "environment": "staging",
        },
    }
    response = client.post("chat/completions", body).raise_for_status()
    trace = client.trace(response)
    call, spend = call_of(trace), client.spend()
    (received,) = client.upstream.received
    assert_same(trace, answer_of(response.text), [received], spend)
    assert spend["spend"] > 0
    assert (trace.name, trace.user_id, trace.session_id, trace.tags) == ("support", "customer-7", "talk-1", ["beta"])
    assert (trace.release, trace.environment) == ("v3", "staging")
    assert (trace.metadata["tenant_id"], trace.metadata["key_alias"]) == (spend["team_id"], alias)
    assert client.key not in str(trace)
    assert call.input == received.json()["messages"] == [{"role": "user", "content": MASKED}]
    assert call.model_parameters == {"temperature": received.json()["temperature"]} == {"temperature": 0.25}
    assert call.level == "DEFAULT"
    assert call.metadata["finish_reason"] == response.json()["choices"][0]["finish_reason"]
    assert [attempt.metadata["reason"] for attempt in attempts_of(trace)] == ["first"]
    guardrails = {one.name: one.metadata for one in trace.of_type("guardrail")}
    assert guardrails["guardrail pii (input)"]["decision"] == "modify"
    assert (call.metadata["model_asked"], call.metadata["provider"]) == ("priced-echo", "openai")
    assert all(one.arrivals == 1 for one in trace.observations.values())
    assert not any(b"ada@" in request.body for request in client.langfuse.received)
    names = {score.name for score in client.scores(trace)}
    assert {"Relevance", "Response Time", "Text Length"} <= names


def test_what_headers_say_of_a_request(client: Client) -> None:
    """Its conversation and its name."""
    headers = {"x-session-id": "conversation", "langfuse_trace_name": "checkout"}
    response = client.post("chat/completions", {"model": "priced-echo", "messages": MESSAGES}, **headers)
    trace = client.trace(response.raise_for_status())
    assert (trace.name, trace.session_id) == ("checkout", "conversation")


@pytest.mark.parametrize("model", ["priced-gpt-4o-mini", "priced-claude"])
@pytest.mark.parametrize("path", APIS)
def test_a_stream(client: Client, path: str, model: str) -> None:
    """The answer is put together from its pieces; when the first came is told."""
    response = client.post(path, asked_by(path, model, TEXT, stream=True)).raise_for_status()
    trace = client.trace(response)
    call = call_of(trace)
    (root,) = roots_of(trace)
    answer = answer_of(response.text)
    assert answer.usage
    assert_same(trace, answer, client.upstream.received, client.spend())
    assert root.start is not None
    assert root.end is not None
    assert call.completion_start_time is not None
    assert root.start < call.completion_start_time <= root.end
    assert "<EMAIL_ADDRESS>" in json.dumps(call.input)
    assert "<EMAIL_ADDRESS>" in answer.text
    assert "ada@" not in json.dumps([call.input, call.output])
    assert root.metadata["stream"] in (True, "true")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["priced-gpt-4o-mini", "priced-claude"])
@pytest.mark.parametrize("path", APIS)
def test_kinds_of_tokens(client: Client, path: str, model: str, stream: bool) -> None:
    """Those of the cache, of audio and of reasoning are told apart, once each, and paid for as LiteLLM says."""
    told = {"cached": 100, "cache_creation": 30, "reasoning": 20}
    kinds = {"input_cached_tokens": 100, "input_cache_creation": 30, "output_reasoning_tokens": 20}
    if (path, model) == ("chat/completions", "priced-gpt-4o-mini"):  # no other API tells audio apart
        told |= {"audio_input": 7, "audio_output": 9}
        kinds |= {"input_audio_tokens": 7, "output_audio_tokens": 9}
    client.upstream.script = [{"match": "tides", "answer": {"text": "Two a day", "tokens": told}}]
    question = "How many tides, ada@example.com?"
    response = client.post(path, asked_by(path, model, question, stream=stream)).raise_for_status()
    trace, answer = client.trace(response), answer_of(response.text)
    assert answer.text == "Two a day"
    assert_same(trace, answer, client.upstream.received, client.spend())
    call = call_of(trace)
    plain = {"input": 8, "output": 3}  # a quarter of the characters, as they were sent
    assert call.usage_details == {**plain, **kinds, "total": sum([*plain.values(), *kinds.values()])}
    assert call.metadata["provider"] == ("anthropic" if model == "priced-claude" else "openai")
    assert said(client.upstream.received[0].json()) == "How many tides, <EMAIL_ADDRESS>?"


def test_a_tool_call(client: Client) -> None:
    """What the model wants to be called is part of the answer; the tools are parameters by name."""
    response = client.post("chat/completions", {"model": "priced-tool-call", "messages": MESSAGES, "tools": TOOLS})
    trace = client.trace(response.raise_for_status())
    call = call_of(trace)
    assert_same(trace, answer_of(response.text), client.upstream.received, client.spend())
    told = response.json()["choices"][0]["message"]["tool_calls"][0]
    assert call.output[0]["message"]["tool_calls"][0] == told
    assert call.input["tools"] == client.upstream.received[0].json()["tools"] == TOOLS
    assert call.model_parameters["tools"] == ["weather"]


def test_a_cached_answer(client: Client) -> None:
    """No deployment was called, and it cost nothing; that each request has a traceparent of its own changes nothing."""
    question = [{"role": "user", "content": f"Question {uuid.uuid4()} of {TEXT}"}]
    body = {"model": "priced-echo", "messages": question, "cache": {"use-cache": True}}
    while True:
        response = client.post("chat/completions", body).raise_for_status()
        if "x-litellm-cache-key" in response.headers:
            break
        time.sleep(0.1)
    trace = client.trace(response)
    assert client.upstream.received == []
    assert_same(trace, answer_of(response.text), [], client.spend(cache_hit="True"))
    assert "cache hit" in {one.name for one in trace.observations.values()}
    assert call_of(trace).cost_details["total"] == 0
    assert call_of(trace).model == "echo"


def test_a_fallback(client: Client) -> None:
    """Each attempt is told in its order, and why it was made; the client saw a success."""
    response = client.post("chat/completions", {"model": "priced-error-500", "messages": MESSAGES}).raise_for_status()
    trace = client.trace(response)
    attempts = attempts_of(trace)
    assert_same(trace, answer_of(response.text), client.upstream.received, client.spend())
    assert attempts[0].metadata["reason"] == "first"
    assert {attempt.metadata["reason"] for attempt in attempts[1:-1]} <= {"retry"}
    assert attempts[-1].metadata["reason"] == "fallback"
    assert [attempt.level for attempt in attempts] == ["WARNING"] * (len(attempts) - 1) + ["DEFAULT"]
    assert "500" in str(attempts[0].status_message)
    assert call_of(trace).model == "echo"
    assert roots_of(trace)[0].level == "DEFAULT"


def test_a_blocked_request(traced: GatewayProcess, langfuse: LangfuseCollector, upstream: UpstreamSimulator) -> None:
    """By which guardrail and with which code; no model was asked, and nothing of the content is kept."""
    client = Client(traced, langfuse, upstream, pii={"entities": {"EMAIL_ADDRESS": "block"}})
    response = client.post("chat/completions", {"model": "priced-echo", "messages": MESSAGES})
    assert response.status_code == 400
    assert client.upstream.received == []
    trace = client.trace(response)
    (root,) = roots_of(trace)
    assert (root.level, root.status_message) == ("WARNING", response.json()["error"]["code"])
    assert root.status_message == "pii_blocked"
    assert trace.of_type("generation") == []
    blocking = [one for one in trace.of_type("guardrail") if one.level == "WARNING"]
    assert [(one.name, one.status_message) for one in blocking] == [("guardrail pii (input)", "pii_blocked")]
    assert "ada@" not in str(trace)


def test_a_failed_request(client: Client) -> None:
    """Level and message say what the client was told, each attempt how it failed."""
    response = client.post("chat/completions", {"model": "sim/error-400", "messages": MESSAGES})
    assert response.status_code == 400
    trace = client.trace(response)
    (root,) = roots_of(trace)
    assert (root.level, root.status_message) == ("ERROR", response.json()["error"]["code"])
    assert root.metadata["status"] == 400
    assert {one.level for one in trace.observations.values() if one.type != "guardrail"} == {"ERROR"}
    (received,) = client.upstream.received
    assert [attempt.metadata["model"] for attempt in attempts_of(trace)] == [received.json()["model"]]
    assert call_of(trace).input == received.json()["messages"]
    assert (call_of(trace).cost_details, client.spend()["spend"]) == ({}, 0)
    assert "ada@" not in str(trace)


@pytest.mark.parametrize("model", ["priced-gpt-4o-mini", "priced-claude"])
@pytest.mark.parametrize("path", APIS)
def test_a_request_that_the_client_gave_up(client: Client, path: str, model: str) -> None:
    """What it got until then was an answer of a model, which somebody pays for."""
    client.upstream.set_behaviours({"gpt-4o-mini": "demo+speed-4tps", "claude": "demo+speed-4tps"})
    response, text = client.leave(path, asked_by(path, model, TEXT), after="Hello")
    trace = client.trace(response)
    (root,) = roots_of(trace)
    got, told = answer_of(text).text, said(call_of(trace).output)
    assert told.startswith(got)
    assert got
    assert_same(trace, Answer(told, None), client.upstream.received, client.spend())
    assert "finish_reason" not in call_of(trace).metadata
    assert (root.level, root.status_message) == ("WARNING", "client_aborted")
    assert root.metadata["result"] == "aborted"


def test_embeddings(client: Client) -> None:
    """How many vectors of which size, never the vectors."""
    response = client.post("embeddings", {"model": "priced-demo", "input": [TEXT, "b"]}).raise_for_status()
    trace, spend = client.trace(response), client.spend()
    (call,) = trace.of_type("embedding")
    assert_same(trace, answer_of(response.text), client.upstream.received, spend)
    assert spend["spend"] > 0
    assert call.input == client.upstream.received[0].json()["input"] == [MASKED, "b"]
    assert call.output == {"embeddings": 2, "dimensions": len(response.json()["data"][0]["embedding"])}


def test_a_request_within_a_trace_of_the_callers(
    client: Client, upstream: UpstreamSimulator, collector: OtlpCollector
) -> None:
    """The caller's span is above ours, ours above the provider's, in Langfuse, the collector and the request."""
    body = {"model": "priced-echo", "messages": MESSAGES}
    response = client.post("chat/completions", body, traceparent=PARENT, tracestate="vendor=1")
    trace = client.trace(response.raise_for_status(), PARENT.split("-")[1])
    (root,) = roots_of(trace)
    assert root.parent_id == PARENT.split("-")[2]
    assert [one.parent_id for one in trace.roots] == [root.parent_id]
    sent = upstream.received[-1].headers
    assert sent["traceparent"] == f"00-{trace.id}-{call_of(trace).id}-01"
    assert sent["tracestate"] == "vendor=1"
    assert {span.span_id for span in collector.spans(trace.id)} == set(trace.observations)


def test_a_prompt_of_langfuse_s_is_used_and_linked(client: Client, upstream: UpstreamSimulator) -> None:
    """The provider gets it before the request's messages, redacted as they are; the generation names its version."""
    client.langfuse.add_prompt(Prompt("greeting", "Greet {{name}}, at an.nguyen@example.com", version=4))
    body = {"model": "priced-echo", "messages": MESSAGES, "prompt_id": "greeting", "prompt_variables": {"name": "An"}}
    response = client.post("chat/completions", body).raise_for_status()
    system, user = upstream.received[-1].json()["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert system["content"].startswith("Greet An, at <EMAIL_ADDRESS")
    call = call_of(client.trace(response))
    assert (call.prompt_name, call.prompt_version) == ("greeting", 4)


def test_a_prompt_that_is_not_there(client: Client) -> None:
    """The request is refused, and its trace says by what."""
    response = client.post("chat/completions", {"model": "priced-echo", "messages": MESSAGES, "prompt_id": "absent"})
    assert response.status_code == 404
    (root,) = roots_of(client.trace(response))
    assert (root.level, root.status_message) == ("WARNING", "prompt_not_found")


def test_a_tenant_that_wants_no_content_kept(
    traced: GatewayProcess, langfuse: LangfuseCollector, upstream: UpstreamSimulator
) -> None:
    """The figures are there, what was said is not, neither in Langfuse nor in the database."""
    client = Client(traced, langfuse, upstream, observation={"content": "none"})
    response = client.post("chat/completions", {"model": "priced-echo", "messages": MESSAGES}).raise_for_status()
    call = call_of(client.trace(response))
    assert (call.input, call.output) == (None, None)
    assert call.usage_details["input"] > 0
    kept = traced.query(
        "SELECT 1 FROM inferspect.event_contents WHERE id = %s", uuid.UUID(response.headers["x-request-id"])
    )
    assert kept == []


def test_every_trace_is_sent_once(traced: GatewayProcess, langfuse: LangfuseCollector) -> None:
    """Nothing is left over, nothing was given up."""
    while traced.query("SELECT 1 FROM inferspect.deliveries WHERE dead_at IS NULL"):
        time.sleep(0.2)
    assert traced.query("SELECT consumer, reason FROM inferspect.deliveries") == []
