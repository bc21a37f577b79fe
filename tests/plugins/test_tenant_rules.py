from __future__ import annotations

from typing import Any

import pytest
from litellm.proxy._types import UserAPIKeyAuth

from inferspect.context import RequestContext
from inferspect.refusal import Refusal
from inferspect.runtime import Runtime, install
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory
from inferspect.tenancy.rules import AccessRules, ModelRules, ParameterRules
from plugins.tenant_rules import hook
from plugins.tenant_rules.checks import check_address, check_model, check_parameters, limit_tokens


def key(rules: Any) -> UserAPIKeyAuth:
    return UserAPIKeyAuth(token="hash", team_id="t", team_alias="T", team_metadata={"inferspect": rules})


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ([], "192.0.2.1", True),
        ([], "", True),
        (["192.0.2.0/24"], "192.0.2.1", True),
        (["192.0.2.0/24"], "192.0.3.1", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.1", True),
        (["192.0.2.0/24"], "", False),
        (["192.0.2.0/24"], "garbage", False),
        (["2001:db8::/32", "10.0.0.0/8"], "2001:db8::5", True),
        (["2001:db8::/32"], "192.0.2.1", False),
    ],
)
def test_addresses(networks: list[str], address: str, *, allowed: bool) -> None:
    """No list allows all; with one, an address that cannot be read is outside of it."""
    rules = AccessRules.model_validate({"addresses": networks})
    if allowed:
        check_address(rules, address)
    else:
        with pytest.raises(Refusal) as caught:
            check_address(rules, address)
        assert (caught.value.status_code, caught.value.code) == (403, "address_not_allowed")


@pytest.mark.parametrize(
    ("rules", "model", "allowed"),
    [
        ({}, "anything", True),
        ({"allowed": ["gpt-*"]}, "gpt-4o", True),
        ({"allowed": ["gpt-*"]}, "claude", False),
        ({"allowed": []}, "gpt-4o", False),
        ({"allowed": ["*"], "denied": ["openai/*"]}, "openai/gpt-4o", False),
        ({"allowed": ["GPT-*"]}, "gpt-4o", False),
        ({"allowed": ["gpt-4[ab]"]}, "gpt-4a", True),
        ({"allowed": []}, None, True),
    ],
)
def test_models(rules: dict[str, Any], model: Any, *, allowed: bool) -> None:
    """A name must match `allowed` and not `denied`; an endpoint without a model has nothing to check."""
    if allowed:
        check_model(ModelRules(**rules), model)
    else:
        with pytest.raises(Refusal) as caught:
            check_model(ModelRules(**rules), model)
        assert (caught.value.code, caught.value.param) == ("model_not_allowed", "model")


@pytest.mark.parametrize(
    ("rules", "data", "code"),
    [
        ({}, {"max_tokens": 10**9}, None),
        ({"denied": ["logit_bias"]}, {"logit_bias": {}}, "parameter_not_allowed"),
        ({"denied": ["logit_bias"]}, {"logit_bias": None}, None),
        ({"max_tokens": 100}, {"max_tokens": 100}, None),
        ({"max_tokens": 100}, {"max_tokens": 101}, "max_tokens_too_large"),
        ({"max_tokens": 100}, {"max_completion_tokens": 101}, "max_tokens_too_large"),
        ({"max_tokens": 100}, {"max_output_tokens": 101}, "max_tokens_too_large"),
        ({"max_tokens": 100}, {"max_tokens": 1, "max_completion_tokens": 101}, "max_tokens_too_large"),
        ({"max_tokens": 100}, {"max_tokens": "101"}, "max_tokens_invalid"),
        ({"max_tokens": 100}, {"max_tokens": True}, "max_tokens_invalid"),
        ({"max_tokens": 100}, {"max_tokens": 1.5}, "max_tokens_invalid"),
        ({"max_tokens": 100}, {}, None),
    ],
)
def test_parameters(rules: dict[str, Any], data: dict[str, Any], code: str | None) -> None:
    """Every name of the answer's limit counts, and only whole numbers can be compared."""
    if code is None:
        check_parameters(ParameterRules(**rules), data)
    else:
        with pytest.raises(Refusal) as caught:
            check_parameters(ParameterRules(**rules), data)
        assert (caught.value.status_code, caught.value.code) == (400, code)


@pytest.mark.parametrize(
    ("call_type", "data", "limited"),
    [
        ("acompletion", {}, {"max_tokens": 7}),
        ("aresponses", {}, {"max_output_tokens": 7}),
        ("anthropic_messages", {}, {"max_tokens": 7}),
        ("acompletion", {"max_completion_tokens": 3}, {"max_completion_tokens": 3}),
        ("aembedding", {}, {}),
    ],
)
def test_a_request_without_a_limit_gets_the_tenants(
    call_type: str, data: dict[str, Any], limited: dict[str, Any]
) -> None:
    """Under the name that its endpoint knows; endpoints without answers get none."""
    limit_tokens(ParameterRules(max_tokens=7), data, call_type)
    assert data == limited
    unlimited: dict[str, Any] = {}
    limit_tokens(ParameterRules(), unlimited, call_type)
    assert unlimited == {}


async def call(rules: Any, data: dict[str, Any], defaults: dict[str, Any] | None = None) -> dict[str, Any]:
    install(Runtime(Settings(), TenantDirectory(defaults or {})))
    return await hook.async_pre_call_hook(key(rules), None, data, "acompletion")  # type: ignore[arg-type]


async def test_the_hook_lets_an_allowed_request_pass(context: RequestContext) -> None:
    """With the tenant's limit, and without a verdict."""
    assert await call({"parameters": {"max_tokens": 9}}, {"model": "m"}) == {"model": "m", "max_tokens": 9}
    assert (context.refusal, context.verdicts) == (None, [])
    assert context.tenant is not None


async def test_the_hook_refuses_with_a_verdict(context: RequestContext) -> None:
    """Event and error response learn of it from the context."""
    with pytest.raises(Refusal):
        await call({"models": {"denied": ["m"]}}, {"model": "m"})
    assert context.refusal is not None
    assert context.refusal.code == "model_not_allowed"
    assert [(v.guardrail, v.decision, v.code) for v in context.verdicts] == [
        ("tenant_rules", "block", "model_not_allowed")
    ]


async def test_invalid_rules_close_the_door(context: RequestContext) -> None:
    """No request of that tenant is served until they are corrected."""
    with pytest.raises(Refusal):
        await call({"modles": {}}, {"model": "m"})
    assert context.refusal is not None
    assert context.refusal.code == "tenant_rules_invalid"


async def test_without_its_middleware_nothing_is_served() -> None:
    """A gateway set up wrongly fails closed."""
    with pytest.raises(Refusal) as caught:
        await call({}, {"model": "m"})
    assert caught.value.code == "request_context_missing"
