"""A receiver of notifications on this machine, and what channels are made with."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.notification import Notification
from inferspect.outgoing.client import GuardedTransport, OutgoingClient

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = (200, {}, b"ok")


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """Answers with the next of ``answers``, the last one for ever; keeps what came."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [OK])
    received: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(first.split(" ")[1], headers, body))
            status, extra, content = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            said = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{said}\r\n".encode() + content)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    server = await asyncio.start_server(there.connected, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    yield there
    server.close()
    await server.wait_closed()


@pytest.fixture
async def surroundings() -> AsyncIterator[Surroundings]:
    """This machine may be reached."""
    client = OutgoingClient(GuardedTransport(LOOPBACK))
    yield Surroundings(client, LOOPBACK)
    await client.close()


@pytest.fixture
async def closed_surroundings() -> AsyncIterator[Surroundings]:
    """This machine may not be reached, as it is unless a setting says so."""
    client = OutgoingClient(GuardedTransport())
    yield Surroundings(client)
    await client.close()


@pytest.fixture
def alert() -> Callable[..., Notification]:
    """Makes notifications that differ from one in what is given."""
    started = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    usual = Notification(
        type="alert.firing",
        rule="error-rate",
        severity="critical",
        summary="12 % of the requests failed; the limit is 5 %.",
        started_at=started,
        alert_id="6a1f0c1e-1111-4000-8000-000000000000",
        tenant_id="8d2e5b7a",
        tenant_alias="acme",
        value=0.12,
        threshold=0.05,
        window="5m",
        labels={"provider": "openai"},
    )
    resolved = {"type": "alert.resolved", "resolved_at": datetime(2026, 11, 21, 4, 30, tzinfo=UTC)}

    def make(*, ended: bool = False, **changed: Any) -> Notification:
        return dataclasses.replace(usual, **{**(resolved if ended else {}), **changed})

    return make


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for ``mail.example``, trusted by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mail.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def mail_example_is_here(surroundings: Surroundings) -> Surroundings:
    """``mail.example``, and every other name, resolves to this machine."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    return dataclasses.replace(surroundings, resolve=resolve)
