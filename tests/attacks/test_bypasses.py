"""What a tenant tries to get a request past its rules or its guardrail, through the running gateway."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from inferspect.refusal import Refusal
from inferspect.tenancy.rules import TenantRules
from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from plugins.tenant_rules.checks import check_readable

EMAIL = "ada.lovelace@example.com"
CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
GENERATE = "/v1beta/models/sim/echo:generateContent"
INTERACTIONS = "/v1beta/interactions"
LIMITED: dict[str, Any] = {
    "models": {"denied": ["sim/tokens-*"]},
    "parameters": {"max_tokens": 50, "denied": ["logit_bias"]},
}


def body_for(path: str, text: str) -> dict[str, Any]:
    """A request of an API that asks the model `sim/echo` for this text."""
    if path == CHAT:
        return {"model": "sim/echo", "messages": [{"role": "user", "content": text}]}
    if path == GENERATE:
        return {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return {"model": "sim/echo", "input": text}


def sent(upstream: UpstreamSimulator, marker: str) -> list[dict[str, Any]]:
    """The requests with this marker that reached the provider."""
    return [json.loads(request.text) for request in upstream.received if marker in request.text]


@pytest.fixture(scope="session")
def limited_key(gateway: GatewayProcess) -> str:
    """A key of a tenant whose rules say something about models and parameters."""
    return gateway.new_key(rules=LIMITED)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        (CHAT, {"extra_body": {"messages": [{"role": "user", "content": EMAIL}]}}),
        (CHAT, {"extra_body": {"invented": [EMAIL]}}),
        (CHAT, {"invented": EMAIL}),
        (CHAT, {"extra_query": {"invented": EMAIL}}),
        (RESPONSES, {"extra_body": {"input": EMAIL}}),
    ],
)
def test_no_field_hides_personal_data(
    gateway: GatewayProcess, key: str, upstream: UpstreamSimulator, path: str, hidden: dict[str, Any]
) -> None:
    """Fields that the client made up, or has added to the provider's request, are masked like all others."""
    marker = uuid.uuid4().hex
    with gateway.client(key) as client:
        marked = json.loads(json.dumps(hidden).replace(EMAIL, f"{EMAIL} {marker}"))
        client.post(path, json={**body_for(path, "hello"), **marked}).raise_for_status()
    (request,) = sent(upstream, marker)
    assert EMAIL not in json.dumps(request)
    assert "<EMAIL_ADDRESS>" in json.dumps(request)


@pytest.mark.parametrize(
    ("path", "fields", "refusal"),
    [
        (RESPONSES, {"extra_body": {"model": "tokens-200"}}, (400, "parameter_not_allowed")),
        (RESPONSES, {"extra_body": "model=tokens-200"}, (400, "parameter_not_allowed")),
        (CHAT, {"extra_body": {"max_tokens": 51}}, (400, "max_tokens_too_large")),
        (CHAT, {"extra_body": {"logit_bias": {"1": 1}}}, (400, "parameter_not_allowed")),
        (CHAT, {"fallbacks": ["sim/tokens-200"]}, (403, "model_not_allowed")),
        (CHAT, {"fallbacks": [{"sim/echo": ["sim/tokens-200"]}]}, (403, "model_not_allowed")),
        (CHAT, {"context_window_fallbacks": [{"sim/echo": ["sim/tokens-200"]}]}, (403, "model_not_allowed")),
        (CHAT, {"content_policy_fallbacks": [{"sim/echo": ["sim/tokens-200"]}]}, (403, "model_not_allowed")),
        (CHAT, {"fallbacks": [{"model": "sim/echo", "messages": []}]}, (400, "parameter_not_allowed")),
        (RESPONSES, {"fallbacks": {"model": "sim/echo", "input": EMAIL}}, (400, "parameter_not_allowed")),
        (GENERATE, {"generationConfig": {"maxOutputTokens": 51}}, (400, "max_tokens_too_large")),
        (INTERACTIONS, {"generation_config": {"max_output_tokens": 51}}, (403, "route_not_governed")),
        ("/v1/batches", {"input_file_id": "file-1", "endpoint": CHAT}, (403, "route_not_governed")),
        ("/v1/messages/count_tokens", {}, (403, "route_not_governed")),
        ("/azure/openai/deployments/gpt-4o/chat/completions", {}, (403, "route_not_governed")),
    ],
)
def test_no_field_or_endpoint_is_past_the_rules(  # noqa: PLR0917  fixtures and cases
    gateway: GatewayProcess,
    limited_key: str,
    upstream: UpstreamSimulator,
    path: str,
    fields: dict[str, Any],
    refusal: tuple[int, str],
) -> None:
    """A rule holds wherever a request names a model or a parameter, and nothing of a refused one is sent."""
    marker = uuid.uuid4().hex
    with gateway.client(limited_key) as client:
        response = client.post(path, json={**body_for(path, marker), **fields})
    assert (response.status_code, response.json()["error"]["code"]) == refusal
    assert sent(upstream, marker) == []


@pytest.mark.parametrize(
    ("path", "field", "ignored"),
    [
        (CHAT, "max_tokens", {"max_output_tokens": 1}),
        (RESPONSES, "max_output_tokens", {"max_tokens": 1}),
        (GENERATE, "max_tokens", {}),
    ],
)
def test_a_limit_of_another_api_is_none(  # noqa: PLR0917  fixtures and cases
    gateway: GatewayProcess,
    limited_key: str,
    upstream: UpstreamSimulator,
    path: str,
    field: str,
    ignored: dict[str, int],
) -> None:
    """A request has the ceiling as its limit unless it sets one by the name that its API reads."""
    marker = uuid.uuid4().hex
    with gateway.client(limited_key) as client:
        client.post(path, json={**body_for(path, marker), **ignored}).raise_for_status()
    (request,) = sent(upstream, marker)
    assert request[field] == LIMITED["parameters"]["max_tokens"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/octet-stream", b'{"model": "sim/echo", "user": "a\\u0000", "messages": [{"role": "user"}]}'),
        ("image/png", b'{"model": "sim/echo", "metadata": {"\\u0000": 1}, "messages": [{"role": "user"}]}'),
        ("application/x-www-form-urlencoded", b"model=sim/echo&user=%00&messages=x"),
    ],
)
def test_no_content_type_brings_a_nul_to_the_database(
    gateway: GatewayProcess, key: str, content_type: str, body: bytes
) -> None:
    """A NUL, for which the database would drop what all tenants spent in that moment, is refused in any body."""
    with gateway.client(key) as client:
        response = client.post(CHAT, content=body, headers={"content-type": content_type})
    assert (response.status_code, response.json()["error"]["code"]) == (httpx.codes.BAD_REQUEST, "invalid_character")


@pytest.mark.parametrize("limits", [{"models": {"allowed": ["demo"]}}, {"models": {"denied": ["a"]}}, LIMITED])
@pytest.mark.parametrize("call_type", ["pass_through_endpoint", "allm_passthrough_route", "acreate_batch"])
def test_calls_that_cannot_be_read_are_for_tenants_without_limits(limits: dict[str, Any], call_type: str) -> None:
    """LiteLLM's pass-through routes and batches name the model where no rule can see it."""
    free, limited = TenantRules(), TenantRules.model_validate(limits)
    check_readable(free.models, free.parameters, call_type)
    check_readable(limited.models, limited.parameters, "acompletion")
    with pytest.raises(Refusal) as caught:
        check_readable(limited.models, limited.parameters, call_type)
    assert (caught.value.status_code, caught.value.code) == (403, "model_not_allowed")
