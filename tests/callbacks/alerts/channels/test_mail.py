"""E-mail, sent to a server on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from callbacks.alerts.channels import smtp
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.mail import Mail
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Delivered, Rejected, Retry
from inferspect.observation.channels import EmailChannel
from inferspect.testing.notifications import MailSink

Alert = Callable[..., Notification]
ID = "0b5e9a54-2222-4000-8000-000000000000"


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as sink:
        yield sink


def mail(surroundings: Surroundings, port: int, context: ssl.SSLContext | None = None, **settings: Any) -> Mail:
    given = {
        "type": "email",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "gateway@example.com",
        "recipients": ["oncall@example.com", "lead@example.com"],
        **settings,
    }
    return Mail(EmailChannel(**given), surroundings, context)


async def test_a_message_reaches_its_recipients(sink: MailSink, surroundings: Surroundings, alert: Alert) -> None:
    assert await mail(surroundings, sink.port).send(alert(), ID) == DONE
    (received,) = sink.received
    assert received.recipients == ["oncall@example.com", "lead@example.com"]
    assert received.sender == "gateway@example.com"
    assert received.subject == "[CRITICAL] error-rate (acme)"
    assert received.text.startswith("12 % of the requests failed; the limit is 5 %.")
    assert received.message["Auto-Submitted"] == "auto-generated"


async def test_messages_of_one_alert_are_one_conversation(
    sink: MailSink, surroundings: Surroundings, alert: Alert
) -> None:
    channel = mail(surroundings, sink.port)
    for notification, notification_id in (
        (alert(), ID),
        (alert(), ID),
        (alert(ended=True), ID.replace("2222", "3333")),
    ):
        await channel.send(notification, notification_id)
    first, again, last = (received.message for received in sink.received)
    assert first["Message-ID"] == again["Message-ID"] != last["Message-ID"]
    assert {str(message["References"]) for message in (first, again, last)} == {f"<{alert().alert_id}@example.com>"}


async def test_line_breaks_make_no_headers(sink: MailSink, surroundings: Surroundings, alert: Alert) -> None:
    """What a tenant is called ends up in the subject and nowhere else."""
    hostile = "acme\r\nBcc: everyone@example.com\r\n\r\nHello\x00\u2028there"
    assert await mail(surroundings, sink.port).send(alert(tenant_alias=hostile, rule="r\nX-Rule: 1"), ID) == DONE
    (received,) = sink.received
    assert received.recipients == ["oncall@example.com", "lead@example.com"]
    assert received.message["Bcc"] is None
    assert received.message["X-Rule"] is None
    assert received.subject == "[CRITICAL] r X-Rule: 1 (acme Bcc: everyone@example.com Hello there)"


async def test_a_text_with_lines_that_smtp_knows_arrives_whole(
    sink: MailSink, surroundings: Surroundings, alert: Alert
) -> None:
    text = "Tên: Nguyễn Văn Ánh\n.\nQUIT\nFrom here on 🎉"
    await mail(surroundings, sink.port, body="{{ summary }}").send(alert(summary=text), ID)
    assert sink.received[0].text.splitlines() == text.splitlines()


async def test_what_may_pass_is_tried_again_and_what_never_will_is_not(
    sink: MailSink, surroundings: Surroundings, alert: Alert
) -> None:
    channel = mail(surroundings, sink.port)
    sink.fail(1, "451 greylisted")
    assert await channel.send(alert(), ID) == Retry("the mail server answered 451: greylisted")
    sink.fail(1, "554 no thanks")
    assert await channel.send(alert(), ID) == Rejected("the mail server answered 554: no thanks")
    assert await channel.send(alert(), ID) == DONE
    assert len(sink.received) == 1


async def test_a_server_that_is_gone_is_tried_again(surroundings: Surroundings, alert: Alert) -> None:
    outcome = await mail(surroundings, 1).send(alert(), ID)
    assert isinstance(outcome, Retry)
    assert "no connection" in outcome.reason


async def test_this_machine_is_not_reached_unless_allowed(
    sink: MailSink, closed_surroundings: Surroundings, alert: Alert
) -> None:
    outcome = await mail(closed_surroundings, sink.port, host="localhost").send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "access.outgoing_networks" in outcome.reason
    assert sink.attempts == 0


async def test_a_server_that_says_nothing_is_left(surroundings: Surroundings, alert: Alert) -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client hangs up
        ended.set()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    outcome = await mail(surroundings, server.sockets[0].getsockname()[1], timeout=0.3).send(alert(), ID)
    assert outcome == Retry("the mail server took longer than 0.3 s")
    await ended.wait()
    server.close()


class Lingering:
    """Takes every message and then says nothing more."""

    def __init__(self) -> None:
        self.messages = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802  as below
        self.messages += 1
        return "250 OK"

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802  as below
        await asyncio.Event().wait()
        return "221 never said"


@pytest.mark.parametrize(("timeout", "at_the_end"), [(60, 0.1), (2, 60)])
async def test_a_message_that_was_taken_is_not_sent_again(
    timeout: float, at_the_end: float, surroundings: Surroundings, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the server hangs when it is told goodbye, within the channel's timeout or beyond it."""
    monkeypatch.setattr(smtp, "PATIENCE_AT_THE_END", at_the_end)
    handler = Lingering()
    async with smtp_server(handler) as port:
        assert await mail(surroundings, port, timeout=timeout).send(alert(), ID) == DONE
    assert handler.messages == 1


class Choosy:
    """Refuses some recipients."""

    def __init__(self, refused: dict[str, str]) -> None:
        self.refused = refused
        self.messages: list[list[str]] = []

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        self.messages.append(list(envelope.rcpt_tos))
        return "250 OK"


@asynccontextmanager
async def smtp_server(handler: Any, certificate: Path | None = None, **options: Any) -> AsyncIterator[int]:
    """aiosmtpd on the test's loop; yields its port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    at_once = options.pop("at_once", False)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, loop=loop, tls_context=None if at_once else context, **options),
        "127.0.0.1",
        0,
        ssl=context if at_once else None,
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        ({"lead@example.com": "550 unknown"}, DONE),
        ({"lead@example.com": "450 later"}, Retry("the mail server refused 1 recipients (450)")),
        (
            {"lead@example.com": "550 unknown", "oncall@example.com": "550 unknown"},
            Rejected("the mail server refused 2 recipients (550)"),
        ),
        (
            {"lead@example.com": "550 unknown", "oncall@example.com": "450 later"},
            Retry("the mail server refused 2 recipients (450, 550)"),
        ),
    ],
)
async def test_refused_recipients(
    refused: dict[str, str], expected: Delivered, surroundings: Surroundings, alert: Alert
) -> None:
    """It is sent again as long as somebody may still get it; who never will keeps nobody else from it."""
    async with smtp_server(Choosy(refused)) as port:
        assert await mail(surroundings, port).send(alert(), ID) == expected


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MAIL_PASSWORD", "correct-horse")
    monkeypatch.setenv("WRONG_PASSWORD", "wrong-horse")
    return {"username": "gateway", "password": "os.environ/MAIL_PASSWORD", "host": "mail.example"}


def authenticator(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"gateway", b"correct-horse")
    return AuthResult(success=right, handled=False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_password_is_sent_over_tls(
    security: str,
    certificate: Path,
    login: dict[str, str],
    mail_example_is_here: Surroundings,
    alert: Alert,
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    handler = Choosy({})
    async with smtp_server(
        handler,
        certificate,
        at_once=security == "tls",
        authenticator=authenticator,
        auth_require_tls=security == "starttls",  # aiosmtpd does not see that it is within TLS already
    ) as port:
        there = mail_example_is_here
        assert await mail(there, port, trusting, security=security, **login).send(alert(), ID) == DONE
        login["password"] = "os.environ/WRONG_PASSWORD"
        outcome = await mail(there, port, trusting, security=security, **login).send(alert(), ID)
        assert isinstance(outcome, Rejected)
        assert "535" in outcome.reason
        assert "wrong-horse" not in outcome.reason
    assert len(handler.messages) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_trusts_gets_nothing(
    security: str, certificate: Path, mail_example_is_here: Surroundings, alert: Alert
) -> None:
    handler = Choosy({})
    async with smtp_server(handler, certificate, at_once=security == "tls") as port:
        outcome = await mail(mail_example_is_here, port, security=security, host="mail.example").send(alert(), ID)
    assert isinstance(outcome, Retry)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
    assert handler.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_certificate_is_checked_for_the_name_of_the_server(
    security: str, certificate: Path, surroundings: Surroundings, alert: Alert
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    handler = Choosy({})
    async with smtp_server(handler, certificate, at_once=security == "tls") as port:
        outcome = await mail(surroundings, port, trusting, security=security, host="localhost").send(alert(), ID)
    assert isinstance(outcome, Retry)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
    assert handler.messages == []


async def test_a_server_without_starttls_gets_nothing(sink: MailSink, surroundings: Surroundings, alert: Alert) -> None:
    """Somebody in between may have taken the offer of STARTTLS out."""
    outcome = await mail(surroundings, sink.port, security="starttls").send(alert(), ID)
    assert isinstance(outcome, Rejected)
    assert "STARTTLS" in outcome.reason
    assert sink.attempts == 0
