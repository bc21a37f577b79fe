"""Rules of a tenant, as they stand in its team's metadata, on requests through the running gateway."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

EMAIL = "ada.lovelace@example.com"


def chat(gateway: GatewayProcess, key: str, **fields: Any) -> httpx.Response:
    body = {"model": "sim/echo", "messages": [{"role": "user", "content": "hello"}], **fields}
    with gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=body)


def message(gateway: GatewayProcess, key: str, **fields: Any) -> httpx.Response:
    body = {"model": "sim/echo", "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}], **fields}
    with gateway.client(key) as client:
        return client.post("/v1/messages", json=body)


def received(response: httpx.Response) -> dict[str, Any]:
    """What the provider got, from the echo's answer."""
    body: dict[str, Any] = json.loads(response.raise_for_status().json()["choices"][0]["message"]["content"])
    return body


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize(
    ("models", "model", "allowed"),
    [
        ({"allowed": ["sim/*"]}, "sim/echo", True),
        ({"allowed": ["sim/e?ho"]}, "sim/echo", True),
        ({"allowed": ["demo"]}, "sim/echo", False),
        ({"allowed": ["DEMO"]}, "demo", False),
        ({"allowed": []}, "demo", False),
        ({"denied": ["sim/*"]}, "sim/echo", False),
        ({"allowed": ["*"], "denied": ["demo-*"]}, "demo", True),
    ],
)
def test_models_are_allowed_by_glob(gateway: GatewayProcess, models: dict[str, Any], model: str, allowed: bool) -> None:
    """A model is served where a glob of ``allowed`` fits its name and none of ``denied`` does."""
    response = chat(gateway, gateway.new_key(rules={"models": models}), model=model)
    if allowed:
        assert response.status_code == httpx.codes.OK
    else:
        assert refusal(response) == (403, "model_not_allowed")


def test_a_refused_model_does_not_reach_its_provider(gateway: GatewayProcess, upstream: UpstreamSimulator) -> None:
    """Nothing of a request is sent where its model is not allowed, whichever API asks for it."""
    key = gateway.new_key(rules={"models": {"allowed": ["demo"]}})
    marker = uuid.uuid4().hex
    for path in ("chat/completions", "completions", "embeddings", "responses", "messages"):
        body = {"model": "sim/echo", "max_tokens": 5, "prompt": marker, "input": marker}
        if path in ("chat/completions", "messages"):
            body = {"model": "sim/echo", "max_tokens": 5, "messages": [{"role": "user", "content": marker}]}
        with gateway.client(key) as client:
            assert refusal(client.post(f"/v1/{path}", json=body)) == (403, "model_not_allowed")
    assert [request for request in upstream.received if marker in request.text] == []


@pytest.mark.parametrize("fields", [{}, {"fastest_response": True}, {"stream": True}])
def test_several_models_in_one_are_refused(
    gateway: GatewayProcess, upstream: UpstreamSimulator, fields: dict[str, Any]
) -> None:
    """LiteLLM would ask each, also one that the glob was not meant for, and give a list that nothing looks into."""
    upstream.clear()
    key = gateway.new_key({"models": {"allowed": ["demo*"]}})
    body = {"model": "demo,sim/echo", "messages": [{"role": "user", "content": "hello"}], **fields}
    with gateway.client(key) as client:
        response = client.post("/v1/chat/completions", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "model_list_not_supported")
    assert upstream.received == []


def test_a_denied_parameter_is_refused(gateway: GatewayProcess) -> None:
    """A parameter that the rules deny is refused by its name; without it the request is served."""
    key = gateway.new_key(rules={"parameters": {"denied": ["logit_bias"]}})
    response = chat(gateway, key, logit_bias={"50256": -100})
    assert refusal(response) == (400, "parameter_not_allowed")
    assert response.json()["error"]["param"] == "logit_bias"
    assert chat(gateway, key).status_code == httpx.codes.OK


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_above_the_ceiling_is_refused(gateway: GatewayProcess, name: str) -> None:
    """Asking for more tokens than the ceiling is refused; the ceiling itself is passed on."""
    key = gateway.new_key(rules={"parameters": {"max_tokens": 64}})
    assert refusal(chat(gateway, key, **{name: 65})) == (400, "max_tokens_too_large")
    assert received(chat(gateway, key, **{name: 64}))[name] == 64


def test_a_request_without_a_limit_gets_the_ceiling(gateway: GatewayProcess, upstream: UpstreamSimulator) -> None:
    """Where a request sets no limit, the provider is told the tenant's ceiling, on every API that has one."""
    key = gateway.new_key(rules={"parameters": {"max_tokens": 64}})
    assert received(chat(gateway, key))["max_tokens"] == 64
    marker = uuid.uuid4().hex
    with gateway.client(key) as client:
        client.post("/v1/completions", json={"model": "sim/echo", "prompt": marker}).raise_for_status()
        client.post("/v1/responses", json={"model": "sim/echo", "input": marker}).raise_for_status()
    sent = [request.json() for request in upstream.received if marker in request.text]
    assert [body.get("max_tokens") or body.get("max_output_tokens") for body in sent] == [64, 64]


def test_addresses_outside_the_networks_are_refused(gateway: GatewayProcess) -> None:
    """A tenant's keys work only from its networks."""
    outside = gateway.new_key(rules={"access": {"addresses": ["203.0.113.0/24"]}})
    assert refusal(chat(gateway, outside)) == (403, "address_not_allowed")
    inside = gateway.new_key(rules={"access": {"addresses": ["203.0.113.0/24", "127.0.0.0/8"]}})
    assert chat(gateway, inside).status_code == httpx.codes.OK


def test_a_forged_forwarding_header_changes_nothing(gateway: GatewayProcess) -> None:
    """``X-Forwarded-For`` is believed only of the proxies that the configuration trusts, and by default of none."""
    outside = gateway.new_key(rules={"access": {"addresses": ["203.0.113.0/24"]}})
    body = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
    with gateway.client(outside) as client:
        response = client.post("/v1/chat/completions", json=body, headers={"x-forwarded-for": "203.0.113.9"})
    assert response.status_code == httpx.codes.FORBIDDEN


def test_tenants_have_different_rules_at_the_same_time(gateway: GatewayProcess) -> None:
    """One tenant's personal data are left alone, another's are masked, a third's are refused."""
    text = [{"role": "user", "content": f"write to {EMAIL}"}]
    off = gateway.new_key(rules={"pii": {"enabled": False}})
    mask = gateway.new_key()
    block = gateway.new_key(rules={"pii": {"entities": {"EMAIL_ADDRESS": "block"}}})
    for _ in range(2):
        assert received(chat(gateway, off, messages=text))["messages"] == text
        assert received(chat(gateway, mask, messages=text))["messages"][0]["content"] == "write to <EMAIL_ADDRESS>"
        response = chat(gateway, block, messages=text)
        assert refusal(response) == (400, "pii_blocked")
        assert EMAIL not in response.text


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"modles": {"allowed": ["*"]}}, "modles"),
        ({"models": {"allow": ["*"]}}, "models.allow"),
        ({"models": {"allowed": "demo"}}, "models.allowed"),
        ({"parameters": {"max_tokens": "many"}}, "parameters.max_tokens"),
        ({"parameters": {"max_tokens": 0}}, "parameters.max_tokens"),
        ({"access": {"addresses": ["everywhere"]}}, "access.addresses.0"),
        ({"pii": {"entities": {"EMAIL_ADDRESS": "delete"}}}, "pii.entities.EMAIL_ADDRESS"),
        ("off", "expected an object"),
        ([], "expected an object"),
        (7, "expected an object"),
    ],
)
def test_invalid_rules_stop_their_tenant(gateway: GatewayProcess, rules: Any, path: str) -> None:
    """Where rules were stored that do not validate, every request is refused, and told where the mistake is."""
    key = gateway.new_key(metadata={"inferspect": rules})
    openai_shape = chat(gateway, key)
    assert refusal(openai_shape) == (403, "tenant_rules_invalid")
    assert path in openai_shape.json()["error"]["message"]
    anthropic_shape = message(gateway, key)
    assert anthropic_shape.json()["type"] == "error"
    assert refusal(anthropic_shape) == (403, "tenant_rules_invalid")
    assert path in anthropic_shape.json()["error"]["message"]


def test_a_change_of_rules_takes_effect_without_restart(gateway: GatewayProcess) -> None:
    """Rules that an administrator changes hold for the key at once, and so does their correction."""
    alias = f"tenant-{uuid.uuid4().hex[:8]}"
    with gateway.client() as admin:
        team = admin.post("/team/new", json={"team_alias": alias}).raise_for_status().json()["team_id"]
        key = admin.post("/key/generate", json={"team_id": team}).raise_for_status().json()["key"]

        def change(rules: Any) -> None:
            update = {"team_id": team, "metadata": {"inferspect": rules}}
            admin.post("/team/update", json=update).raise_for_status()

        assert chat(gateway, key).status_code == httpx.codes.OK
        change({"models": {"allowed": ["demo"]}})
        assert refusal(chat(gateway, key)) == (403, "model_not_allowed")
        change({"models": {"allowed": ["sim/*"]}, "nonsense": 1})
        assert refusal(chat(gateway, key)) == (403, "tenant_rules_invalid")
        change({"models": {"allowed": ["sim/*"]}})
        assert chat(gateway, key).status_code == httpx.codes.OK


def test_the_rules_hold_for_streams_too(gateway: GatewayProcess) -> None:
    """A streamed request is refused before anything of a stream begins."""
    key = gateway.new_key(rules={"models": {"allowed": ["demo"]}})
    response = chat(gateway, key, stream=True)
    assert refusal(response) == (403, "model_not_allowed")
    assert response.headers["content-type"] == "application/json"
