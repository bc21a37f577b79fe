"""Exactly one event in the database for every request to a model, whatever became of it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess

Event = dict[str, Any]
HELLO = [{"role": "user", "content": "hello"}]


class Caller:
    """A tenant's client that finds the events of its own requests by the request id it sends."""

    def __init__(self, gateway: GatewayProcess, event_of: Callable[[str], Event], **rules: Any) -> None:
        self.alias = f"tenant-{uuid.uuid4().hex[:8]}"
        self.key_alias = f"key-{uuid.uuid4().hex[:8]}"
        self._gateway = gateway
        self._event_of = event_of
        with gateway.client() as admin:
            team = {"team_alias": self.alias, "metadata": {"inferspect": rules}}
            self.team = admin.post("/team/new", json=team).raise_for_status().json()["team_id"]
            key = {"team_id": self.team, "key_alias": self.key_alias}
            self.key = admin.post("/key/generate", json=key).raise_for_status().json()["key"]

    def post(self, path: str = "chat/completions", key: str | None = None, **request: Any) -> tuple[Any, Event]:
        """The response and the one event of a request."""
        own_id = f"mine-{uuid.uuid4().hex}"
        with self._gateway.client(key or self.key) as client:
            response = client.post(f"/v1/{path}", headers={"x-request-id": own_id}, **request)
        event = self._event_of(response.headers["x-request-id"])
        rows = self._gateway.query("SELECT id FROM inferspect.events WHERE client_request_id = %s", own_id)
        assert [row["id"] for row in rows] == [event["id"]]
        assert response.headers["x-request-id"] != own_id
        assert event["client_request_id"] == own_id
        return response, event

    def is_noted(self, event: Event) -> bool:
        """Whether the event says who called, and holds the hash of the key in place of the key."""
        hashed = hashlib.sha256(self.key.encode()).hexdigest()
        told = (event["tenant_id"], event["tenant_alias"], event["key_alias"], event["key_hash"])
        return told == (self.team, self.alias, self.key_alias, hashed)


@pytest.fixture
def caller(gateway: GatewayProcess, event_of: Callable[[str], Event]) -> Caller:
    return Caller(gateway, event_of)


def test_a_success_has_caller_model_tokens_and_cost(caller: Caller) -> None:
    """The event agrees with the response about usage and with its header about cost."""
    response, event = caller.post(json={"model": "demo", "messages": HELLO, "user": "end-user-7"})
    usage = response.json()["usage"]
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["code"]) == ("success", 200, None)
    assert (event["method"], event["route"], event["call_type"]) == ("POST", "/v1/chat/completions", "acompletion")
    assert (event["model"], event["provider"], event["stream"]) == ("demo", "openai", False)
    assert event["deployment_id"] in {"demo-1", "demo-2"}
    assert event["end_user"] == "end-user-7"
    assert event["client_address"] == "127.0.0.1"
    assert event["finish_reason"] == "stop"
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert event[name] == usage[name] > 0
    assert event["cost"] == pytest.approx(float(response.headers["x-litellm-response-cost"]))
    assert event["cost"] > 0
    assert 0 < event["seconds_to_response"] <= event["seconds_total"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("completions", {"model": "demo", "prompt": "hello"}),
        ("embeddings", {"model": "demo-embedding", "input": "hello"}),
        ("responses", {"model": "demo", "input": "hello"}),
        ("messages", {"model": "demo", "messages": HELLO, "max_tokens": 50}),
    ],
)
def test_every_api_has_its_tokens_and_cost(caller: Caller, path: str, body: dict[str, Any]) -> None:
    """Whichever API was called, its event has the same facts."""
    response, event = caller.post(path, json=body)
    usage = response.json()["usage"]
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["route"]) == ("success", 200, f"/v1/{path}")
    assert event["prompt_tokens"] == usage.get("prompt_tokens", usage.get("input_tokens"))
    assert event["cost"] > 0


@pytest.mark.parametrize(("path", "end"), [("chat/completions", "[DONE]"), ("messages", "message_stop")])
def test_a_stream_has_its_tokens_and_cost(caller: Caller, path: str, end: str) -> None:
    """A stream's event is complete after its end, with what LiteLLM counted."""
    body = {"model": "demo", "messages": HELLO, "stream": True, "max_tokens": 50}
    response, event = caller.post(path, json=body)
    assert end in response.text
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["stream"]) == ("success", 200, True)
    assert event["total_tokens"] == event["prompt_tokens"] + event["completion_tokens"]
    assert event["completion_tokens"] > 0
    assert event["cost"] > 0
    assert event["seconds_to_response"] <= event["seconds_total"]


def test_a_masked_request_has_a_verdict_with_counts(caller: Caller) -> None:
    """The event says what the guardrail found and how often, never what it was."""
    messages = [{"role": "user", "content": "ada@example.com and grace@example.com"}]
    _, event = caller.post(json={"model": "demo", "messages": messages})
    verdict = next(verdict for verdict in event["verdicts"] if verdict["direction"] == "input")
    assert (verdict["guardrail"], verdict["decision"]) == ("pii", "modify")
    assert verdict["counts"] == {"EMAIL_ADDRESS": 2}
    assert "example.com" not in json.dumps(event, default=str)


def test_a_refusal_by_a_rule_is_blocked(gateway: GatewayProcess, event_of: Callable[[str], Event]) -> None:
    """A refused request names the rule, and cost nothing."""
    caller = Caller(gateway, event_of, models={"allowed": ["demo"]})
    response, event = caller.post(json={"model": "sim/echo", "messages": HELLO})
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["code"]) == ("blocked", 403, "model_not_allowed")
    assert response.json()["error"]["code"] == event["code"]
    assert [(verdict["guardrail"], verdict["decision"]) for verdict in event["verdicts"]] == [("tenant_rules", "block")]
    assert event["cost"] in (0, None)


def test_a_refusal_by_a_guardrail_is_blocked(gateway: GatewayProcess, event_of: Callable[[str], Event]) -> None:
    """A guardrail's refusal is told apart from a rule's by verdict and code."""
    caller = Caller(gateway, event_of, pii={"entities": {"EMAIL_ADDRESS": "block"}})
    messages = [{"role": "user", "content": "ada@example.com"}]
    _, event = caller.post(json={"model": "sim/echo", "messages": messages})
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["code"]) == ("blocked", 400, "pii_blocked")
    told = [(verdict["guardrail"], verdict["direction"], verdict["decision"]) for verdict in event["verdicts"]]
    others = ["secrets", "content_safety", "prompt_injection"]
    assert told == [("pii", "input", "block"), *((other, "input", "pass") for other in others)]


def test_invalid_rules_are_blocked(gateway: GatewayProcess, event_of: Callable[[str], Event]) -> None:
    """A tenant whose rules are invalid still has its events."""
    caller = Caller(gateway, event_of, nonsense=True)
    _, event = caller.post(json={"model": "demo", "messages": HELLO})
    assert (event["result"], event["status"], event["code"]) == ("blocked", 403, "tenant_rules_invalid")
    assert event["tenant_id"] == caller.team


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_failure_of_the_provider_is_one_failure(caller: Caller, status: int) -> None:
    """However often LiteLLM tried, the client's request is one event, with the status it was told."""
    response, event = caller.post(json={"model": f"sim/error-{status}", "messages": HELLO})
    assert response.status_code == status
    assert caller.is_noted(event)
    assert (event["result"], event["status"]) == ("failure", status)
    assert event["code"] == response.json()["error"]["code"]
    assert event["error_class"]


def test_a_stream_that_breaks_is_a_failure(caller: Caller) -> None:
    """A stream whose provider fails in its middle is no success, though its status was 200."""
    _, event = caller.post(json={"model": "sim/fail-mid-stream", "messages": HELLO, "stream": True})
    assert (event["result"], event["status"], event["stream"]) == ("failure", 200, True)


def test_an_unknown_key_is_a_failure(caller: Caller) -> None:
    """A request without a valid key has an event, too, of nobody."""
    _, event = caller.post(key=f"sk-{uuid.uuid4().hex}", json={"model": "demo", "messages": HELLO})
    assert (event["result"], event["status"], event["code"]) == ("failure", 401, "invalid_api_key")
    assert event["tenant_id"] is None


def test_an_unreadable_body_is_a_failure(caller: Caller) -> None:
    """Malformed JSON is refused before anybody knows the caller, and recorded."""
    _, event = caller.post(content=b'{"model": ')
    assert (event["result"], event["status"], event["code"]) == ("failure", 400, "invalid_json")


def test_an_unknown_model_is_a_failure(caller: Caller) -> None:
    """The model that was asked for is in the event, although there is none."""
    _, event = caller.post(json={"model": "no-such-model", "messages": HELLO})
    assert caller.is_noted(event)
    assert (event["result"], event["status"], event["code"]) == ("failure", 404, "model_not_found")
    assert event["model"] == "no-such-model"


def test_nothing_that_is_no_request_to_a_model_has_an_event(gateway: GatewayProcess) -> None:
    """Lists, health checks, management and unknown paths are not recorded."""
    mark = f"mine-{uuid.uuid4().hex}"
    with gateway.client() as client:
        client.headers["x-request-id"] = mark
        answers = [client.get(path) for path in ("/v1/models", "/health/liveliness", "/key/list", "/v1/messages")]
        answers.append(client.post("/v1/no-such-route", json={}))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 405, 404]
    httpx.get(f"{gateway.url}/inferspect/health", timeout=60).raise_for_status()
    assert gateway.query("SELECT id FROM inferspect.events WHERE client_request_id = %s", mark) == []
