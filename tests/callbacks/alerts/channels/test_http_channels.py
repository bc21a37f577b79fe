"""Slack, Teams, PagerDuty and webhooks, as their receivers see them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from callbacks.alerts.channels.channel import Channel, Surroundings
from callbacks.alerts.channels.pagerduty import PagerDuty
from callbacks.alerts.channels.slack import Slack
from callbacks.alerts.channels.teams import Teams
from callbacks.alerts.channels.webhook import Webhook
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Rejected, Retry
from inferspect.observation.channels import PagerDutyChannel, SlackChannel, TeamsChannel, WebhookChannel
from inferspect.secret import MissingSecretError

Alert = Callable[..., Notification]
ID = "0b5e9a54-2222-4000-8000-000000000000"
TOKEN = "T0000/B0000/" + "abcdefgh" * 3
OLD, NEW = ("whsec_" + base64.b64encode(bytes([digit]) * 32).decode() for digit in (1, 2))


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, receiver: Any) -> None:
    monkeypatch.setenv("HOOK", f"{receiver.url}/services/{TOKEN}")
    monkeypatch.setenv("ROUTING_KEY", "routing-" + "key" * 8)
    monkeypatch.setenv("OLD", OLD)
    monkeypatch.setenv("NEW", NEW)


def slack(surroundings: Surroundings, **settings: Any) -> Slack:
    return Slack(SlackChannel(type="slack", url="os.environ/HOOK", **settings), surroundings)


def teams(surroundings: Surroundings, **settings: Any) -> Teams:
    return Teams(TeamsChannel(type="teams", url="os.environ/HOOK", **settings), surroundings)


def webhook(surroundings: Surroundings, **settings: Any) -> Webhook:
    given = {"type": "webhook", "url": "os.environ/HOOK", "secret": "os.environ/NEW", **settings}
    return Webhook(WebhookChannel(**given), surroundings)


def pagerduty(surroundings: Surroundings, url: str) -> PagerDuty:
    settings = PagerDutyChannel(type="pagerduty", routing_key="os.environ/ROUTING_KEY", url=url)
    return PagerDuty(settings, surroundings)


async def test_slack_gets_title_and_text(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    assert await slack(surroundings).send(alert(), ID) == DONE
    (request,) = receiver.received
    assert request.path == f"/services/{TOKEN}"
    message = request.json()
    assert message["text"] == "[CRITICAL] error-rate (acme)"
    title, body = (block["text"]["text"] for block in message["blocks"])
    assert title == "*[CRITICAL] error-rate (acme)*"
    assert body.startswith("12 % of the requests failed; the limit is 5 %.\nValue: 0.12, limit 0.05\nprovider: openai")


async def test_a_resolved_alert_is_told_by_a_second_message(
    receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    await slack(surroundings).send(alert(ended=True), ID)
    message = receiver.received[0].json()
    assert message["text"] == "[RESOLVED] error-rate (acme)"
    assert "until 2026-11-21 04:30:00+00:00" in message["blocks"][1]["text"]["text"]


async def test_what_tenants_write_makes_no_mention_and_no_link_in_slack(
    receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    hostile = "<!channel> <@U123> <https://evil.example|click> @channel @Here & co"
    await slack(surroundings).send(alert(tenant_alias=hostile, labels={"model": hostile}, summary=hostile), ID)
    message = receiver.received[0].json()
    for text in (message["text"], *(block["text"]["text"] for block in message["blocks"])):
        assert "<" not in text
        assert "@channel" not in text
        assert "@Here" not in text
        assert "&lt;!channel&gt;" in text
        assert "&amp; co" in text
    assert {block["text"]["verbatim"] for block in message["blocks"]} == {True}


async def test_a_template_may_write_slacks_markup(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    channel = slack(surroundings, title="<!here> {{ rule }}", body="`{{ labels.provider }}` {{ labels.none }}")
    await channel.send(alert(rule="<b>"), ID)
    message = receiver.received[0].json()
    assert message["text"] == "<!here> &lt;b&gt;"
    assert message["blocks"][1]["text"]["text"] == "`openai`"


async def test_a_runbook_is_a_link_in_slack(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    await slack(surroundings).send(alert(runbook="https://docs.example/a?b=1&c=2|x>"), ID)
    assert receiver.received[0].json()["blocks"][2]["text"]["text"] == (
        "<https://docs.example/a?b=1&amp;c=2%7Cx&gt;|Runbook>"
    )


async def test_texts_are_cut_to_what_slack_takes(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    await slack(surroundings).send(alert(summary="x" * 10_000, tenant_alias="y" * 10_000), ID)
    message = receiver.received[0].json()
    assert max(len(block["text"]["text"]) for block in message["blocks"]) <= 3000
    assert len(message["text"]) == 500


async def test_teams_gets_a_card(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    receiver.answers = [(202, {}, b"")]
    assert await teams(surroundings).send(alert(summary="see [this](https://evil.example) **now**"), ID) == DONE
    message = receiver.received[0].json()
    (attachment,) = message["attachments"]
    assert (message["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    runs = [run for block in attachment["content"]["body"] for run in block["inlines"]]
    assert runs[0]["text"] == "[CRITICAL] error-rate (acme)"
    assert runs[0]["color"] == "attention"
    assert runs[1]["text"] == "see [this](https://evil.example) **now**"
    assert {block["type"] for block in attachment["content"]["body"]} == {"RichTextBlock"}  # shows no Markdown


async def test_an_alert_is_one_incident_in_pagerduty(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    receiver.answers = [(202, {}, b'{"status":"success"}')]
    channel = pagerduty(surroundings, f"{receiver.url}/v2/enqueue")
    for notification in (alert(runbook="https://docs.example/r"), alert(repeat=1), alert(ended=True)):
        assert await channel.send(notification, ID) == DONE
    first, second, last = (request.json() for request in receiver.received)
    assert [event["event_action"] for event in (first, second, last)] == ["trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for event in (first, second, last)} == {alert().alert_id}
    assert first["routing_key"] == "routing-" + "key" * 8
    assert first["links"] == [{"href": "https://docs.example/r", "text": "Runbook"}]
    assert first["payload"]["severity"] == "critical"
    assert first["payload"]["summary"] == "[CRITICAL] error-rate (acme)"
    assert first["payload"]["source"] == "acme"
    assert first["payload"]["custom_details"]["provider"] == "openai"


async def test_the_routing_key_is_not_told(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    key = "routing-" + "key" * 8
    receiver.answers = [(400, {}, f'{{"status":"invalid event","errors":["{key} is wrong"]}}'.encode())]
    outcome = await pagerduty(surroundings, receiver.url).send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "invalid event" in outcome.reason
    assert key not in outcome.reason


async def test_a_webhook_is_verified_by_the_schemes_own_library(
    receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    assert await webhook(surroundings).send(alert(), ID) == DONE
    (request,) = receiver.received
    assert request.headers["webhook-id"] == ID
    body = Verifier(NEW).verify(request.body, request.headers)
    assert body["type"] == "alert.firing"
    assert body["timestamp"] == "2026-11-21T04:00:00+00:00"
    assert body["data"]["summary"] == "12 % of the requests failed; the limit is 5 %."
    assert body["data"]["labels"] == {"provider": "openai"}
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(NEW).verify(request.body.replace(b"12 %", b"13 %"), request.headers)


async def test_both_secrets_sign_while_receivers_change_over(
    receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    await webhook(surroundings, previous_secret="os.environ/OLD").send(alert(), ID)
    (request,) = receiver.received
    for secret in (OLD, NEW):
        assert Verifier(secret).verify(request.body, request.headers)["type"] == "alert.firing"


async def test_a_notification_sent_again_is_the_same(receiver: Any, surroundings: Surroundings, alert: Alert) -> None:
    """So that a receiver knows by ``webhook-id`` what it had already got."""
    channel = webhook(surroundings)
    for _ in range(2):
        await channel.send(alert(ended=True), ID)
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == ID
    assert first.json()["timestamp"] == "2026-11-21T04:30:00+00:00"


@pytest.mark.parametrize("make", [slack, teams, webhook])
async def test_what_receivers_answer_decides_about_the_next_attempt(
    make: Callable[[Surroundings], Channel], receiver: Any, surroundings: Surroundings, alert: Alert
) -> None:
    receiver.answers = [
        (500, {}, b""),
        (429, {"Retry-After": "17"}, b"slow down"),
        (404, {}, b"no_service"),
        (410, {}, b"channel_is_archived"),
        (302, {"Location": f"{receiver.url}/elsewhere"}, b""),
        (200, {}, b"ok"),
    ]
    channel = make(surroundings)
    outcomes = [await channel.send(alert(), ID) for _ in range(6)]
    assert outcomes[:4] == [
        Retry("answered 500"),
        Retry("answered 429: slow down", 17.0),
        Rejected("answered 404: no_service"),
        Rejected("answered 410: channel_is_archived"),
    ]
    assert isinstance(outcomes[4], Rejected)
    assert outcomes[5] == DONE
    assert len(receiver.received) == 6  # the redirect was not followed


@pytest.mark.parametrize("make", [slack, teams, webhook])
async def test_this_machine_is_not_reached_unless_allowed(
    make: Callable[[Surroundings], Channel], receiver: Any, closed_surroundings: Surroundings, alert: Alert
) -> None:
    outcome = await make(closed_surroundings).send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "access.outgoing_networks" in outcome.reason
    assert TOKEN not in outcome.reason
    assert receiver.received == []


@pytest.mark.parametrize("make", [slack, teams, webhook])
async def test_a_receiver_that_is_gone_is_tried_again(
    make: Callable[[Surroundings], Channel], surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:1/services/{TOKEN}")
    outcome = await make(surroundings).send(alert(), ID)
    assert isinstance(outcome, Retry)
    assert "abcdefgh" not in outcome.reason


async def test_an_address_that_is_none_is_rejected_without_being_told(
    surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"hooks.example/{TOKEN}")
    outcome = await slack(surroundings).send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "https://" in outcome.reason
    assert "abcdefgh" not in outcome.reason


async def test_a_missing_secret_is_named(
    surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK")
    with pytest.raises(MissingSecretError, match="HOOK is not set"):
        await slack(surroundings).send(alert(), ID)


async def test_a_receiver_that_says_nothing_is_tried_again(
    surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    outcome = await slack(surroundings, timeout=0.2).send(alert(), ID)
    gone.set()
    server.close()
    assert outcome == Retry("no answer within 0.2 s")
