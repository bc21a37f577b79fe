"""Alerts from end to end: rules, channels that fail at first, silences, and who may do what."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import yaml
from standardwebhooks import Webhook
from typer.testing import CliRunner, Result

from inferspect.cli import app as host
from inferspect.extension import commands
from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.notifications import MailSink, NotificationSink
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

SECRET = "whsec_" + base64.b64encode(b"for tests only, not a secret").decode()
LOOPBACK = "127.0.0.0/8"
RULE = {"name": "ours", "condition": {"type": "error_rate"}, "min_requests": 1}


TOKEN = "s3cr3t"


class Gossip(BaseHTTPRequestHandler):
    """Refuses every request and repeats what it was sent, its address as it came and decoded."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = f"nobody is here: {self.path} {unquote(self.path)} {self.headers['Host']}".encode()
        self.send_response(404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing: pytest would show it."""


@pytest.fixture(scope="module")
def gossip() -> Iterator[str]:
    """Where it listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gossip)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Setting:
    """A gateway with its receivers; ``environment`` is what it was started with beside that of the tests."""

    gateway: GatewayProcess
    web: NotificationSink
    mail: MailSink
    environment: dict[str, str]

    def sent(self, path: str) -> list[Any]:
        """Requests that a receiver got, refused ones too."""
        return [request for request in self.web.received if request.path.startswith(path)]

    def alerts(self, **query: str) -> list[dict[str, Any]]:
        with self.gateway.client() as admin:
            found: list[dict[str, Any]] = admin.get("/api/v1/alerts", params=query).raise_for_status().json()["alerts"]
        return found


@pytest.fixture(scope="module")
def setting(upstream: UpstreamSimulator, gossip: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("alerts")
    with NotificationSink() as web, MailSink() as mail:
        alerts = {
            "every": 1,
            "channels": {
                "slack": {"type": "slack", "url": "os.environ/TEST_SLACK_URL"},
                "mail": {
                    "type": "email", "host": "127.0.0.1", "port": mail.port, "security": "none",
                    "sender": "gateway@example.com", "recipients": ["oncall@example.com"],
                },
                "hook": {"type": "webhook", "url": f"{web.url}/hook", "secret": "os.environ/TEST_HOOK_SECRET"},
                "tenants": {"type": "webhook", "url": f"{web.url}/tenants", "secret": "os.environ/TEST_HOOK_SECRET"},
                "gossip": {"type": "slack", "url": "os.environ/TEST_GOSSIP_URL"},
                "parameter": {
                    "type": "webhook", "url": f"{gossip}/hook?key={TOKEN}", "secret": "os.environ/TEST_HOOK_SECRET"
                },
                "broken": {"type": "webhook", "url": f"{web.url}/broken", "secret": "os.environ/TEST_HOOK_SECRET"},
            },
            "default_channels": ["slack", "mail", "hook"],
            "tenant_channels": {"tenants": "*"},
            "max_tenant_rules": 2,
            "rules": [
                {
                    "name": "provider-down",
                    "condition": {"type": "provider_down", "by": "provider"},
                    "for": "3s",
                    "keep_firing_for": "0s",
                    "severity": "critical",
                    "runbook": "docs/runbooks/provider-down.md",
                },
                {"name": "idle", "condition": {"type": "latency", "above": "1h"}, "channels": []},
            ],
        }  # fmt: skip
        content = configuration(upstream)
        content["inferspect"]["alerts"] = alerts
        content["inferspect"]["access"] = {"outgoing_networks": [LOOPBACK]}
        content["router_settings"]["num_retries"] = 0
        config = folder / "litellm_config.yaml"
        config.write_text(yaml.safe_dump(content), encoding="utf-8")
        secrets = {
            "TEST_SLACK_URL": f"{web.url}/services/T0/B0/x",
            "TEST_HOOK_SECRET": SECRET,
            "TEST_GOSSIP_URL": f"{gossip}/services/T0/p%40ss-{TOKEN}?sig={TOKEN}%2Bsig",
        }
        with GatewayProcess(folder, config, {**QUICK, **secrets}) as gateway:
            yield Setting(gateway, web, mail, {"INFERSPECT_CONFIG": str(config), **QUICK, **secrets})


def wait_for(condition: Callable[[], Any]) -> Any:
    """What is true at last."""
    while not (found := condition()):
        time.sleep(0.1)
    return found


def ask(setting: Setting, key: str, behaviour: str) -> int:
    body = {"model": f"sim/{behaviour}", "messages": [{"role": "user", "content": "hello"}]}
    with setting.gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=body).status_code


def rounds(setting: Setting, count: int) -> None:
    """Wait until the rules have been evaluated so often again."""
    line = "inferspect_alert_evaluations_total{"

    def evaluated() -> float:
        with setting.gateway.client() as admin:
            told = admin.get("/inferspect/metrics").raise_for_status().text
        mine = [found for found in told.splitlines() if found.startswith(line) and 'condition="latency"' in found]
        return sum(float(found.rpartition(" ")[2]) for found in mine)

    before = evaluated()
    wait_for(lambda: evaluated() >= before + count)


def test_a_provider_fails_and_everybody_is_told_once(setting: Setting) -> None:
    """Slack, mail and webhook each refuse three times, then get one message; and one when it is over."""
    for path in ("/services/", "/hook"):
        setting.web.behave("error-500", requests=3, path=path)
    setting.mail.fail(3)
    key = setting.gateway.new_key()
    began = time.monotonic()
    for _ in range(5):
        assert ask(setting, key, "error-503") == 503
    alert = wait_for(lambda: setting.alerts(state="firing", rule="provider-down"))[0]
    assert time.monotonic() - began >= 3
    assert (alert["severity"], alert["value"], alert["labels"]) == ("critical", 1.0, {"provider": "openai"})

    wait_for(lambda: setting.mail.received and len(setting.sent("/services/")) == len(setting.sent("/hook")) == 4)
    rounds(setting, 3)
    assert len(setting.sent("/services/")) == len(setting.sent("/hook")) == setting.mail.attempts == 4
    (mail,) = setting.mail.received
    assert "provider-down" in mail.subject
    assert mail.recipients == ["oncall@example.com"]
    hook = setting.sent("/hook")[-1]
    told = Webhook(SECRET).verify(hook.body, {name.lower(): value for name, value in dict(hook.headers).items()})
    assert json.dumps(told).count(alert["id"]) >= 1
    assert "Failed calls (provider openai) is 100 %" in json.dumps(told)

    assert ask(setting, key, "echo") == 200
    over = wait_for(lambda: setting.alerts(state="resolved", rule="provider-down"))[0]
    assert over["id"] == alert["id"]
    wait_for(lambda: len(setting.mail.received) == 2 and len(setting.sent("/services/")) == 5)
    wait_for(lambda: len(setting.sent("/hook")) == 5)
    rounds(setting, 3)
    assert len(setting.sent("/services/")) == len(setting.sent("/hook")) == setting.mail.attempts == 5
    waiting = setting.gateway.query("SELECT * FROM inferspect.deliveries WHERE consumer LIKE %s", "notify:%")
    assert waiting == []


@dataclass(frozen=True)
class Team:
    id: str
    admin_key: str
    member_key: str


@pytest.fixture(scope="module")
def team(setting: Setting) -> Team:
    return new_team(setting)


@pytest.fixture(scope="module")
def other(setting: Setting) -> Team:
    return new_team(setting)


def new_team(setting: Setting) -> Team:
    with setting.gateway.client() as platform:

        def made(path: str, **body: Any) -> dict[str, Any]:
            answer: dict[str, Any] = platform.post(path, json=body).raise_for_status().json()
            return answer

        admin, member = (
            made("/user/new", user_role="internal_user", auto_create_key=False)["user_id"] for _ in range(2)
        )
        roles = [{"role": "admin", "user_id": admin}, {"role": "user", "user_id": member}]
        made_team = made("/team/new", team_alias=f"t-{uuid.uuid4().hex[:8]}", members_with_roles=roles)["team_id"]
        keys = [made("/key/generate", team_id=made_team, user_id=user)["key"] for user in (admin, member)]
        return Team(made_team, *keys)


def called(setting: Setting, key: str | None, method: str, path: str, **request: Any) -> httpx.Response:
    with setting.gateway.client(key) as client:
        return client.request(method, f"/api/v1/{path}", **request)


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_rule_made_by_api_takes_effect_and_goes(setting: Setting) -> None:
    """Made, shown, replaced, evaluated, removed; its alert ends with it."""
    made = called(setting, None, "POST", "alert-rules", json={**RULE, "channels": ["hook"], "for": "1h"})
    assert (made.status_code, made.json()["source"], made.json()["for"]) == (201, "api", "1h")
    assert code_of(called(setting, None, "POST", "alert-rules", json=RULE)) == (409, "alert_rule_exists")
    changed = called(setting, None, "PUT", "alert-rules/ours", json={"condition": {"type": "spool_age", "above": "1d"}})
    assert changed.json()["condition"] == {"type": "spool_age", "above": "1d"}
    assert called(setting, None, "GET", "alert-rules/ours").json() == changed.json()
    names = [rule["name"] for rule in called(setting, None, "GET", "alert-rules").json()["rules"]]
    assert names == ["provider-down", "idle", "ours"]
    shown = {rule["name"]: rule for rule in called(setting, None, "POST", "alert-rules/evaluate").json()["rules"]}
    assert shown["ours"]["figures"][0]["bad"] is False
    assert shown["ours"]["unit"] == "seconds"
    assert called(setting, None, "DELETE", "alert-rules/ours").json() == {"name": "ours", "removed": True}
    assert code_of(called(setting, None, "DELETE", "alert-rules/ours")) == (404, "alert_rule_not_found")


@pytest.mark.parametrize(
    ("method", "path", "body", "refused"),
    [
        ("POST", "alert-rules", {**RULE, "for": "soon"}, (400, "alert_rule_invalid")),
        ("POST", "alert-rules", {**RULE, "channels": ["nobody"]}, (400, "alert_rule_invalid")),
        ("POST", "alert-rules", [1], (400, "invalid_json")),
        ("POST", "alert-rules", {**RULE, "name": "idle"}, (409, "alert_rule_exists")),
        ("PUT", "alert-rules/idle", RULE, (409, "alert_rule_read_only")),
        ("DELETE", "alert-rules/idle", None, (409, "alert_rule_read_only")),
        ("PUT", "alert-rules/nothing", {"condition": {"type": "spool_age"}}, (404, "alert_rule_not_found")),
        ("PUT", "alert-rules/nothing", RULE, (400, "alert_rule_invalid")),
        ("GET", "alert-rules/nothing", None, (404, "alert_rule_not_found")),
        ("POST", "alert-silences", {"reason": "r", "duration": "1h"}, (400, "alert_silence_invalid")),
        ("POST", "alert-silences", {"rule": "*", "reason": "r"}, (400, "alert_silence_invalid")),
        (
            "POST",
            "alert-silences",
            {"rule": "*", "reason": "r", "ends_at": "2001-01-01T00:00:00Z"},
            (400, "alert_silence_invalid"),
        ),
        ("DELETE", "alert-silences/nothing", None, (404, "alert_silence_not_found")),
        ("POST", "alert-channels/nobody/test", None, (404, "alert_channel_not_found")),
    ],
)
def test_what_is_refused(setting: Setting, method: str, path: str, body: Any, refused: tuple[int, str]) -> None:
    """With a code, and a message that says what to do."""
    assert code_of(called(setting, None, method, path, json=body)) == refused


@pytest.mark.parametrize("path", ["alert-rules", "alert-silences", "events/dead-letters/replay", "audit/verify"])
def test_json_that_curl_sends_as_a_form_is_told(setting: Setting, path: str) -> None:
    """Which is what `curl -d` does without a header."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    refused = called(setting, None, "POST", path, content=json.dumps(RULE), headers=form)
    assert code_of(refused) == (422, "invalid_request")
    assert "with the header `Content-Type: application/json`" in refused.json()["error"]["message"]


def test_a_wrong_rule_is_named_with_its_path(setting: Setting) -> None:
    """As in the configuration."""
    wrong = called(setting, None, "POST", "alert-rules", json={**RULE, "for": "soon", "severity": "dire"})
    message = wrong.json()["error"]["message"]
    assert "for: must be a duration such as 30s" in message
    assert "severity: Input should be" in message


def test_a_tenant_has_rules_alerts_and_silences_of_its_own(setting: Setting, team: Team, other: Team) -> None:
    """They see that tenant only, and are told on channels that are open to it."""
    made = called(setting, team.admin_key, "POST", "alert-rules", json={**RULE, "channels": ["tenants"]}).json()
    assert (made["tenant_id"], made["scope"]) == (team.id, [team.id])
    same = called(setting, other.admin_key, "POST", "alert-rules", json=RULE)
    assert same.status_code == 201
    assert ask(setting, team.member_key, "error-500") >= 500

    alert = wait_for(lambda: called(setting, team.admin_key, "GET", "alerts").json()["alerts"])[0]
    assert (alert["rule"], alert["rule_of"], alert["tenant_id"]) == ("ours", team.id, team.id)
    wait_for(lambda: setting.sent("/tenants"))
    assert called(setting, other.admin_key, "GET", "alerts").json()["alerts"] == []
    rules = called(setting, other.admin_key, "GET", "alert-rules").json()["rules"]
    assert [rule["tenant_id"] for rule in rules] == [other.id]

    silence = {"rule": "ours", "reason": "we know", "duration": "1h", "tenant_id": other.id}
    quiet = called(setting, team.admin_key, "POST", "alert-silences", json=silence).json()
    assert (quiet["tenant_id"], quiet["made_for"]) == (team.id, team.id)
    assert called(setting, other.admin_key, "GET", "alert-silences").json() == {"silences": []}
    foreign = called(setting, other.admin_key, "DELETE", f"alert-silences/{quiet['id']}")
    assert code_of(foreign) == (404, "alert_silence_not_found")
    assert called(setting, team.admin_key, "DELETE", f"alert-silences/{quiet['id']}").json()["ended"] is True

    for owner in (team, other):
        assert called(setting, owner.admin_key, "DELETE", "alert-rules/ours").status_code == 200
    over = wait_for(
        lambda: called(setting, team.admin_key, "GET", "alerts", params={"state": "resolved"}).json()["alerts"]
    )
    assert over[0]["id"] == alert["id"]
    wait_for(lambda: len(setting.sent("/tenants")) == 2)


def test_what_a_tenants_administrator_may_not(setting: Setting, team: Team, other: Team) -> None:
    """Nor its members, nor anybody else's administrator."""
    key = team.admin_key
    closed = called(setting, key, "POST", "alert-rules", json={**RULE, "channels": ["slack"]})
    assert code_of(closed) == (400, "alert_rule_invalid")
    whole = called(setting, key, "POST", "alert-rules", json={**RULE, "condition": {"type": "dead_letters"}})
    assert code_of(whole) == (400, "alert_rule_invalid")
    assert code_of(called(setting, key, "GET", "alert-rules/idle")) == (404, "alert_rule_not_found")
    assert code_of(called(setting, key, "POST", "alert-channels/slack/test")) == (404, "alert_channel_not_found")
    channels = called(setting, key, "GET", "alert-channels").json()["channels"]
    assert [channel["name"] for channel in channels] == ["tenants"]
    for path in ("alerts", "alert-rules", "alert-silences", "alert-channels"):
        assert code_of(called(setting, team.member_key, "GET", path)) == (403, "not_tenant_admin")
        foreign = called(setting, key, "GET", path, params={"tenant_id": other.id})
        assert code_of(foreign) == (403, "not_tenant_admin")


def test_a_tenant_makes_no_more_rules_than_it_may(setting: Setting, other: Team) -> None:
    """Each is a query every few seconds."""
    for number in range(2):
        rule = {**RULE, "name": f"rule-{number}"}
        assert called(setting, other.admin_key, "POST", "alert-rules", json=rule).status_code == 201
    third = called(setting, other.admin_key, "POST", "alert-rules", json={**RULE, "name": "third"})
    assert code_of(third) == (409, "alert_rules_too_many")
    for number in range(2):
        called(setting, other.admin_key, "DELETE", f"alert-rules/rule-{number}").raise_for_status()


def command(setting: Setting, *arguments: str) -> Result:
    """``inferspect`` with the environment of the gateway, in this process: to start one takes a second."""
    environment = {
        **setting.environment,
        "LITELLM_MASTER_KEY": "",
        "INFERSPECT_HOME": str(setting.gateway.home),
        "PORT": str(setting.gateway.port),
        "COLUMNS": "240",
    }
    for name, application in commands():
        if name == arguments[0]:
            return CliRunner().invoke(application, arguments[1:], env=environment)
    return CliRunner().invoke(host, arguments, env=environment)


def test_the_command_shows_and_silences(setting: Setting) -> None:
    """As the platform's administrator."""
    assert "provider-down" in command(setting, "alerts", "rules").stdout
    assert "slack" in command(setting, "alerts", "channels").stdout
    evaluated = command(setting, "alerts", "evaluate").stdout
    assert "idle" in evaluated
    assert "1h" in evaluated
    listed = json.loads(command(setting, "alerts", "list", "--state", "all", "--json").stdout)
    assert {alert["rule"] for alert in listed} >= {"provider-down"}
    made = command(setting, "alerts", "silence", "an upgrade", "--rule", "provider-*", "--for", "2h")
    silence_id = made.stdout.split()[0]
    assert "an upgrade" in command(setting, "alerts", "silences").stdout
    assert command(setting, "alerts", "unsilence", silence_id).exit_code == 0
    assert "No silences." in command(setting, "alerts", "silences").stdout
    wrong = command(setting, "alerts", "silence", "why", "--for", "2h")
    assert wrong.exit_code == 1
    assert "alert_silence" not in wrong.stderr
    assert "name what is to be quiet" in wrong.stderr


def test_a_trial_tells_whether_it_arrived(setting: Setting) -> None:
    """The way that alerts go, with the receiver's answer where it did not."""
    before = len(setting.sent("/hook"))
    sent = command(setting, "alerts", "test-send", "hook")
    assert (sent.exit_code, sent.stdout.strip()) == (0, "delivered")
    assert len(setting.sent("/hook")) == before + 1
    setting.web.behave("error-500", requests=1, path="/broken")
    refused = command(setting, "alerts", "test-send", "broken")
    assert refused.exit_code == 1
    assert refused.stdout.startswith("retrying: ")
    assert "500" in refused.stdout


def test_no_address_and_no_secret_is_told(setting: Setting) -> None:
    """Not by routes, log, settings and doctor, nor where a receiver repeats it in what becomes a dead letter."""
    for channel in ("gossip", "parameter"):
        failed = command(setting, "alerts", "test-send", channel)
        assert failed.stdout.startswith("failed: answered 404: nobody is here")
    paths = ("alert-channels", "alert-rules", "alerts", "events/dead-letters")
    told = [json.dumps(called(setting, None, "GET", path).raise_for_status().json()) for path in paths]
    assert "nobody is here" in told[-1]
    told.append(json.dumps(setting.gateway.query("SELECT message, reason FROM inferspect.deliveries"), default=str))
    assert "nobody is here" in told[-1]
    with setting.gateway.client() as admin:
        told.append(admin.get("/inferspect/metrics").text)
    told += [setting.gateway.log(), command(setting, "alerts", "channels", "--json").stdout]
    told += [command(setting, "doctor", *options).stdout for options in ((), ("--json",), ("--settings", "--json"))]
    assert "os.environ/TEST_GOSSIP_URL" in told[-1]
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), "/services/T0/B0/x", TOKEN):
        for each in told:
            assert hidden not in each


def test_without_a_gateway_the_command_says_so(tmp_path: Path) -> None:
    """And what to do."""
    home = tmp_path / "nobody"
    environment = {**os.environ, "INFERSPECT_HOME": str(home), "LITELLM_MASTER_KEY": ""}
    asked = subprocess.run(
        [sys.executable, "-m", "inferspect", "alerts", "list"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 1
    assert "no key to ask the gateway with" in asked.stderr
