"""What a client calls its user, session and tags."""

from __future__ import annotations

from typing import Any

import pytest

from guardrails.pipeline.identifiers import redact_identifiers
from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
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


async def test_identifiers_that_cannot_be_looked_through_are_not_kept(
    service: GuardrailService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on; its event has none of them."""

    async def fail(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(service.finder, "find", fail)
    assert not (await checked(service, {}, end_user="customer-7")).identifiers_checked
