"""Apprise in its process: what it reaches and what becomes known of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from callbacks.alerts.channels import apprise_channel
from callbacks.alerts.channels.apprise_channel import AppriseService
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Rejected, Retry
from inferspect.observation.channels import AppriseChannel
from inferspect.testing.notifications import MailSink

Alert = Callable[..., Notification]
ID = "0b5e9a54-2222-4000-8000-000000000000"
TOKEN = "token" * 4


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppriseService]:
    def make(surroundings: Surroundings, url: str, **settings: Any) -> AppriseService:
        monkeypatch.setenv("APPRISE_URL", url)
        return AppriseService(AppriseChannel(type="apprise", url="os.environ/APPRISE_URL", **settings), surroundings)

    return make


async def test_a_service_gets_title_and_text(
    service: Any, receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    channel = service(surroundings, f"json://127.0.0.1:{receiver.port}/{TOKEN}")
    assert await channel.send(alert(summary="@everyone: 12 %"), ID) == DONE
    assert await channel.send(alert(ended=True), ID) == DONE
    first, last = (request.json() for request in receiver.received)
    assert first["title"] == "[CRITICAL] error-rate (acme)"
    assert first["message"].startswith("@\u200beveryone: 12 %\nValue: 0.12, limit 0.05")
    assert (first["type"], last["type"]) == ("failure", "success")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
async def test_this_machine_is_not_reached_unless_allowed(
    host: str, service: Any, receiver: Any, closed_surroundings: Surroundings, alert: Alert
) -> None:
    outcome = await service(closed_surroundings, f"json://{host}:{receiver.port}/{TOKEN}").send(alert(), ID)
    assert outcome == Rejected("127.0.0.1 is not public and not in access.outgoing_networks")
    assert receiver.received == []


async def test_services_that_do_not_speak_http_are_held_to_the_same(
    service: Any, closed_surroundings: Surroundings, alert: Alert
) -> None:
    with MailSink() as sink:
        url = f"mailto://name:password@localhost:{sink.port}/?to=oncall@example.com&mode=insecure"
        outcome = await service(closed_surroundings, url).send(alert(), ID)
        assert outcome == Rejected("127.0.0.1 is not public and not in access.outgoing_networks")
        assert sink.attempts == 0


async def test_a_redirect_is_not_followed(
    service: Any, receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    receiver.answers = [(307, {"Location": f"{receiver.url}/elsewhere"}, b"")]
    outcome = await service(surroundings, f"json://127.0.0.1:{receiver.port}/hook").send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "307" in outcome.reason
    assert [request.path for request in receiver.received] == ["/hook"]


async def test_a_redirect_that_the_url_allows_leads_to_checked_addresses_only(
    service: Any, receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    receiver.answers = [(307, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")]
    url = f"json://127.0.0.1:{receiver.port}/hook?redirect=yes"
    outcome = await service(surroundings, url).send(alert(), ID)
    assert outcome == Rejected("169.254.169.254 is not public and not in access.outgoing_networks")


async def test_the_answer_of_the_service_decides_about_the_next_attempt(
    service: Any, receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    receiver.answers = [(500, {}, b""), (429, {}, b""), (404, {}, b"")]
    channel = service(surroundings, f"json://127.0.0.1:{receiver.port}/{TOKEN}")
    outcomes = [await channel.send(alert(), ID) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Retry, Retry, Rejected]
    assert "404" in outcomes[2].reason


async def test_a_url_that_apprise_does_not_know_is_rejected_without_being_told(
    service: Any, surroundings: Surroundings, alert: Alert
) -> None:
    assert await service(surroundings, f"bogus://{TOKEN}").send(alert(), ID) == Rejected(
        "it is no URL that Apprise knows"
    )


async def test_what_the_service_says_is_told_without_the_secret(
    service: Any, surroundings: Surroundings, alert: Alert
) -> None:
    outcome = await service(surroundings, f"json://127.0.0.1:1/{TOKEN}").send(alert(), ID)
    assert isinstance(outcome, Retry)
    assert "onnection" in outcome.reason
    assert TOKEN not in outcome.reason


async def test_a_service_that_hangs_is_ended_with_its_process(
    service: Any, surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise's own limit ends the wait; where even that does not, the process is killed."""
    monkeypatch.setattr(apprise_channel, "STARTING", 0.0)
    outcome = await service(surroundings, "json://127.0.0.1:1/", timeout=0.01).send(alert(), ID)
    assert outcome == Retry("the service took longer than 0.01 s")


async def test_the_process_sees_none_of_the_gateways_secrets(
    service: Any, receiver: Any, surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a proxy, whose connections nobody could check: with this one nothing would arrive."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-" + "x" * 20)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    seen: dict[str, str] = {}
    start = asyncio.create_subprocess_exec

    async def starting(*command: str, **options: Any) -> asyncio.subprocess.Process:
        seen.update(options["env"])
        return await start(*command, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    assert await service(surroundings, f"json://127.0.0.1:{receiver.port}/").send(alert(), ID) == DONE
    assert seen.keys() <= set(apprise_channel.ENVIRONMENT)
    assert "PATH" in seen
