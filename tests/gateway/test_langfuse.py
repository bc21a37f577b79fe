"""Langfuse with other settings than the default ones, and without any."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector, Trace
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

PRICES = {
    "input_cost_per_token": 1e-5,
    "cache_read_input_token_cost": 1e-6,
    "output_cost_per_token": 3e-5,
    "output_cost_per_reasoning_token": 5e-5,
}
FURTHER = {"cached": 100, "reasoning": 20}


@pytest.fixture(scope="module")
def langfuse() -> Iterator[LangfuseCollector]:
    with LangfuseCollector() as collector:
        yield collector


@pytest.fixture(scope="module")
def by_session(
    upstream: UpstreamSimulator, langfuse: LangfuseCollector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """A gateway whose traces are by session, with a span of every verdict."""
    folder = tmp_path_factory.mktemp("langfuse")
    content = configuration(upstream, inferspect={"langfuse": {"traces_by": "session", "guardrail_spans": "all"}})
    content["model_list"] += [
        {
            "model_name": f"priced-{behaviour}",
            "litellm_params": {"model": f"openai/{behaviour}", "api_base": f"{upstream.url}/v1", "api_key": "none"},
            "model_info": {"id": f"priced-{behaviour}", **PRICES},
        }
        for behaviour in ("echo", "error-500")
    ]
    content["router_settings"]["fallbacks"].append({"priced-error-500": ["priced-echo"]})
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    keys = {"LANGFUSE_PUBLIC_KEY": PUBLIC_KEY, "LANGFUSE_SECRET_KEY": SECRET_KEY}
    with GatewayProcess(folder, config, {**QUICK, "LANGFUSE_BASE_URL": langfuse.url, **keys}) as running:
        yield running


def ask(gateway: GatewayProcess, key: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    asked = {"messages": [{"role": "user", "content": "Tell me about the sea"}], **body}
    with gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=asked, headers=headers).raise_for_status()


def trace_of(gateway: GatewayProcess, langfuse: LangfuseCollector, response: httpx.Response) -> Trace:
    """The trace that has the request in it, once nothing more of it will come."""
    request_id = response.headers["x-request-id"]
    complete = "SELECT 1 FROM inferspect.events WHERE id = %s AND complete"
    while not gateway.query(complete, uuid.UUID(request_id)):
        time.sleep(0.1)
    while gateway.query("SELECT 1 FROM inferspect.deliveries WHERE dead_at IS NULL"):
        time.sleep(0.1)
    [found] = [
        trace
        for trace in langfuse.traces().values()
        if any(one.metadata.get("request_id") == request_id for one in trace.observations.values())
    ]
    return found


def test_requests_of_a_conversation_share_a_trace(by_session: GatewayProcess, langfuse: LangfuseCollector) -> None:
    """With the scores of each on its own request; another tenant's conversation of the same id is another one."""
    key, other = by_session.new_key(), by_session.new_key()
    session = {"x-session-id": "conversation-7"}
    responses = [ask(by_session, key, {"model": "priced-echo"}, **session) for _ in range(2)]
    stranger = ask(by_session, other, {"model": "priced-echo"}, **session)
    alone = ask(by_session, key, {"model": "priced-echo"})
    ids = [trace_of(by_session, langfuse, response).id for response in (*responses, stranger, alone)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    shared, own = (langfuse.traces()[one] for one in (ids[0], ids[3]))
    assert own.id == uuid.UUID(alone.headers["x-request-id"]).hex
    assert shared.session_id == "conversation-7"
    of_requests = [root.metadata["request_id"] for root in shared.roots]
    assert sorted(of_requests) == sorted(response.headers["x-request-id"] for response in responses)
    scored = {score.observation_id for score in langfuse.scores() if score.trace_id == shared.id}
    assert scored == {root.id for root in shared.roots}


def test_each_verdict_is_a_span_where_that_is_set(by_session: GatewayProcess, langfuse: LangfuseCollector) -> None:
    """Also of guardrails that found nothing."""
    trace = trace_of(by_session, langfuse, ask(by_session, by_session.new_key(), {"model": "priced-echo"}))
    verdicts = {(one.metadata["guardrail"], one.metadata["direction"]) for one in trace.of_type("guardrail")}
    assert {("pii", "input"), ("pii", "output"), ("secrets", "input")} <= verdicts
    assert {one.metadata["decision"] for one in trace.of_type("guardrail")} == {"pass"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"model": "priced-echo"}, id="plain"),
        pytest.param({"model": "priced-error-500"}, id="fallback"),
        pytest.param({"model": "priced-echo", "stream": True, "stream_options": {"include_usage": True}}, id="stream"),
    ],
)
def test_each_kind_of_tokens_has_its_cost(
    by_session: GatewayProcess, langfuse: LangfuseCollector, scripted: UpstreamSimulator, body: dict[str, Any]
) -> None:
    """By the same names, at its own price, and adding up to what it cost as a whole."""
    scripted.script = [{"model": "echo", "answer": {"text": "The sea is deep.", "tokens": FURTHER}}]
    trace = trace_of(by_session, langfuse, ask(by_session, by_session.new_key(), body))
    [call] = trace.of_type("generation")
    usage, cost = call.usage_details, call.cost_details
    assert (usage["input_cached_tokens"], usage["output_reasoning_tokens"]) == (100, 20)
    assert cost == pytest.approx(
        {
            "input": usage["input"] * 1e-5,
            "input_cached_tokens": 100 * 1e-6,
            "output": usage["output"] * 3e-5,
            "output_reasoning_tokens": 20 * 5e-5,
            "total": cost["total"],
        }
    )
    assert sum(cost.values()) == pytest.approx(2 * cost["total"])


def test_without_langfuse_nothing_queues_up(
    gateway: GatewayProcess, key: str, event_of: Callable[[str], dict[str, Any]]
) -> None:
    """The request and its scores are stored; neither waits for a Langfuse that nobody has configured."""
    response = ask(gateway, key, {"model": "sim/echo"})
    request_id = uuid.UUID(response.headers["x-request-id"])
    event_of(str(request_id))
    while not gateway.query("SELECT 1 FROM inferspect.scores WHERE id = %s", request_id):
        time.sleep(0.1)
    assert gateway.query("SELECT * FROM inferspect.deliveries WHERE consumer LIKE 'langfuse%%'") == []
