"""What operators and tenants' administrators try guardrails with: the preview by API and command, and the metrics."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.gateway.planting import written

PREVIEW, METRICS = "/api/v1/guardrails/preview", "/inferspect/metrics"
EMAIL = "ada.lovelace@example.com"
TEXT = f"write to {EMAIL}"


@dataclass(frozen=True, slots=True)
class Team:
    """A tenant with an administrator and a member, each with a key of its own, and a key of nobody's."""

    id: str
    alias: str
    admin_key: str
    member_key: str
    service_key: str


def new_team(gateway: GatewayProcess, rules: dict[str, Any]) -> Team:
    with gateway.client() as platform:

        def made(path: str, **body: Any) -> dict[str, Any]:
            answer: dict[str, Any] = platform.post(path, json=body).raise_for_status().json()
            return answer

        admin, member = (
            made("/user/new", user_role="internal_user", auto_create_key=False)["user_id"] for _ in range(2)
        )
        alias = f"tenant-{uuid.uuid4().hex[:8]}"
        roles = [{"role": "admin", "user_id": admin}, {"role": "user", "user_id": member}]
        team = made("/team/new", team_alias=alias, metadata={"inferspect": rules}, members_with_roles=roles)["team_id"]
        keys = [made("/key/generate", team_id=team, user_id=user)["key"] for user in (admin, member)]
        return Team(team, alias, *keys, made("/key/generate", team_id=team)["key"])


@pytest.fixture(scope="module")
def team(gateway: GatewayProcess) -> Team:
    return new_team(gateway, {"pii": {"entities": {"EMAIL_ADDRESS": "reversible"}}})


def previewed(gateway: GatewayProcess, key: str | None, **fields: Any) -> httpx.Response:
    with gateway.client(key) as client:
        return client.post(PREVIEW, json={"text": TEXT, **fields})


def error(response: httpx.Response) -> tuple[int, str]:
    """Status and code, of an error in OpenAI's shape that tells nothing of the text."""
    assert EMAIL not in response.text
    told = response.json()["error"]
    assert {"message", "type", "param", "code"} == told.keys()
    return response.status_code, told["code"]


def test_the_platform_administrator_previews_any_tenant(gateway: GatewayProcess, team: Team) -> None:
    """By the tenant's rules and with its placeholders; by the default rules where no tenant is named."""
    shown = previewed(gateway, None, tenant_id=team.id).raise_for_status().json()
    assert [(span["entity"], span["start"], span["end"]) for span in shown["spans"]] == [("EMAIL_ADDRESS", 9, 33)]
    assert re.fullmatch("write to <EMAIL_ADDRESS_[a-z2-7]{10}>", shown["text"])
    assert {verdict["guardrail"]: verdict["counts"] for verdict in shown["verdicts"]}["pii"] == {"EMAIL_ADDRESS": 1}
    assert previewed(gateway, None).json()["text"] == "write to <EMAIL_ADDRESS>"


def test_an_administrator_previews_the_own_tenant(gateway: GatewayProcess, team: Team) -> None:
    """Named or not."""
    for fields in ({}, {"tenant_id": team.id}):
        shown = previewed(gateway, team.admin_key, **fields).raise_for_status().json()
        assert shown["spans"][0]["action"] == "reversible"


def test_nobody_else_does(gateway: GatewayProcess, team: Team) -> None:
    """Not a member, nor a key that is no user's, nor the administrator of another tenant."""
    other = new_team(gateway, {})
    for key in (team.member_key, team.service_key, gateway.new_key()):
        assert error(previewed(gateway, key)) == (403, "not_tenant_admin")
    for tenant_id in (other.id, "default", "no-such-tenant"):
        assert error(previewed(gateway, team.admin_key, tenant_id=tenant_id)) == (403, "not_tenant_admin")
    assert error(previewed(gateway, "sk-no-such-key")) == (401, "invalid_api_key")
    assert error(previewed(gateway, None, tenant_id="no-such-tenant")) == (404, "tenant_not_found")


def test_rules_are_tried_in_place_of_the_tenants(gateway: GatewayProcess, team: Team) -> None:
    """Without being stored; where they are wrong, their path is told."""
    block = {"pii": {"entities": {"EMAIL_ADDRESS": "block"}}}
    shown = previewed(gateway, team.admin_key, rules=block).raise_for_status().json()
    assert (shown["text"], shown["refusal"]["code"]) == (None, "pii_blocked")
    assert previewed(gateway, team.admin_key).json()["refusal"] is None
    response = previewed(gateway, team.admin_key, rules={"pii": {"entities": {"EMAIL_ADDRESS": "delete"}}})
    assert error(response) == (400, "tenant_rules_invalid")
    assert "pii.entities.EMAIL_ADDRESS" in response.json()["error"]["message"]


def test_stored_rules_that_are_wrong_are_told(gateway: GatewayProcess) -> None:
    """As they are for requests; others can still be tried in their place."""
    wrong = new_team(gateway, {"modles": {}})
    response = previewed(gateway, wrong.admin_key)
    assert error(response) == (403, "tenant_rules_invalid")
    assert "modles" in response.json()["error"]["message"]
    assert previewed(gateway, wrong.admin_key, rules={}).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"text": 7}',
        b"{}",
        json.dumps({"text": TEXT, "direction": "sideways"}).encode(),
        json.dumps({"text": TEXT, "source": EMAIL}).encode(),
        json.dumps({"text": TEXT, "txet": TEXT}).encode(),
        json.dumps({"text": TEXT, "rules": [EMAIL]}).encode(),
        json.dumps({"text": f"{TEXT} \ud800"}).encode(),
        json.dumps({"text": TEXT * 10_000}).encode(),
    ],
)
def test_a_wrong_body_is_refused_in_our_shape(gateway: GatewayProcess, team: Team, body: bytes) -> None:
    """Also a text that is too long; what it said is not repeated."""
    with gateway.client(team.admin_key) as client:
        response = client.post(PREVIEW, content=body, headers={"content-type": "application/json"})
    status, code = error(response)
    assert status in {400, 422}
    assert code.startswith("invalid_")


def traces(gateway: GatewayProcess, value: str) -> list[str]:
    """Files of the data folder and tables that hold a value."""
    files = [path.name for path, content in written(gateway, "postgres") if value.encode() in content]
    tables = gateway.query(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'inferspect')"
    )
    searches = (
        f"SELECT '{table['name']}' AS place FROM {table['name']} AS row WHERE row::text LIKE %s"  # noqa: S608  names from the catalogue
        for table in tables
    )
    rows = gateway.query(" UNION ".join(searches), *[f"%{value}%"] * len(tables))
    return files + [row["place"] for row in rows]


def test_a_preview_leaves_no_trace(gateway: GatewayProcess, team: Team, key: str) -> None:
    """Neither the text nor the values are in a log, a file or a table, whoever asked and whatever came of it."""
    value = uuid.uuid4().hex[:12]
    text = f"{value}@example.com"
    for caller in (None, team.admin_key, team.member_key, "sk-no-such-key"):
        previewed(gateway, caller, text=text, tenant_id=team.id)
    previewed(gateway, team.admin_key, text=text, rules={"pii": {"action": "nothing"}})
    previewed(gateway, team.admin_key, text=text, direction=text)
    with gateway.client(key) as client:
        body = {"model": "sim/echo", "messages": [{"role": "user", "content": "hello"}]}
        later = client.post("/v1/chat/completions", json=body).raise_for_status().json()["id"]
    while not traces(gateway, later):  # LiteLLM writes in the order of requests, every few seconds
        time.sleep(0.5)
    assert traces(gateway, value) == []


def metric(gateway: GatewayProcess, name: str) -> float:
    with gateway.client() as platform:
        lines = platform.get(METRICS).raise_for_status().text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0)


def test_metrics_count_what_guardrails_did(gateway: GatewayProcess, key: str) -> None:
    """Verdicts, findings and time, after a request with a value in it."""
    names = (
        'inferspect_guardrail_verdicts_total{decision="modify",direction="input",dry_run="false",guardrail="pii"}',
        'inferspect_guardrail_findings_total{direction="input",entity="EMAIL_ADDRESS",guardrail="pii"}',
        'inferspect_guardrail_seconds_count{direction="input"}',
    )
    before = [metric(gateway, name) for name in names]
    body = {"model": "sim/echo", "messages": [{"role": "user", "content": f"{TEXT} {uuid.uuid4().hex}"}]}
    with gateway.client(key) as client:
        client.post("/v1/chat/completions", json=body).raise_for_status()
    assert [metric(gateway, name) for name in names] == [count + 1 for count in before]


def test_metrics_are_for_the_platform_administrator(gateway: GatewayProcess, team: Team) -> None:
    """And for a key that it made for this route, as a scraper's."""
    for key in (team.admin_key, team.member_key, team.service_key, "sk-no-such-key"):
        with gateway.client(key) as client:
            assert error(client.get(METRICS))[0] in {401, 403}
    assert httpx.get(f"{gateway.url}{METRICS}", timeout=60).status_code == httpx.codes.UNAUTHORIZED
    with gateway.client() as platform:
        made = platform.post("/key/generate", json={"allowed_routes": [METRICS]}).raise_for_status().json()
    with gateway.client(made["key"]) as scraper:
        assert "inferspect_guardrail_seconds" in scraper.get(METRICS).raise_for_status().text


def ran(gateway: GatewayProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``inferspect guardrails`` beside the gateway: with its port and its data folder."""
    variables = {"PORT": str(gateway.port), "INFERSPECT_HOME": str(gateway.home)}
    command = [sys.executable, "-m", "inferspect", "guardrails", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def test_the_command_asks_the_gateway_for_a_tenant(gateway: GatewayProcess, team: Team) -> None:
    """By id or alias, and gets what the API gives."""
    expected = previewed(gateway, None, tenant_id=team.id).json()
    for tenant in (team.id, team.alias):
        told = ran(gateway, "test", TEXT, "--tenant", tenant, "--json")
        shown = json.loads(told.stdout)
        assert (shown["text"], shown["spans"]) == (expected["text"], expected["spans"])
    told = ran(gateway, "test", TEXT, "--tenant", f"{team.alias}x")
    assert (told.returncode, told.stdout) == (1, "")
    assert "no tenant of the id or alias" in told.stderr


def test_the_report_is_by_the_tenants_rules(gateway: GatewayProcess, team: Team, tmp_path: Path) -> None:
    """Which the gateway tells; the labelled texts stay here."""
    off = new_team(gateway, {"pii": {"entities": {"EMAIL_ADDRESS": "off"}}})
    file = tmp_path / "labelled.jsonl"
    file.write_text(json.dumps({"text": TEXT, "spans": [{"entity": "EMAIL_ADDRESS", "start": 9, "end": 33}]}))
    told = json.loads(ran(gateway, "report", str(file), "--tenant", team.alias, "--json").stdout)
    assert told["overall"]["f1"] == 1
    told = json.loads(ran(gateway, "report", str(file), "--tenant", off.id, "--json").stdout)
    assert told["not_looked_for"] == {"EMAIL_ADDRESS": 1}
