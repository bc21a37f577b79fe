"""Names of models, tools and routes, and other things that go on as the client wrote them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from litellm.proxy import proxy_server

from guardrails.pipeline.identifiers import redact_identifiers
from guardrails.pipeline.names import refusal_of_model
from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect.context import RequestContext
from inferspect.settings import GuardrailSettings
from inferspect.tenancy import TenantDirectory

MAIL = "ada@example.com"
CARD = "4556737586899855"
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6" * 3
CHAT = "/v1/chat/completions"


@pytest.fixture
def service() -> GuardrailService:
    settings = GuardrailSettings()
    finder = Finder(FindingsCache(settings.cache_bytes, settings.cache_for))
    return GuardrailService(settings, Policies(settings), finder, TenantKeys("salt of a test"))


async def looked_at(
    service: GuardrailService, request: dict[str, Any], route: str = CHAT, **rules: Any
) -> RequestContext:
    context = RequestContext("r", route, "POST", "192.0.2.1", client_request_id=request.pop("x-request-id", None))
    context.model = request["model"] if isinstance(request.get("model"), str) else None
    tenant = TenantDirectory({}).find("t", "T", {"inferspect": rules})
    policy = service.policies.of(tenant.rules, "input")
    await redact_identifiers(service, policy, service.minting("t"), context, request)
    return context


@pytest.mark.parametrize("name", [f"sim/{MAIL}", CARD, f"openai/{TOKEN}"])
@pytest.mark.parametrize("field", ["model", "fallbacks", "context_window_fallbacks"])
async def test_a_model_whose_name_tells_something_is_not_asked_for(
    service: GuardrailService, name: str, field: str
) -> None:
    """Nor does LiteLLM get to log it."""
    request = {"model": "demo", field: name if field == "model" else [{"demo": [name]}]}
    request["proxy_server_request"] = {"body": {**request}}
    request["litellm_logging_obj"] = SimpleNamespace(model=name, model_call_details={"model": name})
    context = await looked_at(service, request)
    refusal = refusal_of_model(context, request)
    assert refusal is not None
    assert (refusal.status_code, refusal.code, refusal.param) == (404, "model_not_found", "model")
    assert name not in str(request)


@pytest.mark.parametrize(
    "request_",
    [
        {"model": "gpt-4o-mini-2024-07-18"},
        {"model": "bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4"},
        {"model": "ft:gpt-4o:acme::7p4lURel", "fallbacks": ["demo"]},
        {"model": "demo", "x-request-id": "0f8fad5b-d9cb-469f-a165-70867728950e"},
        {"model": "demo", "tools": [{"type": "function", "function": {"name": "weather_2"}}]},
        {"model": ["no", "text"], "fallbacks": 7, "tools": {"a": [None]}, "messages": "x"},
        {},
    ],
)
async def test_ordinary_names_are_kept(service: GuardrailService, request_: dict[str, Any]) -> None:
    """And asked for."""
    context = await looked_at(service, request_)
    assert (context.withheld, context.identifiers_checked) == ({}, True)
    assert refusal_of_model(context, request_) is None


async def test_a_model_that_an_operator_has_named_so_is_asked_for(
    service: GuardrailService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is its name, whatever it looks like."""
    monkeypatch.setattr(proxy_server, "llm_router", SimpleNamespace(model_names={MAIL}))
    request = {"model": MAIL}
    context = await looked_at(service, request)
    assert (context.withheld, refusal_of_model(context, request)) == ({}, None)


async def test_a_value_that_the_tenant_allows_is_no_finding(service: GuardrailService) -> None:
    """In a name as in a text."""
    request = {"model": f"sim/{MAIL}"}
    context = await looked_at(service, request, pii={"entities": {"EMAIL_ADDRESS": "report"}})
    assert refusal_of_model(context, request) is None


@pytest.mark.parametrize(
    "request_",
    [
        {"x-request-id": MAIL},
        {"service_tier": CARD},
        {"tool_choice": {"type": "function", "function": {"name": MAIL}}},
        {"tools": [{"type": "function", "function": {"name": TOKEN}}]},
        {"messages": [{"role": f"user {MAIL}", "content": "Hello"}]},
        {"messages": [{"role": "tool", "tool_call_id": TOKEN, "content": "Hello"}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": MAIL}}},
    ],
)
async def test_other_names_go_on_and_are_not_kept(service: GuardrailService, request_: dict[str, Any]) -> None:
    """What stands for one is the same wherever it is kept."""
    context = await looked_at(service, request_)
    assert len(set(context.withheld.values())) == 1
    assert refusal_of_model(context, request_) is None


async def test_a_part_of_a_path_is_a_name(service: GuardrailService) -> None:
    """Of a model, say."""
    context = await looked_at(service, {}, f"/openai/deployments/{MAIL}/chat/completions")
    assert list(context.withheld) == [MAIL]


async def test_what_litellm_keeps_of_sessions_and_tags_is_hashed(service: GuardrailService) -> None:
    """By headers they come past the content."""
    logging = SimpleNamespace(litellm_trace_id=MAIL, model_call_details={"litellm_trace_id": MAIL})
    request = {
        "litellm_session_id": MAIL,
        "metadata": {"tags": [MAIL, "beta", 7], "session_id": MAIL},
        "litellm_logging_obj": logging,
    }
    await looked_at(service, request)
    assert MAIL not in str(request)
    assert request["metadata"]["tags"][1:] == ["beta", 7]  # type: ignore[index]
