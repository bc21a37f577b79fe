"""Attacks on the routes that show what was observed, by tenants and by keys that have no right to it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.attacks.tenants import DEAD_LETTERS, NOBODY, RULE, SILENCE, Tenant, told

# What an administrator of a tenant may ask for its own tenant.
TENANT_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/audit", None),
    ("GET", "/api/v1/audit/export", None),
    ("GET", "/api/v1/alerts", None),
    ("GET", "/api/v1/alert-rules", None),
    ("GET", "/api/v1/alert-rules/errors", None),
    ("POST", "/api/v1/alert-rules/evaluate", None),
    ("POST", "/api/v1/alert-rules", RULE),
    ("PUT", "/api/v1/alert-rules/errors", RULE),
    ("DELETE", "/api/v1/alert-rules/errors", None),
    ("GET", "/api/v1/alert-silences", None),
    ("POST", "/api/v1/alert-silences", SILENCE),
    ("DELETE", f"/api/v1/alert-silences/{NOBODY}", None),
    ("GET", "/api/v1/alert-channels", None),
    ("POST", "/api/v1/alert-channels/mail/test", None),
]
# What only the platform's may ask.
PLATFORM_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", DEAD_LETTERS, None),
    ("GET", f"{DEAD_LETTERS}/langfuse/{NOBODY}", None),
    ("POST", f"{DEAD_LETTERS}/replay", {"older_than": 0}),
    ("DELETE", DEAD_LETTERS, {"older_than": 0}),
]


@pytest.mark.parametrize("of", ["theirs", "default", "platform", "anchors", NOBODY, "' OR true --", "x" * 2000, "%"])
@pytest.mark.parametrize(("method", "path", "body"), TENANT_ROUTES)
def test_no_tenant_comes_at_another(  # noqa: PLR0917  a parameter for each thing that varies
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, method: str, path: str, body: Any, of: str
) -> None:
    """Not its administrators either, whatever tenant they name, in the address or twice in it."""
    named = theirs.id if of == "theirs" else of
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            for query in ([("tenant_id", named)], [("tenant_id", ours.id), ("tenant_id", named)]):
                response = client.request(method, path, params=query, json=body)
                assert response.status_code == 403, response.text
                assert told(response) == "not_tenant_admin"


@pytest.mark.parametrize(("method", "path", "body"), TENANT_ROUTES)
def test_a_member_administers_nothing(gateway: GatewayProcess, ours: Tenant, method: str, path: str, body: Any) -> None:
    """Nor does a key without a team, also where it names the tenant of such keys."""
    with gateway.client() as admin:
        teamless = admin.post("/key/generate", json={}).raise_for_status().json()["key"]
    for key, query in (
        (ours.member, {}),
        (ours.member, {"tenant_id": ours.id}),
        (ours.member, {"tenant_id": ""}),
        (teamless, {}),
        (teamless, {"tenant_id": "default"}),
        (teamless, {"tenant_id": ours.id}),
    ):
        with gateway.client(key) as client:
            response = client.request(method, path, params=query, json=body)
            assert response.status_code == 403, response.text
            assert told(response) == "not_tenant_admin"


@pytest.mark.parametrize(("method", "path", "body"), PLATFORM_ROUTES)
def test_dead_letters_are_the_platforms(
    gateway: GatewayProcess, ours: Tenant, method: str, path: str, body: Any
) -> None:
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            response = client.request(method, path, json=body)
            assert (response.status_code, told(response)) == (403, "not_platform_admin")


@pytest.mark.parametrize("path", ["/api/v1/audit/verify", "/api/v1/guardrails/preview"])
@pytest.mark.parametrize("of", ["theirs", "default", "platform", ["a"], {"a": 1}, 1, "x" * 2000])
def test_no_tenant_comes_at_another_by_a_body(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, path: str, of: Any
) -> None:
    body = {"tenant_id": theirs.id if of == "theirs" else of}
    body |= {"text": "Hello"} if path.endswith("preview") else {}
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            response = client.post(path, json=body)
            assert response.status_code in {403, 422}, response.text
            assert told(response) in {"not_tenant_admin", "invalid_request"}


@pytest.mark.parametrize("state", ["blocked", "expired", "deleted", "invented"])
def test_a_key_that_is_no_good_reads_nothing(gateway: GatewayProcess, ours: Tenant, state: str) -> None:
    with gateway.client() as admin:
        owner = gateway.query('SELECT members_with_roles AS m FROM "LiteLLM_TeamTable" WHERE team_id = %s', ours.id)
        user = next(one["user_id"] for one in owner[0]["m"] if one["role"] == "admin")
        fields = {"team_id": ours.id, "user_id": user}
        fields |= {"duration": "1s"} if state == "expired" else {}
        key = admin.post("/key/generate", json=fields).raise_for_status().json()["key"]
        if state == "blocked":
            admin.post("/key/block", json={"key": key}).raise_for_status()
        if state == "deleted":
            admin.post("/key/delete", json={"keys": [key]}).raise_for_status()
        if state == "invented":
            key = "sk-" + "invented-0123456789"
    if state == "expired":
        time.sleep(1.5)
    for method, path, body in TENANT_ROUTES:
        with gateway.client(key) as client:
            response = client.request(method, path, json=body)
            assert response.status_code == 401, (method, path, response.text)
            told(response)


def test_a_team_that_is_called_default_is_not_the_platform(
    gateway: GatewayProcess, make_tenant: Callable[..., Tenant]
) -> None:
    """Its keys share a tenant with those without a team, and read neither theirs nor the platform's audit log."""
    tenant = make_tenant("default")
    for key in (tenant.admin, tenant.member):
        with gateway.client(key) as client:
            for name in (None, "default", "platform", "anchors"):
                response = client.get("/api/v1/audit", params={} if name is None else {"tenant_id": name})
                assert response.status_code == 403, response.text


def test_a_forged_cursor_leads_into_no_other_chain(gateway: GatewayProcess, ours: Tenant, theirs: Tenant) -> None:
    """The cursor says where to go on, not where one may go."""
    for chain in (f"tenant/{theirs.id}", "platform", "zzz"):
        cursor = base64.urlsafe_b64encode(json.dumps([chain, 2**62]).encode()).decode()
        with gateway.client(ours.admin) as client:
            page = client.get("/api/v1/audit", params={"cursor": cursor}).raise_for_status().json()
        assert all(entry["tenant_id"] == ours.id for entry in page["entries"])
