"""The client, against servers on this machine."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from inferspect.outgoing.addresses import ForbiddenAddressError, Resolver
from inferspect.outgoing.client import MAX_ANSWER_BYTES, GuardedTransport, OutgoingClient

LOOPBACK = (ip_network("127.0.0.0/8"),)
NAME = "hooks.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answering(answer: bytes, seen: list[bytes]) -> Handler:
    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(answer)

    return handle


@asynccontextmanager
async def server(handle: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that reads a head, has ``handle`` answer and closes; yields its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def resolving(*answers: list[str]) -> Resolver:
    """A resolver that gives one answer after the other, the last one for ever."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@asynccontextmanager
async def client(transport: GuardedTransport) -> AsyncIterator[OutgoingClient]:
    outgoing = OutgoingClient(transport)
    try:
        yield outgoing
    finally:
        await outgoing.close()


async def post(outgoing: OutgoingClient, url: str, timeout: float = 30) -> tuple[int, bytes]:
    answer = await outgoing.post(url, b"{}", {"Content-Type": "application/json"}, timeout)
    return answer.status, answer.body


async def test_an_allowed_network_is_reached_by_http() -> None:
    seen: list[bytes] = []
    async with server(answering(OK, seen)) as port, client(GuardedTransport(LOOPBACK)) as outgoing:
        assert await post(outgoing, f"http://localhost:{port}/hook?a=b") == (200, b"ok")
    assert seen[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert f"host: localhost:{port}\r\n".encode() in seen[0].lower()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.1", "[::ffff:127.0.0.1]", "[::1]"]
)
async def test_this_machine_is_not_reached_unless_it_is_allowed(host: str) -> None:
    seen: list[bytes] = []
    async with server(answering(OK, seen)) as port, client(GuardedTransport()) as outgoing:
        for scheme in ("http", "https"):
            with pytest.raises(ForbiddenAddressError):
                await post(outgoing, f"{scheme}://{host}:{port}/")
    assert seen == []


async def test_a_redirect_is_not_followed() -> None:
    seen: list[bytes] = []
    async with server(answering(OK, seen)) as other:
        redirect = f"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n".encode()
        async with server(answering(redirect, [])) as port, client(GuardedTransport(LOOPBACK)) as outgoing:
            assert await post(outgoing, f"http://127.0.0.1:{port}/") == (307, b"")
    assert seen == []


async def test_a_name_is_resolved_once_for_check_and_connection() -> None:
    """A name that is this machine from its second answer on (DNS rebinding) leads to what its first one was."""
    seen: list[bytes] = []
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    async with (
        server(answering(OK, seen)) as port,
        client(GuardedTransport((ip_network("127.0.0.2/32"),), resolve=rebinding)) as outgoing,
    ):
        with pytest.raises(httpx.ConnectError):
            await post(outgoing, f"http://{NAME}:{port}/")  # nobody listens on 127.0.0.2
        assert asked == [NAME]
        with pytest.raises(ForbiddenAddressError):
            await post(outgoing, f"http://{NAME}:{port}/")
    assert seen == []


async def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    async with (
        server(answering(OK, [])) as port,
        client(GuardedTransport(LOOPBACK, resolve=resolving(["127.0.0.3", "127.0.0.1"]))) as outgoing,
    ):
        assert await post(outgoing, f"http://{NAME}:{port}/") == (200, b"ok")


async def test_http_reaches_allowed_networks_only() -> None:
    async with client(GuardedTransport(LOOPBACK, resolve=resolving(["8.8.8.8"]))) as outgoing:
        with pytest.raises(ForbiddenAddressError, match="by https only"):
            await post(outgoing, f"http://{NAME}/")


async def test_a_host_that_does_not_resolve_cannot_be_connected_to() -> None:
    def unknown(*_asked: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with client(GuardedTransport()) as outgoing:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", unknown)  # whatever the name servers of this machine say
            with pytest.raises(httpx.ConnectError, match="has no address"):
                await post(outgoing, "https://does-not-exist.invalid/")
        with pytest.raises((httpx.ConnectError, ValueError)):
            await post(outgoing, f"https://{'a' * 64}.example/")


async def test_a_login_in_the_url_is_refused() -> None:
    async with client(GuardedTransport(LOOPBACK)) as outgoing:
        with pytest.raises(ValueError, match="login"):
            await post(outgoing, "http://name:password@127.0.0.1/")


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with server(answering(OK, [])) as port, client(GuardedTransport(LOOPBACK)) as outgoing:
        assert await post(outgoing, f"http://127.0.0.1:{port}/") == (200, b"ok")


async def test_of_a_long_answer_the_beginning_is_read() -> None:
    async def endless(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with server(endless) as port, client(GuardedTransport(LOOPBACK)) as outgoing:
        assert await post(outgoing, f"http://127.0.0.1:{port}/") == (200, b"x" * MAX_ANSWER_BYTES)


async def test_an_answer_that_drips_ends_at_the_timeout() -> None:
    async def dripping(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with server(dripping) as port, client(GuardedTransport(LOOPBACK)) as outgoing:
        with pytest.raises(TimeoutError):
            await post(outgoing, f"http://127.0.0.1:{port}/", timeout=0.2)


async def test_connections_are_not_used_again() -> None:
    """A connection that was made for one name never carries a request for another at the same address."""
    connections: set[int] = set()

    async def keeping(_request: bytes, writer: asyncio.StreamWriter) -> None:
        connections.add(writer.get_extra_info("peername")[1])
        writer.write(OK)

    async with (
        server(keeping) as port,
        client(GuardedTransport(LOOPBACK, resolve=resolving(["127.0.0.1"]))) as outgoing,
    ):
        for name in ("a.example", "b.example"):
            assert await post(outgoing, f"http://{name}:{port}/") == (200, b"ok")
    assert len(connections) == 2


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the name, trusted by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


async def test_the_certificate_is_checked_for_the_name_of_the_url(certificate: Path) -> None:
    """The address that was connected to is in the certificate, too, and does not count."""
    offered: list[str] = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    serving.sni_callback = lambda _socket, name, _context: offered.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    transport = GuardedTransport(LOOPBACK, resolve=resolving(["127.0.0.1"]), verify=trusting)
    async with server(answering(OK, []), serving) as port, client(transport) as outgoing:
        assert await post(outgoing, f"https://{NAME}:{port}/") == (200, b"ok")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await post(outgoing, f"https://other.example:{port}/")
    assert offered == [NAME, "other.example"]


async def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    seen: list[bytes] = []
    transport = GuardedTransport(LOOPBACK, resolve=resolving(["127.0.0.1"]))
    async with server(answering(OK, seen), serving) as port, client(transport) as outgoing:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await post(outgoing, f"https://{NAME}:{port}/")
    assert seen == []
