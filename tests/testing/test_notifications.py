"""The sinks for notifications answer as the real receivers, and fail as they are told."""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage

import apprise
import httpx
import pytest

from inferspect.testing.notifications import MailSink, NotificationSink


@pytest.fixture
def sink() -> Iterator[NotificationSink]:
    with NotificationSink() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running


def message(subject: str) -> EmailMessage:
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = "gateway@example.com", "oncall@example.com", subject
    email.set_content("Lỗi: the provider fails.\n")
    return email


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/services/T0/B0/x", 200, "ok"),
        ("/v2/enqueue", 202, '{"status":"success","message":"Event processed","dedup_key":"sink"}'),
        ("/teams/workflow", 202, ""),
        ("/any", 200, "{}"),
    ],
)
def test_each_receiver_answers_in_its_own_way(sink: NotificationSink, path: str, status: int, body: str) -> None:
    """The path says which; what came is kept with its headers."""
    answer = httpx.post(f"{sink.url}{path}", json={"text": "down"}, headers={"x-signature": "v1,abc"})
    assert (answer.status_code, answer.text) == (status, body)
    (received,) = sink.received
    assert (received.path, received.headers["x-signature"]) == (path, "v1,abc")
    assert sink.messages(path) == [{"text": "down"}]
    assert sink.messages("/other") == []


def test_the_first_messages_may_fail(sink: NotificationSink) -> None:
    """Three attempts fail, each in its way, and all are seen."""
    for command in ("error-500", "error-429-retry-after-2", "drop"):
        sink.behave(command, requests=1)
    assert httpx.post(sink.url, json=1).status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert httpx.post(sink.url, json=2).headers["retry-after"] == "2"
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(sink.url, json=3)
    assert httpx.post(sink.url, json=4).status_code == httpx.codes.OK
    assert sink.messages() == [1, 2, 3, 4]


def test_a_redirect_leads_where_it_was_told_to(sink: NotificationSink) -> None:
    """So that a sender that follows it is seen at the other place."""
    with NotificationSink() as other:
        sink.behave(f"redirect-{other.url}/inside")
        answer = httpx.post(sink.url, json={}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, f"{other.url}/inside")
        assert other.requests == 0
        httpx.post(sink.url, json={}, follow_redirects=True)
        assert other.requests == 1


def test_there_is_no_partial_answer_to_one_message(sink: NotificationSink) -> None:
    with pytest.raises(ValueError, match="no batches"):
        sink.behave("partial")


def test_apprise_is_content_with_the_answer(sink: NotificationSink) -> None:
    """Its JSON channel reports success, and failure while the sink fails."""
    channel = apprise.Apprise()
    assert channel.add(sink.url.replace("http://", "json://") + "/hook")
    assert channel.notify(title="down", body="the provider fails")
    assert sink.received[-1].json()["title"] == "down"
    sink.behave("error-500")
    assert not channel.notify(title="down", body="the provider fails")


def test_mail_arrives_with_envelope_headers_and_text(mail: MailSink) -> None:
    """And with the login, where the sender has one."""
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        client.send_message(message("plain"))
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        client.login("gateway", "made-up")
        client.send_message(message("with login"))
    plain, with_login = mail.received
    assert (plain.sender, plain.recipients) == ("gateway@example.com", ["oncall@example.com"])
    assert (plain.subject, plain.text, plain.login) == ("plain", "Lỗi: the provider fails.", None)
    assert (with_login.subject, with_login.login) == ("with login", ("gateway", "made-up"))


def test_the_first_mails_may_fail(mail: MailSink) -> None:
    """A temporary failure unless told; all attempts are counted."""
    mail.fail(1)
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            client.send_message(message("first"))
        mail.fail(1, "550 no such user")
        with pytest.raises(smtplib.SMTPDataError, match="550"):
            client.send_message(message("second"))
        client.send_message(message("third"))
    assert [one.subject for one in mail.received] == ["third"]
    assert mail.attempts == 3


def test_without_aiosmtpd_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtpd.smtp", None)
    with pytest.raises(RuntimeError, match="pip install aiosmtpd"):
        MailSink()
