"""E-mail by an SMTP server, with the standard library in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime

import structlog

from callbacks.alerts.channels.answers import without_secrets
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.smtp import Connection, Refused
from callbacks.alerts.channels.wording import Wording
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import DONE, Delivered, Rejected, Retry
from inferspect.observation.channels import EmailChannel
from inferspect.outgoing.addresses import ForbiddenAddressError, checked_addresses

SUBJECT_LIMIT = 200
BODY_LIMIT = 100_000
PERMANENT = 500  # SMTP's replies from here on will be the same next time
log = structlog.get_logger("inferspect.alerts")


class Mail:
    """Sends each notification as a message, those of one alert as one conversation.

    Args:
        context: certificates that are trusted; those of the system by default.
    """

    def __init__(
        self, settings: EmailChannel, surroundings: Surroundings, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._context = context
        self._wording = Wording(settings, SUBJECT_LIMIT, BODY_LIMIT)

    async def send(  # noqa: PLR0911  one for each way that it can end
        self, notification: Notification, notification_id: str
    ) -> Delivered:
        settings, there = self._settings, self._surroundings
        words = await self._wording.of(notification)
        message = message_of(settings, *words, notification.alert_id, notification_id)
        password = settings.password.reveal() if settings.password else ""
        connection = Connection(settings, password, self._context)
        try:
            async with asyncio.timeout(settings.timeout):
                addresses = await checked_addresses(settings.host, settings.port, there.networks, there.resolve)
                await asyncio.to_thread(connection.send, addresses, message)
        except ForbiddenAddressError as error:
            return Rejected(str(error))
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(error.recipients, of_all=True)
        except smtplib.SMTPResponseException as error:
            reason = _reply(error.smtp_code, error.smtp_error, password)
            return Rejected(reason) if error.smtp_code >= PERMANENT else Retry(reason)
        except smtplib.SMTPNotSupportedError as error:
            return Rejected(f"the mail server cannot do what is asked of it: {error}")
        except TimeoutError:
            if connection.taken is not None:
                return _taken(connection.taken)
            return Retry(f"the mail server took longer than {settings.timeout:g} s")
        except (OSError, UnicodeError) as error:  # among them what smtplib raises for a connection that is lost
            return Retry(f"no connection to the mail server: {without_secrets(str(error), [password])}")
        finally:
            connection.abort()  # a thread that the timeout left behind
        return _taken(connection.taken or {})

    async def close(self) -> None:
        """Nothing is open between messages."""


def message_of(settings: EmailChannel, subject: str, body: str, alert_id: str, notification_id: str) -> EmailMessage:
    """The message; its id is the same whenever it is sent, by which mail servers know what they had already got."""
    domain = settings.sender.rpartition("@")[2]
    message = EmailMessage(SMTP.clone(cte_type="7bit"))  # not every server takes eight bits
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Subject"] = subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{notification_id}@{domain}>"
    message["References"] = f"<{alert_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to it
    message.set_content(body + "\n")
    return message


def _taken(refused: Refused) -> Delivered:
    return _refused(refused, of_all=False) if refused else DONE


def _refused(recipients: Refused, *, of_all: bool) -> Delivered:
    """Some may be taken later: it is sent again, to all. Those who never will be are logged where others got it."""
    codes = sorted({code for code, _ in recipients.values()})
    reason = f"the mail server refused {len(recipients)} recipients ({', '.join(map(str, codes))})"
    if any(code < PERMANENT for code in codes):
        return Retry(reason)
    if of_all:
        return Rejected(reason)
    log.warning("a notification did not reach all recipients", refused=len(recipients), codes=codes)
    return DONE


def _reply(code: int, words: bytes | str, password: str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"the mail server answered {code}: {without_secrets(text, [password])}"
