"""A mail server that delivers to a list."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TEMPORARY = "451 told to fail, try again later"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that was accepted.

    Attributes:
        sender, recipients: of the envelope, which may differ from the headers.
        login: user and password, where the client logged in.
    """

    sender: str
    recipients: list[str]
    message: EmailMessage
    login: tuple[str, str] | None

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """The plain part, else the HTML part, without line ends at its end."""
        part = self.message.get_body(("plain", "html"))
        return "" if part is None else str(part.get_content()).rstrip()


@dataclass(slots=True)
class _Handler:
    """What aiosmtpd calls."""

    mails: list[Mail] = field(default_factory=list)
    attempts: int = 0
    failing: int = 0
    answer: str = TEMPORARY
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  its name
        with self.lock:
            self.attempts += 1
            if self.failing:
                self.failing -= 1
                return self.answer
            content = envelope.original_content or b""
            message = message_from_bytes(content, policy=policy.default)
            sender, login = envelope.mail_from or "", session.auth_data
            self.mails.append(Mail(sender, list(envelope.rcpt_tos), message, login))
        return "250 OK"


class MailSink:
    """An SMTP server on loopback, in a thread of its own; any login is right.

        with MailSink() as mail:
            mail.fail(3)
            ...  # send to 127.0.0.1, port mail.port
            assert mail.received[0].subject == "..."

    Needs aiosmtpd, which InferSpect itself does not: ``pip install aiosmtpd``.
    """

    def __init__(self, *, host: str = "127.0.0.1") -> None:
        """Listen on a free port, once the context is entered.

        Raises:
            RuntimeError: aiosmtpd is not installed.
        """
        try:
            import aiosmtpd.smtp  # noqa: PLC0415, F401  not a requirement of InferSpect
        except ImportError as error:
            raise RuntimeError("MailSink needs aiosmtpd; install it with: pip install aiosmtpd") from error
        self._handler = _Handler()
        self._host = host
        self._port: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="mail-sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._port.result()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        if not self._thread.is_alive():
            raise RuntimeError("the mail server is not started; use it in a with block")
        return self._port.result()

    @property
    def received(self) -> list[Mail]:
        """The messages that were accepted, oldest first."""
        with self._handler.lock:
            return list(self._handler.mails)

    @property
    def attempts(self) -> int:
        """How many messages were offered, refused ones too."""
        return self._handler.attempts

    def fail(self, messages: int, answer: str = TEMPORARY) -> None:
        """Refuse the next messages.

        Args:
            messages: how many.
            answer: status and text, such as ``550 no such user``; a temporary failure unless told.
        """
        with self._handler.lock:
            self._handler.failing, self._handler.answer = messages, answer

    async def _serve(self) -> None:
        from aiosmtpd.smtp import SMTP  # noqa: PLC0415  as in __init__

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()

        def connection() -> SMTP:
            return SMTP(
                self._handler, loop=self._loop, hostname="mail-sink", authenticator=_accept, auth_require_tls=False
            )

        try:
            server = await self._loop.create_server(connection, self._host, 0)
        except OSError as error:
            self._port.set_exception(error)
            return
        self._port.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()


def _accept(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    """Any user with any password, kept with the mail."""
    from aiosmtpd.smtp import AuthResult, LoginPassword  # noqa: PLC0415  as above

    known = isinstance(data, LoginPassword)
    login = (data.login.decode(), data.password.decode()) if known else None
    return AuthResult(success=known, auth_data=login)
