"""Traces of real requests through a gateway that has Langfuse, a collector, and a provider that joins the trace."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector, Prompt, Trace
from inferspect.testing.otlp import OtlpCollector
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

PUBLIC, SECRET = "pk-lf-gateway", "sk-lf-" + "gateway"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EMAIL = "an.nguyen@example.com"


@dataclass(frozen=True)
class Traced:
    gateway: GatewayProcess
    langfuse: LangfuseCollector
    collector: OtlpCollector
    upstream: UpstreamSimulator
    key: str

    def ask(self, path: str = "/v1/chat/completions", *, headers: Any = None, **body: Any) -> httpx.Response:
        asked = {"model": "sim/echo", "messages": [{"role": "user", "content": f"Write to {EMAIL}"}], **body}
        with self.gateway.client(self.key) as client:
            return client.post(path, json=asked, headers=headers)

    def trace(self, response: httpx.Response, trace_id: str | None = None) -> Trace:
        """The trace of a request, once it is complete."""
        wanted = trace_id or uuid.UUID(response.headers["x-request-id"]).hex
        while True:
            trace = self.langfuse.traces().get(wanted)
            if trace is not None and trace.metadata.get("complete"):
                return trace
            time.sleep(0.1)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    folder = tmp_path_factory.mktemp("traced")
    with (
        UpstreamSimulator() as upstream,
        LangfuseCollector(keys={PUBLIC: SECRET}) as langfuse,
        OtlpCollector() as collector,
    ):
        own = {
            "langfuse": {"shared_prompts": ["*"]},
            "tracing": {"endpoint": collector.url, "propagate": ["openai"]},
        }
        config = folder / "litellm_config.yaml"
        config.write_text(yaml.safe_dump(configuration(upstream, inferspect=own)), encoding="utf-8")
        environment = {
            **QUICK,
            "LANGFUSE_BASE_URL": langfuse.url,
            "LANGFUSE_PUBLIC_KEY": PUBLIC,
            "LANGFUSE_SECRET_KEY": SECRET,
        }
        with GatewayProcess(folder, config, environment) as gateway:
            yield Traced(gateway, langfuse, collector, upstream, gateway.new_key())


def test_a_request_is_traced_as_the_client_saw_it(traced: Traced) -> None:
    """Model, tokens and texts are those of the answer; values that the guardrails mask are nowhere."""
    response = traced.ask(
        temperature=0.5, user="customer", headers={"x-session-id": "conversation", "langfuse_trace_name": "checkout"}
    ).raise_for_status()
    answer = response.json()
    trace = traced.trace(response)
    [call] = trace.of_type("generation")
    assert (trace.name, trace.session_id, trace.user_id) == ("checkout", "conversation", "customer")
    assert call.usage_details["total"] == answer["usage"]["total_tokens"]
    assert call.model_parameters["temperature"] == 0.5
    assert call.metadata["model_asked"] == "sim/echo"
    assert "<EMAIL_ADDRESS" in str(call.input)
    assert EMAIL not in repr(trace)
    assert not any(EMAIL.encode() in request.body for request in traced.langfuse.received)
    assert {one.name for one in trace.of_type("guardrail")} >= {"guardrail pii (input)"}


def test_a_stream_tells_when_its_first_token_came(traced: Traced) -> None:
    """And its tokens, at the end."""
    response = traced.ask(stream=True, stream_options={"include_usage": True})
    [call] = traced.trace(response).of_type("generation")
    assert call.completion_start_time is not None
    assert call.usage_details["total"] > 0
    assert call.output is not None


def test_a_provider_and_a_caller_share_the_trace(traced: Traced) -> None:
    """The caller's span is above ours, ours above the provider's, in Langfuse, the collector and the request."""
    response = traced.ask(headers={"traceparent": PARENT, "tracestate": "vendor=1"}).raise_for_status()
    trace = traced.trace(response, PARENT[3:35])
    assert [root.parent_id for root in trace.roots] == [PARENT[36:52]]
    [call] = trace.of_type("generation")
    sent = traced.upstream.received[-1].headers
    assert sent["traceparent"] == f"00-{trace.id}-{call.id}-01"
    assert sent["tracestate"] == "vendor=1"
    while len(traced.collector.spans(trace.id)) < len(trace.observations):
        time.sleep(0.1)
    assert {span.span_id for span in traced.collector.spans(trace.id)} == set(trace.observations)


def test_a_cached_answer_is_told_from_a_fresh_one(traced: Traced) -> None:
    """Though each request has a traceparent of its own, the second answer comes from the cache."""
    question = [{"role": "user", "content": f"Question {uuid.uuid4()}"}]
    for _ in range(2):
        response = traced.ask(messages=question, cache={"use-cache": True}).raise_for_status()
    trace = traced.trace(response)
    assert [one.name for one in trace.observations.values() if one.name == "cache hit"] == ["cache hit"]
    assert trace.of_type("generation")[0].cost_details == {"total": 0.0}


def test_a_prompt_of_langfuse_s_is_used_and_linked(traced: Traced) -> None:
    """The provider gets it before the request's messages, redacted as they are; the generation names its version."""
    traced.langfuse.add_prompt(Prompt("greeting", "Greet {{name}}, at " + EMAIL, version=4))
    response = traced.ask(prompt_id="greeting", prompt_variables={"name": "An"}).raise_for_status()
    system, user = traced.upstream.received[-1].json()["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert system["content"].startswith("Greet An, at <EMAIL_ADDRESS")
    [call] = traced.trace(response).of_type("generation")
    assert (call.prompt_name, call.prompt_version) == ("greeting", 4)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1/embeddings", {"model": "demo-embedding", "input": "Hello", "messages": None}, "embedding"),
        ("/v1/responses", {"input": "Hello", "messages": None}, "generation"),
        ("/v1/messages", {"model": "sim-anthropic/echo", "max_tokens": 50}, "generation"),
    ],
)
def test_every_api_is_traced(traced: Traced, path: str, body: dict[str, Any], kind: str) -> None:
    """With the kind of observation that Langfuse has for it, tokens and content."""
    asked = {"model": "sim/echo", "messages": [{"role": "user", "content": "Hello"}], **body}
    with traced.gateway.client(traced.key) as client:
        response = client.post(path, json={name: value for name, value in asked.items() if value is not None})
    response.raise_for_status()
    [call] = traced.trace(response).of_type(kind)
    assert call.usage_details["input"] > 0
    assert "Hello" in str(call.input)


def test_what_ended_badly_says_how(traced: Traced) -> None:
    """Refused by a rule, failed at the provider: levels and codes tell them apart."""
    refused = traced.ask(prompt_id="absent")
    assert refused.status_code == 404
    [root] = traced.trace(refused).roots
    assert (root.level, root.status_message) == ("WARNING", "prompt_not_found")
    failed = traced.ask(model="sim/error-400")
    assert failed.status_code == 400
    trace = traced.trace(failed)
    assert {one.level for one in trace.observations.values() if one.type != "guardrail"} == {"ERROR"}
