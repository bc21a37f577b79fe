"""One connection to an SMTP server, at an address that was checked."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from inferspect.observation.channels import EmailChannel
from inferspect.outgoing.addresses import IPAddress

Refused = Mapping[str, tuple[int, bytes]]
PATIENCE_AT_THE_END = 1.0  # seconds for the answer to QUIT, which changes nothing


class CheckedSMTP(smtplib.SMTP):
    """Connects to the addresses that it is given; the certificate is checked for the name of the server."""

    def __init__(self, settings: EmailChannel, addresses: Sequence[IPAddress], context: ssl.SSLContext) -> None:
        self._settings, self._addresses, self._context = settings, addresses, context
        domain = settings.sender.rpartition("@")[2]  # without it, smtplib asks the network for this machine's name
        super().__init__(settings.host, settings.port, local_hostname=domain, timeout=settings.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Where smtplib's own classes differ in how they connect, too."""
        failure: OSError | None = None
        for address in self._addresses:
            try:
                plain = socket.create_connection((str(address), port), timeout)
            except OSError as error:
                failure = error
                continue
            if self._settings.security != "tls":
                return plain
            try:
                return self._context.wrap_socket(plain, server_hostname=host)
            except BaseException:
                plain.close()
                raise
        raise failure or OSError("there is no address to connect to")


class Connection:
    """Sends one message, in a thread; :meth:`abort` ends it from another.

    Args:
        context: certificates that are trusted; those of the system by default.

    Attributes:
        taken: set once the server has taken the message: the recipients that it refused while it took others.
    """

    def __init__(self, settings: EmailChannel, password: str, context: ssl.SSLContext | None = None) -> None:
        self._settings, self._password = settings, password
        self._context = context or ssl.create_default_context()
        self._socket: socket.socket | None = None
        self.taken: Refused | None = None

    def send(self, addresses: Sequence[IPAddress], message: EmailMessage) -> None:
        """Send it; ``taken`` says what became of it.

        Raises:
            smtplib.SMTPException: the server refused it.
            OSError: there was no connection, or no more.
        """
        settings = self._settings
        server = CheckedSMTP(settings, addresses, self._context)
        self._socket = server.sock
        try:
            if settings.security == "starttls":
                server.starttls(context=self._context)
                self._socket = server.sock
            if settings.username is not None:
                server.login(settings.username, self._password)
            self.taken = server.sendmail(settings.sender, settings.recipients, message.as_bytes())
        except BaseException:
            server.close()
            raise
        try:
            if server.sock is not None:
                server.sock.settimeout(PATIENCE_AT_THE_END)
                server.quit()
        except OSError:
            server.close()

    def abort(self) -> None:
        """Cut the connection, so that a thread that waits for the server goes on and ends."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed, as it should be
