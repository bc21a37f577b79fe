"""What a client calls its user, session and tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guardrails.content import request_texts
from guardrails.pipeline.identifiers import redact_identifiers
from guardrails.pipeline.service import GuardrailService
from guardrails.pipeline.state import state_of
from guardrails.pipeline.texts import redact_request
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from guardrails.redaction.redaction import Redaction
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect.context import RequestContext, Trace
from inferspect.settings import GuardrailSettings
from inferspect.tenancy import TenantDirectory


@pytest.fixture
def service() -> GuardrailService:
    settings = GuardrailSettings()
    finder = Finder(FindingsCache(settings.cache_bytes, settings.cache_for))
    return GuardrailService(settings, Policies(settings), finder, TenantKeys("salt of a test"))


async def checked(service: GuardrailService, rules: dict[str, Any], **identifiers: Any) -> RequestContext:
    context = RequestContext("r", "/v1/chat/completions", "POST", "192.0.2.1")
    context.end_user = identifiers.pop("end_user", None)
    context.trace = Trace(**identifiers)
    tenant = TenantDirectory({}).find("t", "T", {"inferspect": rules})
    policy = service.policies.of(tenant.rules, "input")
    await redact_identifiers(service, policy, service.minting("t"), context)
    return context


async def test_identifiers_that_tell_nothing_personal_are_kept_as_they_are(service: GuardrailService) -> None:
    """A number of a customer, a name of a session, the caller's trace."""
    trace = Trace(parent="00-a-b-01", session_id="s-17", name="support", tags=("beta", "eu"), release="1.2.3")
    context = await checked(
        service, {}, end_user="customer-7", parent=trace.parent, session_id="s-17", name="support",
        tags=("beta", "eu"), release="1.2.3",
    )  # fmt: skip
    assert (context.end_user, context.trace, context.identifiers_checked) == ("customer-7", trace, True)


async def test_two_users_named_by_their_addresses_stay_two(service: GuardrailService) -> None:
    """Each is hashed, the same way every time."""
    ada = await checked(service, {}, end_user="ada@example.com", session_id="chat of ada@example.com")
    again = await checked(service, {}, end_user="ada@example.com", tags=("ada@example.com", "beta"))
    grace = await checked(service, {}, end_user="grace@example.com")
    assert ada.end_user == again.end_user == again.trace.tags[0] != grace.end_user
    assert ada.end_user is not None
    assert ada.end_user.startswith("<EMAIL_ADDRESS#")
    assert ada.trace.session_id is not None
    assert "ada" not in ada.trace.session_id
    assert again.trace.tags[1] == "beta"


@pytest.mark.parametrize(
    "rules", [{"pii": {"action": "report"}}, {"pii": {"dry_run": True}}, {"pii": {"enabled": False}}]
)
async def test_rules_that_mask_nothing_leave_identifiers_alone(
    service: GuardrailService, rules: dict[str, Any]
) -> None:
    """They are the tenant's own."""
    context = await checked(service, rules, end_user="ada@example.com")
    assert (context.end_user, context.identifiers_checked) == ("ada@example.com", True)


async def redacted(service: GuardrailService, rules: dict[str, Any], data: dict[str, Any]) -> Redaction:
    """The request as the guardrails leave it, in its place."""
    tenant = TenantDirectory({}).find("t", "T", {"inferspect": rules})
    policy = service.policies.of(tenant.rules, "input")
    assert policy is not None
    state = state_of(None, tenant, service)
    redaction = Redaction(policy, service.minting("t"), state.substitutions)
    await redact_request(service, state, redaction, request_texts(data))
    return redaction


@pytest.mark.parametrize("field", ["user", "safety_identifier", "prompt_cache_key"])
@pytest.mark.parametrize("action", ["mask", "reversible", "hash"])
async def test_the_provider_and_the_event_get_the_same_name_of_a_user(
    service: GuardrailService, field: str, action: str
) -> None:
    """In the content the rules' action holds."""
    rules = {"pii": {"action": action}}
    data = {field: "Ada@example.com", "messages": [{"role": "user", "content": "I am grace@example.com"}]}
    await redacted(service, rules, data)
    assert data[field] == (await checked(service, rules, end_user="Ada@example.com")).end_user
    assert "grace" not in str(data)
    assert ("<EMAIL_ADDRESS>" in str(data["messages"])) == (action == "mask")


async def test_what_metadata_call_a_user_and_a_session_stays_told_apart(service: GuardrailService) -> None:
    named = {"user_id": "user_ada@example.com", "session_id": "s-17", "tags": ["ada@example.com", "beta"]}
    data = {"metadata": {**named, "note": "of ada@example.com"}}
    await redacted(service, {}, data)
    metadata: dict[str, Any] = data["metadata"]
    assert metadata["user_id"].startswith("<EMAIL_ADDRESS#")
    assert metadata["tags"][0].startswith("<EMAIL_ADDRESS#")
    assert (metadata["session_id"], metadata["tags"][1]) == ("s-17", "beta")
    assert metadata["note"] == "of <EMAIL_ADDRESS>"


async def test_a_user_whose_name_holds_what_is_blocked_is_refused(service: GuardrailService) -> None:
    redaction = await redacted(service, {"pii": {"action": "block"}}, data := {"user": "ada@example.com"})
    refusal = redaction.refusal()
    assert refusal is not None
    assert refusal.code == "pii_blocked"
    assert "ada" not in str(data)


async def test_a_request_whose_identifiers_tell_nothing_personal_is_not_changed(service: GuardrailService) -> None:
    data = {"user": "customer-7", "prompt_cache_key": "", "metadata": {"user_id": "u_5f0c", "tags": ["a", ""]}}
    before = json.dumps(data)
    assert not (await redacted(service, {}, data)).changed
    assert json.dumps(data) == before


async def test_identifiers_that_cannot_be_looked_through_are_not_kept(
    service: GuardrailService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on; its event has none of them."""

    async def fail(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(service.finder, "find", fail)
    assert not (await checked(service, {}, end_user="customer-7")).identifiers_checked
