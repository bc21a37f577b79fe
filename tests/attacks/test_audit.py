"""Attacks on the audit log: what would hide an action, or who did it, or show what is another's."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.attacks.tenants import RULE, Tenant


def recorded(gateway: GatewayProcess, response: httpx.Response) -> list[dict[str, Any]]:
    """Entries of a management action, the intent first."""
    request = uuid.UUID(response.headers["x-request-id"])
    return gateway.query("SELECT * FROM inferspect.audit_log WHERE event_id = %s ORDER BY revision, chain", request)


SETTING = {"field_name": "alerting_threshold", "field_value": 299, "config_type": "general_settings"}
HIDDEN = [
    b'{"max_budget": 7, "x": NaN, %s}',
    b'{"max_budget": 7, "x": "\\ud800", %s}',
    b'{"max_budget": 7, "x": "' + b"x" * 1_200_000 + b'", %s}',
    b'{"max_budget": 7, "team_ids": [' + b",".join(b'"!%d"' % i for i in range(600)) + b"], %s}",
]


@pytest.mark.parametrize("body", HIDDEN, ids=["NaN", "surrogate", "long", "many"])
def test_no_form_of_a_body_hides_an_action(
    gateway: GatewayProcess, make_tenant: Callable[..., Tenant], body: bytes
) -> None:
    """It is in the tenant's chain, with what has changed, whatever LiteLLM's reader takes and ours may not."""
    tenant = make_tenant()
    with gateway.client() as admin:
        content = body.replace(b"%s", b'"team_id": "' + tenant.id.encode() + b'"')
        response = admin.post("/team/update", content=content, headers={"content-type": "application/json"})
    entries = recorded(gateway, response)
    assert {entry["chain"] for entry in entries} == {f"tenant/{tenant.id}"}
    if response.status_code < 400:
        (change,) = [one for one in entries[-1]["details"]["changes"] if one["kind"] == "team"]
        assert change["after"]["max_budget"] == 7


def test_no_refused_action_shows_a_tenant_what_is_anothers(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant
) -> None:
    """What LiteLLM would not tell, an administrator reads in no entry of the own chain, either."""
    with gateway.client() as admin:
        email = f"{uuid.uuid4().hex}@other.example"
        admin.post("/user/new", json={"user_email": email, "user_role": "internal_user", "auto_create_key": False})
        admin.post("/config/field/update", json=SETTING).raise_for_status()
    rule = {**RULE, "name": "of-the-same-name"}
    with gateway.client(theirs.admin) as client:
        client.post("/api/v1/alert-rules", json=rule).raise_for_status()
    with gateway.client(ours.admin) as client:
        client.post("/api/v1/alert-rules", json=rule).raise_for_status()
        client.delete(f"/api/v1/alert-rules/{rule['name']}", params={"tenant_id": theirs.id})
        client.delete(f"/api/v1/alert-rules/{rule['name']}").raise_for_status()
        client.post("/user/update", json={"user_email": email})
        client.post("/config/update", json={})
        client.post("/key/update", json={"key": theirs.admin})
        client.post("/team/update", json={"team_id": theirs.id})
        read = client.get("/api/v1/audit", params={"limit": 500}).raise_for_status().json()["entries"]
    rows = [row for entry in read for row in entry["details"].get("before", ())]
    assert {"alert rule"} <= {row["kind"] for row in rows} <= {"team", "key", "alert rule", "alert silence"}
    assert {row["row"].get("team_id") or row["row"]["owner"] for row in rows} <= {ours.id}
    assert {entry["chain"] for entry in read} == {f"tenant/{ours.id}"}


@pytest.mark.parametrize("announced", [True, False])
def test_no_size_hides_an_action(gateway: GatewayProcess, ours: Tenant, announced: bool) -> None:
    """One that is refused for it is an attempt; it takes no more room than others."""
    body = b'{"team_id": "' + ours.id.encode() + b'", "x": "' + b"x" * 12_000_000 + b'"}'
    content = body if announced else (body[start : start + 2**20] for start in range(0, len(body), 2**20))
    with gateway.client(ours.admin) as client:
        response = client.post("/team/update", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 413
    entries = recorded(gateway, response)
    assert [(entry["decision"], entry["status"]) for entry in entries] == [("intent", None), ("failure", 413)]
    assert len(json.dumps([entry["details"] for entry in entries])) < 65_536


@pytest.mark.parametrize("name", ["info", "mcp"])
def test_no_name_hides_an_action(gateway: GatewayProcess, make_tenant: Callable[..., Tenant], name: str) -> None:
    """A team, a credential and a rule may be called as a look-up is."""
    make_tenant(name)
    with gateway.client() as admin:
        rule = admin.post("/api/v1/alert-rules", json={**RULE, "name": name})
        assert rule.status_code == 201, rule.text
        actions = [
            admin.patch(f"/team/{name}", json={"max_budget": 5}),
            admin.delete(f"/api/v1/alert-rules/{name}"),
            admin.delete(f"/credentials/{name}"),
            admin.delete(f"/scim/v2/Users/{name}"),
            admin.post("/team/delete", json={"team_ids": [name]}),
        ]
    for action in actions:
        if "route_not_governed" in action.text:  # it looks like a session of an MCP server, which is closed to all
            continue
        assert [entry["decision"] for entry in recorded(gateway, action)][:1] == ["intent"], action.request.url


@pytest.mark.parametrize(
    "headers",
    [
        {"x-litellm-api-key": "{other}"},
        {"api-key": "{other}"},
        {"x-api-key": "{other}"},
        {"x-goog-api-key": "{other}"},
        {"x-http-method-override": "GET"},
        {"x-litellm-changed-by": "somebody else"},
        {"x-forwarded-for": "203.0.113.9"},
    ],
)
def test_nobody_acts_in_the_name_of_another(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, headers: dict[str, str]
) -> None:
    """The key that LiteLLM lets act is the one in the log, whatever else is sent along."""
    sent = {name: value.replace("{other}", theirs.admin) for name, value in headers.items()}
    with gateway.client(ours.admin) as client:
        response = client.post("/key/generate", json={"metadata": {"a": 1}}, headers=sent)
        made = response.json()
    intent = recorded(gateway, response)[0]
    assert intent["address"] == "127.0.0.1"
    if response.status_code < 400:
        owner = gateway.query('SELECT user_id FROM "LiteLLM_VerificationToken" WHERE token = %s', made["token"])
        assert owner[0]["user_id"] == intent["user_id"]


@pytest.mark.parametrize("body", [{"team_id": "\0"}, {"team_id": "a\0b", "team_alias": "\0"}, {"key": "\0"}])
def test_a_name_that_no_database_can_hold_keeps_no_action_from_being_recorded(
    gateway: GatewayProcess, body: dict[str, Any]
) -> None:
    with gateway.client() as admin:
        for path in ("/team/update", "/key/update"):
            response = admin.post(path, json=body)
            assert response.status_code != 503, response.text
            assert [entry["decision"] for entry in recorded(gateway, response)][:1] == ["intent"]
