"""The audit log of a running gateway: requests and management actions, read, exported and verified."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from inferspect.http.management.targets import TABLES
from inferspect.testing.gateway import GatewayProcess

EventOf = Callable[[str], dict[str, Any]]
CHAT = {"model": "sim/echo", "messages": [{"role": "user", "content": "hello"}]}


def entries(gateway: GatewayProcess, response: httpx.Response) -> list[dict[str, Any]]:
    """Those of the request that this is the answer to, in the order of recording."""
    return gateway.query(
        "SELECT * FROM inferspect.audit_log WHERE event_id = %s ORDER BY revision, chain",
        uuid.UUID(response.headers["x-request-id"]),
    )


def new_tenant(gateway: GatewayProcess) -> tuple[str, str, str]:
    """Id of a tenant, a key of its administrator, a key of a member."""
    admin_id, member_id = f"admin-{uuid.uuid4().hex[:8]}", f"member-{uuid.uuid4().hex[:8]}"
    roles = [{"role": "admin", "user_id": admin_id}, {"role": "user", "user_id": member_id}]
    with gateway.client() as client:

        def made(path: str, **fields: Any) -> dict[str, Any]:
            answer: dict[str, Any] = client.post(path, json=fields).raise_for_status().json()
            return answer

        for user_id in (admin_id, member_id):
            made("/user/new", user_id=user_id, user_role="internal_user", auto_create_key=False)
        alias = f"audited-{uuid.uuid4().hex[:8]}"
        team = made("/team/new", team_alias=alias, members_with_roles=roles)["team_id"]
        keys = [made("/key/generate", team_id=team, user_id=user_id)["key"] for user_id in (admin_id, member_id)]
    return team, keys[0], keys[1]


@pytest.fixture(scope="module")
def tenant(gateway: GatewayProcess) -> tuple[str, str, str]:
    return new_tenant(gateway)


def command(gateway: GatewayProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = gateway.home.parent / "litellm_config.yaml"
    environment = {**os.environ, "INFERSPECT_HOME": str(gateway.home), "INFERSPECT_CONFIG": str(config)}
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "inferspect", "audit", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_request_has_one_entry_in_its_tenants_chain(
    gateway: GatewayProcess, tenant: tuple[str, str, str], event_of: EventOf
) -> None:
    """Who, from where, what, what became of it; as the event says."""
    team, _, key = tenant
    with gateway.client(key) as client:
        response = client.post("/v1/chat/completions", json=CHAT).raise_for_status()
    event = event_of(response.headers["x-request-id"])
    while not (found := entries(gateway, response)):
        time.sleep(0.1)
    first = found[0]
    assert (first["chain"], first["kind"], first["decision"]) == (f"tenant/{team}", "request", "success")
    assert first["key_hash"] == event["key_hash"] == hashlib.sha256(key.encode()).hexdigest()
    assert (first["model"], first["content_hash"]) == ("sim/echo", event["content_hash"])
    assert first["address"] == "127.0.0.1"
    assert [entry["kind"] for entry in found[1:]] == ["amendment"] * (len(found) - 1)


def test_a_request_of_nobody_is_in_the_platforms_chain(gateway: GatewayProcess) -> None:
    with gateway.client("sk-" + "nobody-knows-this-key") as client:
        response = client.post("/v1/chat/completions", json=CHAT)
    assert response.status_code == 401
    while not (found := entries(gateway, response)):
        time.sleep(0.1)
    assert [(one["chain"], one["kind"], one["status"]) for one in found] == [("platform", "request", 401)]


def test_making_a_key_is_recorded_before_and_after(gateway: GatewayProcess, tenant: tuple[str, str, str]) -> None:
    """In the tenant's chain, with who did it and what was made, and without the key."""
    team, _, _ = tenant
    with gateway.client() as admin:
        response = admin.post("/key/generate", json={"team_id": team, "key_alias": f"a-{uuid.uuid4().hex[:6]}"})
    made = response.raise_for_status().json()
    intent, outcome = entries(gateway, response)
    assert [one["decision"] for one in (intent, outcome)] == ["intent", "success"]
    assert {one["chain"] for one in (intent, outcome)} == {f"tenant/{team}"}
    assert (intent["role"], intent["key_alias"], intent["route"]) == ("proxy_admin", "master key", "/key/generate")
    assert intent["details"]["request"]["team_id"] == team
    (change,) = outcome["details"]["changes"]
    assert (change["kind"], change["before"]) == ("key", None)
    assert change["id"] == hashlib.sha256(made["key"].encode()).hexdigest()
    assert change["after"]["key_alias"] == made["key_alias"]
    assert outcome["status"] == 200
    assert made["key"] not in json.dumps([intent, outcome], default=str)


def test_changing_a_tenant_is_recorded_with_what_was_and_what_is(
    gateway: GatewayProcess, tenant: tuple[str, str, str]
) -> None:
    team, _, _ = tenant
    with gateway.client() as admin:
        response = admin.post("/team/update", json={"team_id": team, "max_budget": 12.5}).raise_for_status()
    intent, outcome = entries(gateway, response)
    (before,) = [one for one in intent["details"]["before"] if one["kind"] == "team"]
    assert before["row"]["max_budget"] is None
    (change,) = [one for one in outcome["details"]["changes"] if one["kind"] == "team"]
    assert (change["before"]["max_budget"], change["after"]["max_budget"]) == (None, "12.5")
    assert "models" not in change["after"]


def test_a_new_tenant_has_its_making_in_its_own_chain(gateway: GatewayProcess) -> None:
    """The intent is the platform's: there was no tenant yet."""
    with gateway.client() as admin:
        response = admin.post("/team/new", json={"team_alias": f"new-{uuid.uuid4().hex[:6]}"}).raise_for_status()
    found = entries(gateway, response)
    team = response.json()["team_id"]
    assert [(one["chain"], one["decision"]) for one in found] == [("platform", "intent"), (f"tenant/{team}", "success")]


def test_no_secret_of_a_management_action_is_in_any_entry(gateway: GatewayProcess) -> None:
    """Of models, credentials, settings, passwords: only fingerprints are there, and they tell a change."""
    planted = [f"{mark}-{uuid.uuid4().hex}" for mark in ("plain", "other", "third", "fourth")]
    provider = "sk-" + "proj" + uuid.uuid4().hex
    name = f"cred-{uuid.uuid4().hex[:6]}"
    answers = []
    with gateway.client() as admin:
        model = {
            "model_name": f"m-{uuid.uuid4().hex[:6]}",
            "litellm_params": {"model": "openai/x", "api_key": provider, "aws_secret_access_key": planted[0]},
        }
        answers.append(admin.post("/model/new", json=model))
        credential = {"credential_name": name, "credential_values": {"api_key": planted[1]}, "credential_info": {}}
        answers.append(admin.post("/credentials", json=credential))
        credential["credential_values"] = {"api_key": planted[2]}
        answers.append(admin.patch(f"/credentials/{name}", json=credential))
        answers.append(admin.delete(f"/credentials/{name}"))
        admin.post(f"/key/{provider}/regenerate", json={"new_key": provider})
        admin.post("/v2/login", json={"username": "admin", "password": planted[3]})
        admin.post("/key/update?key=" + provider, json={"key": provider})
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    text = json.dumps(gateway.query("SELECT * FROM inferspect.audit_log"), default=str)
    assert [secret for secret in [*planted, provider] if secret in text] == []
    made, changed = (entries(gateway, answer)[0]["details"]["request"] for answer in answers[1:3])
    marks = [request["credential_values"]["api_key"] for request in (made, changed)]
    assert all(mark.startswith("[secret ") for mark in marks)
    assert marks[0] != marks[1]
    (gone,) = entries(gateway, answers[3])[1]["details"]["changes"]
    assert (gone["kind"], gone["id"], gone["after"]) == ("credential", name, None)


def test_an_action_that_fails_is_recorded_as_failed(gateway: GatewayProcess) -> None:
    with gateway.client() as admin:
        response = admin.post("/team/update", json={"team_id": "no-such-team", "max_budget": 1})
    assert response.status_code >= 400
    assert [(one["chain"], one["decision"]) for one in entries(gateway, response)] == [
        ("platform", "intent"),
        ("platform", "failure"),
    ]


def test_an_action_that_is_not_allowed_is_recorded_as_refused(
    gateway: GatewayProcess, tenant: tuple[str, str, str]
) -> None:
    """With whose key it was; in its own tenant's chain where it named no other."""
    team, _, key = tenant
    with gateway.client(key) as client:
        response = client.post("/model/new", json={"model_name": "x", "litellm_params": {"model": "openai/x"}})
    assert response.status_code in {401, 403}
    intent, outcome = entries(gateway, response)
    assert (intent["chain"], outcome["decision"]) == (f"tenant/{team}", "refused")
    assert outcome["key_hash"] == hashlib.sha256(key.encode()).hexdigest()
    assert outcome["user_id"].startswith("member-")


def test_an_action_of_nobody_is_the_platforms_and_tells_nothing_of_what_was_sent(
    gateway: GatewayProcess, tenant: tuple[str, str, str]
) -> None:
    """A stranger fills no tenant's chain."""
    with gateway.client("sk-" + "nobody-knows-this-key") as client:
        response = client.post("/team/update", json={"team_id": tenant[0], "team_alias": "filling"})
    assert response.status_code == 401
    intent, outcome = entries(gateway, response)
    assert {one["chain"] for one in (intent, outcome)} == {"platform"}
    assert (outcome["decision"], outcome["role"]) == ("refused", None)
    assert "filling" not in json.dumps([intent, outcome], default=str)


def test_looking_is_no_action(gateway: GatewayProcess) -> None:
    with gateway.client() as admin:
        response = admin.post("/v2/key/info", json={"keys": []})
        other = admin.get("/key/list")
    assert entries(gateway, response) == entries(gateway, other) == []


def test_tables_that_are_looked_at_are_litellms(gateway: GatewayProcess) -> None:
    """A table or column of another name would be a change that nobody sees."""
    found = gateway.query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema IN ('public', 'inferspect')"
    )
    known = {(row["table_name"], row["column_name"]) for row in found}
    wanted = {(table.name, table.column) for _, tables in TABLES for table in tables}
    wanted |= {(table.name, table.other[0]) for _, tables in TABLES for table in tables if table.other}
    assert wanted - known == set()


def test_a_tenants_administrator_reads_the_own_chain_only(
    gateway: GatewayProcess, tenant: tuple[str, str, str]
) -> None:
    """Page by page, filtered; members read none, and nobody another's."""
    team, admin_key, member_key = tenant
    other, _, _ = new_tenant(gateway)
    with gateway.client(admin_key) as client:
        first = client.get("/api/v1/audit", params={"limit": 2}).raise_for_status().json()
        second = client.get("/api/v1/audit", params={"limit": 2, "cursor": first["next_cursor"]}).json()
        actions = client.get("/api/v1/audit", params={"kind": "management", "limit": 500}).json()["entries"]
        refused = [client.get("/api/v1/audit", params={"tenant_id": name}) for name in (other, "platform", "anchors")]
        wrong = client.get("/api/v1/audit", params={"cursor": "nonsense"})
    shown = [*first["entries"], *second["entries"]]
    assert [one["sequence"] for one in shown] == sorted((one["sequence"] for one in shown), reverse=True)
    assert len({one["sequence"] for one in shown}) == 4
    assert {one["chain"] for one in shown} == {f"tenant/{team}"}
    assert {one["kind"] for one in actions} == {"management"}
    assert [answer.status_code for answer in refused] == [403] * 3
    assert wrong.json()["error"]["code"] == "cursor_invalid"
    with gateway.client(member_key) as client:
        assert client.get("/api/v1/audit").json()["error"]["code"] == "not_tenant_admin"


def test_an_export_is_verified_by_whoever_has_it(
    gateway: GatewayProcess, tenant: tuple[str, str, str], tmp_path: Path
) -> None:
    """A change of one character in the file is found."""
    _, admin_key, _ = tenant
    with gateway.client(admin_key) as client:
        exported = client.get("/api/v1/audit/export").raise_for_status().text
        table = client.get("/api/v1/audit/export", params={"format": "csv"}).raise_for_status().text
    assert table.count("\n") > exported.count("\n") > 5
    file = tmp_path / "audit.jsonl"
    file.write_text(exported)
    assert command(gateway, "verify", "--file", str(file)).returncode == 0
    file.write_text(exported.replace('"/key/generate"', '"/key/generatE"', 1))
    found = command(gateway, "verify", "--file", str(file))
    assert (found.returncode, found.stdout.count("changed")) == (1, 1)


def test_the_gateways_log_verifies(gateway: GatewayProcess, tenant: tuple[str, str, str]) -> None:
    """By command and by API, with an anchor that the file outside of the database has."""
    assert command(gateway, "anchor").returncode == 0
    assert (gateway.home / "audit" / "anchors.jsonl").stat().st_size > 0
    found = command(gateway, "verify", "--json")
    assert (found.returncode, json.loads(found.stdout)["problems"]) == (0, []), found.stderr
    with gateway.client(tenant[1]) as client:
        told = client.post("/api/v1/audit/verify", json={}).raise_for_status().json()
    assert (told["ok"], told["chains"]) == (True, 1)
