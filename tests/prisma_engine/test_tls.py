"""TLS to PostgreSQL. The PostgreSQL of the lock has no TLS, so a relay stands before it that has."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prisma import errors

SSL_REQUEST_LENGTH = 8
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


def make_certificate(folder: Path, name: str, hosts: list[x509.GeneralName], issuer: str | None = None) -> None:
    """Write ``<name>.pem`` and ``<name>.key``, signed by the issuer written before, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = subject, key
    if issuer:
        issuer_name = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes()).subject
        loaded = serialization.load_pem_private_key((folder / f"{issuer}.key").read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        issuer_key = loaded
    builder = x509.CertificateBuilder(issuer_name, subject, key.public_key(), x509.random_serial_number(), START, END)
    builder = builder.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificate(folder, "authority", [])
    make_certificate(folder, "stranger", [])
    make_certificate(folder, "localhost", [x509.DNSName("localhost")], "authority")
    make_certificate(folder, "address", [x509.IPAddress(ip_address("127.0.0.1"))], "authority")
    make_certificate(folder, "client", [], "authority")
    return folder


class Relay:
    """Speaks TLS to the engine and plain PostgreSQL to the server."""

    def __init__(self, target: int, context: ssl.SSLContext) -> None:
        self.context, self.target = context, target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peers: list[Any] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        assert len(plain.recv(SSL_REQUEST_LENGTH)) == SSL_REQUEST_LENGTH
        plain.sendall(b"S")
        try:
            secure = self.context.wrap_socket(plain, server_side=True)
            self.peers.append(secure.getpeercert())
        except (ssl.SSLError, OSError):
            plain.close()
            return
        server = socket.create_connection(("127.0.0.1", self.target))
        threading.Thread(target=pump, args=(secure, server), daemon=True).start()
        pump(server, secure)


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


@pytest.fixture
def relay(postgres: Any, certificates: Path) -> Iterator[Callable[..., Relay]]:
    relays = []

    def start(certificate: str, *, client_certificate: bool = False) -> Relay:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.pem", certificates / f"{certificate}.key")
        if client_certificate:
            context.load_verify_locations(certificates / "authority.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        relays.append(Relay(postgres.port, context))
        return relays[-1]

    yield start
    for item in relays:
        item.close()


@pytest.mark.parametrize(
    ("certificate", "host", "parameters", "refused"),
    [
        ("localhost", "localhost", "sslmode=prefer", None),
        ("localhost", "localhost", "sslmode=require", None),
        ("localhost", "localhost", "sslmode=require&sslaccept=strict&sslcert={}/authority.pem", None),
        ("localhost", "localhost", "sslmode=verify-full&sslrootcert={}/authority.pem", None),
        ("address", "127.0.0.1", "sslmode=verify-full&sslrootcert={}/authority.pem", None),
        ("localhost", "127.0.0.1", "sslmode=verify-ca&sslrootcert={}/authority.pem", None),
        ("localhost", "127.0.0.1", "sslmode=verify-full&sslrootcert={}/authority.pem", "does not match"),
        ("localhost", "127.0.0.1", "sslmode=require&sslaccept=strict&sslcert={}/authority.pem", "does not match"),
        ("address", "localhost", "sslmode=verify-full&sslrootcert={}/authority.pem", "does not match"),
        ("localhost", "localhost", "sslmode=require&sslaccept=strict", "certificate"),
        ("localhost", "localhost", "sslmode=verify-full&sslrootcert={}/stranger.pem", "certificate"),
    ],
)
async def test_certificates_are_checked_as_the_url_says(
    *,
    connect: Callable[[str], Any],
    database: str,
    certificates: Path,
    relay: Callable[..., Relay],
    certificate: str,
    host: str,
    parameters: str,
    refused: str | None,
) -> None:
    server = relay(certificate)
    url = f"postgresql://postgres@{host}:{server.port}/{database}?{parameters.format(certificates)}"
    client = await connect(url)
    if refused:
        with pytest.raises(errors.DataError, match=refused) as failure:
            await client.query_raw("SELECT 1 AS one")
        assert failure.value.code == "P1011"
    else:
        assert await client.query_raw("SELECT 1 AS one") == [{"one": 1}]
        assert len(server.peers) == 1


async def test_a_client_certificate_is_shown(
    connect: Callable[[str], Any], database: str, certificates: Path, relay: Callable[..., Relay]
) -> None:
    server = relay("localhost", client_certificate=True)
    files = (
        f"sslcert={certificates}/client.pem&sslkey={certificates}/client.key&sslrootcert={certificates}/authority.pem"
    )
    client = await connect(f"postgresql://postgres@localhost:{server.port}/{database}?sslmode=verify-full&{files}")
    assert await client.query_raw("SELECT 1 AS one") == [{"one": 1}]
    assert ("commonName", "client") in [pair for part in server.peers[0]["subject"] for pair in part]


async def test_a_server_without_tls_is_refused_where_tls_is_required(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    client = await connect(postgres.url(database, sslmode="require"))
    with pytest.raises(errors.DataError, match="does not support SSL") as failure:
        await client.query_raw("SELECT 1 AS one")
    assert failure.value.code == "P1011"
