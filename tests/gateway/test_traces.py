"""The trace of each kind of request, as Langfuse and a collector get it, against what client and provider saw."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector, Prompt
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.langfuse.records import Observation, Score, Trace
from inferspect.testing.otlp import OtlpCollector
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

TEXT = "Tell me about the sea, I am ada@example.com"
MASKED = "Tell me about the sea, I am <EMAIL_ADDRESS>"
MESSAGES = [{"role": "user", "content": TEXT}]
PRICES = {"input_cost_per_token": 0.00001, "output_cost_per_token": 0.00003}
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
    content["model_list"] += [
        {
            "model_name": f"priced-{behaviour}",
            "litellm_params": {"model": f"openai/{behaviour}", "api_base": f"{upstream.url}/v1", "api_key": "none"},
            "model_info": {"id": f"priced-{behaviour}", **PRICES},
        }
        for behaviour in ("echo", "tool-call", "error-500", "gpt-4o-mini")
    ]
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


class Client:
    """A tenant's client, and what Langfuse has of its requests."""

    def __init__(self, gateway: GatewayProcess, langfuse: LangfuseCollector, **rules: Any) -> None:
        self.gateway = gateway
        self.langfuse = langfuse
        self.key = gateway.new_key(rules)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        with self.gateway.client(self.key) as client:
            return client.post(f"/v1/{path}", json=body, headers=headers)

    def trace(self, response: httpx.Response, trace_id: str | None = None) -> Trace:
        """The trace of a request, once it has all that will come, its cost and its scores included."""
        request_id = response.headers["x-request-id"]
        row = self.wait_for("events", request_id)
        while self.gateway.query("SELECT 1 FROM inferspect.deliveries WHERE id = %s", uuid.UUID(request_id)):
            time.sleep(0.1)
        found = self.langfuse.traces()[trace_id or uuid.UUID(request_id).hex]
        assert len(self.roots(found)) == 1
        assert row["complete"]
        return found

    def wait_for(self, table: str, request_id: str) -> dict[str, Any]:
        while True:
            statement = f"SELECT * FROM inferspect.{table} WHERE id = %s"  # noqa: S608  a name of this module's
            rows = self.gateway.query(statement, uuid.UUID(request_id))
            if rows and rows[0].get("complete", True):
                return rows[0]
            time.sleep(0.1)

    def roots(self, trace: Trace) -> list[Observation]:
        return [one for one in trace.observations.values() if one.metadata.get("request_id")]

    def spend(self, response_id: str) -> dict[str, Any]:
        """LiteLLM's own row about a request."""
        while True:
            statement = 'SELECT * FROM "LiteLLM_SpendLogs" WHERE request_id = %s'
            if rows := self.gateway.query(statement, response_id):
                return rows[0]
            time.sleep(0.2)

    def scores(self, trace: Trace) -> list[Score]:
        while not (found := [score for score in self.langfuse.scores() if score.trace_id == trace.id]):
            time.sleep(0.1)
        return found


@pytest.fixture
def client(traced: GatewayProcess, langfuse: LangfuseCollector, scripted: UpstreamSimulator) -> Client:
    scripted.set_behaviours({"gpt-4o-mini": "echo"})
    return Client(traced, langfuse)


def call_of(trace: Trace, kind: str = "generation") -> Observation:
    (found,) = trace.of_type(kind)
    return found


def attempts_of(trace: Trace) -> list[Observation]:
    return [one for one in trace.observations.values() if str(one.name).startswith("attempt ")]


def assert_paid(client: Client, trace: Trace, usage: dict[str, Any], spend: dict[str, Any]) -> None:
    """Tokens and cost of the trace are those of the answer and of LiteLLM's spend log."""
    call = call_of(trace)
    assert call.usage_details["input"] == usage.get("prompt_tokens", usage.get("input_tokens"))
    assert call.usage_details["output"] == usage.get("completion_tokens", usage.get("output_tokens"))
    assert call.usage_details["input"] == spend["prompt_tokens"]
    assert call.usage_details["output"] == spend["completion_tokens"]
    assert call.cost_details["total"] == pytest.approx(spend["spend"])
    assert spend["spend"] > 0


def test_a_plain_request(client: Client) -> None:
    """All that the client said of itself, what the model was asked, what it answered, what it cost, and the scores."""
    body = {
        "model": "priced-echo",
        "messages": MESSAGES,
        "temperature": 0.25,
        "user": "customer-7",
        "metadata": {"session_id": "talk-1", "tags": ["beta"], "trace_name": "support"},
    }
    response = client.post("chat/completions", body).raise_for_status()
    answer = response.json()
    trace = client.trace(response)
    call = call_of(trace)
    assert (trace.name, trace.user_id, trace.session_id, trace.tags) == ("support", "customer-7", "talk-1", ["beta"])
    assert client.key not in str(trace)
    assert call.input == [{"role": "user", "content": MASKED}]
    assert call.output[0]["message"]["content"] == answer["choices"][0]["message"]["content"]
    assert (call.model, call.model_parameters["temperature"], call.level) == ("echo", 0.25, "DEFAULT")
    assert_paid(client, trace, answer["usage"], client.spend(answer["id"]))
    assert [attempt.metadata["reason"] for attempt in attempts_of(trace)] == ["first"]
    guardrails = {one.name: one.metadata for one in trace.of_type("guardrail")}
    assert guardrails["guardrail pii (input)"]["decision"] == "modify"
    assert call.metadata["model_asked"] == "priced-echo"
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


@pytest.mark.parametrize("path", ["chat/completions", "messages", "responses"])
def test_a_stream(client: Client, path: str) -> None:
    """The answer is put together from its pieces; when the first came is told."""
    asked: dict[str, Any] = {"input": TEXT} if path == "responses" else {"messages": MESSAGES, "max_tokens": 100}
    response = client.post(path, {"model": "priced-gpt-4o-mini", "stream": True, **asked})
    assert response.status_code == 200, response.text
    trace = client.trace(response.raise_for_status())
    call = call_of(trace)
    (root,) = client.roots(trace)
    assert call.completion_start_time is not None
    assert root.start is not None
    assert root.end is not None
    assert root.start < call.completion_start_time <= root.end
    assert "<EMAIL_ADDRESS>" in json.dumps(call.input)
    assert "<EMAIL_ADDRESS>" in json.dumps(call.output)
    assert "ada@" not in json.dumps([call.input, call.output])
    assert call.usage_details["output"] > 0
    assert call.cost_details["total"] == pytest.approx(
        call.usage_details["input"] * 0.00001 + call.usage_details["output"] * 0.00003
    )
    assert root.metadata["stream"] in (True, "true")


@pytest.mark.parametrize("path", ["responses", "messages"])
def test_other_chat_apis(client: Client, path: str) -> None:
    """Responses and messages have the same facts."""
    asked: dict[str, Any] = {"input": TEXT} if path == "responses" else {"messages": MESSAGES, "max_tokens": 100}
    response = client.post(path, {"model": "priced-gpt-4o-mini", **asked}).raise_for_status()
    trace = client.trace(response)
    call = call_of(trace)
    usage = response.json()["usage"]
    assert call.usage_details["input"] == usage["input_tokens"]
    assert call.usage_details["output"] == usage["output_tokens"]
    assert call.cost_details["total"] == pytest.approx(
        usage["input_tokens"] * 0.00001 + usage["output_tokens"] * 0.00003
    )
    assert "<EMAIL_ADDRESS>" in json.dumps(call.input)
    assert call.output


def test_a_provider_of_another_api(client: Client) -> None:
    """Anthropic's own, asked by its own."""
    body = {"model": "sim-anthropic/echo", "max_tokens": 50, "messages": MESSAGES}
    call = call_of(client.trace(client.post("messages", body).raise_for_status()))
    assert call.usage_details["input"] > 0
    assert "<EMAIL_ADDRESS>" in json.dumps(call.input)


def test_a_tool_call(client: Client) -> None:
    """What the model wants to be called is part of the answer; the tools are parameters by name."""
    response = client.post("chat/completions", {"model": "priced-tool-call", "messages": MESSAGES, "tools": TOOLS})
    trace = client.trace(response.raise_for_status())
    call = call_of(trace)
    told = response.json()["choices"][0]["message"]["tool_calls"][0]["function"]
    assert call.output[0]["message"]["tool_calls"][0]["function"] == told
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
    assert attempts_of(trace) == []
    assert "cache hit" in {one.name for one in trace.observations.values()}
    assert call_of(trace).cost_details["total"] == 0
    assert call_of(trace).output[0]["message"]["content"] == response.json()["choices"][0]["message"]["content"]


def test_a_fallback(client: Client) -> None:
    """Each attempt is told in its order, and why it was made; the client saw a success."""
    response = client.post("chat/completions", {"model": "priced-error-500", "messages": MESSAGES}).raise_for_status()
    trace = client.trace(response)
    attempts = attempts_of(trace)
    assert attempts[0].metadata["reason"] == "first"
    assert {attempt.metadata["reason"] for attempt in attempts[1:-1]} <= {"retry"}
    assert attempts[-1].metadata["reason"] == "fallback"
    assert [attempt.level for attempt in attempts] == ["WARNING"] * (len(attempts) - 1) + ["DEFAULT"]
    assert "500" in str(attempts[0].status_message)
    assert call_of(trace).model == "echo"
    assert client.roots(trace)[0].level == "DEFAULT"


def test_a_blocked_request(traced: GatewayProcess, langfuse: LangfuseCollector) -> None:
    """By which guardrail and with which code; no model was asked, and nothing of the content is kept."""
    client = Client(traced, langfuse, pii={"entities": {"EMAIL_ADDRESS": "block"}})
    response = client.post("chat/completions", {"model": "priced-echo", "messages": MESSAGES})
    assert response.status_code == 400
    trace = client.trace(response)
    (root,) = client.roots(trace)
    assert (root.level, root.status_message) == ("WARNING", "pii_blocked")
    assert trace.of_type("generation") == []
    blocking = [one for one in trace.of_type("guardrail") if one.level == "WARNING"]
    assert [(one.name, one.status_message) for one in blocking] == [("guardrail pii (input)", "pii_blocked")]
    assert "ada@" not in str(trace)


def test_a_failed_request(client: Client) -> None:
    """Level and message say what the client was told, each attempt how it failed."""
    response = client.post("chat/completions", {"model": "sim/error-400", "messages": MESSAGES})
    assert response.status_code == 400
    trace = client.trace(response)
    (root,) = client.roots(trace)
    assert (root.level, root.status_message) == ("ERROR", response.json()["error"]["code"])
    assert root.metadata["status"] == 400
    assert {one.level for one in trace.observations.values() if one.type != "guardrail"} == {"ERROR"}
    assert attempts_of(trace)
    assert "ada@" not in str(trace)


def test_a_request_that_the_client_gave_up(client: Client) -> None:
    """What it got until then was an answer of a model, which somebody pays for."""
    body = {"model": "sim/hang-stream-after-3", "stream": True, "messages": MESSAGES}
    with (
        client.gateway.client(client.key) as caller,
        caller.stream("POST", "/v1/chat/completions", json=body) as response,
    ):
        next(response.iter_lines())
    trace = client.trace(response)
    (root,) = client.roots(trace)
    assert (root.level, root.status_message) == ("WARNING", "client_aborted")
    assert root.metadata["result"] == "aborted"


def test_embeddings(client: Client) -> None:
    """How many vectors of which size, never the vectors."""
    response = client.post("embeddings", {"model": "demo-embedding", "input": [TEXT, "b"]}).raise_for_status()
    trace = client.trace(response)
    call = call_of(trace, "embedding")
    assert call.input == [MASKED, "b"]
    assert call.output == {"embeddings": 2, "dimensions": len(response.json()["data"][0]["embedding"])}
    assert call.usage_details["input"] == response.json()["usage"]["prompt_tokens"]


def test_a_request_within_a_trace_of_the_callers(
    client: Client, upstream: UpstreamSimulator, collector: OtlpCollector
) -> None:
    """The caller's span is above ours, ours above the provider's, in Langfuse, the collector and the request."""
    body = {"model": "priced-echo", "messages": MESSAGES}
    response = client.post("chat/completions", body, traceparent=PARENT, tracestate="vendor=1")
    trace = client.trace(response.raise_for_status(), PARENT.split("-")[1])
    (root,) = client.roots(trace)
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
    (root,) = client.roots(client.trace(response))
    assert (root.level, root.status_message) == ("WARNING", "prompt_not_found")


def test_a_tenant_that_wants_no_content_kept(traced: GatewayProcess, langfuse: LangfuseCollector) -> None:
    """The figures are there, what was said is not, neither in Langfuse nor in the database."""
    client = Client(traced, langfuse, observation={"content": "none"})
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
