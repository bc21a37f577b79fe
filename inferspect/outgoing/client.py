"""An HTTP client that connects to checked addresses only, follows no redirect and reads no endless answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from inferspect.outgoing.addresses import (
    IPAddress,
    Network,
    Resolver,
    checked_addresses,
    system_resolver,
)
from inferspect.outgoing.urls import check_url

MAX_ANSWER_BYTES = 64 * 1024
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. ``body`` is at most its first :data:`MAX_ANSWER_BYTES`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedTransport(httpx.AsyncBaseTransport):
    """A transport for :class:`httpx.AsyncClient`: resolves the host itself and connects to an address that it checked.

    The certificate is checked for the name. Every request has a connection of its own: one to the same address, but
    made for another name, is never used again. Plain ``http`` reaches only the allowed networks.

    Args:
        networks: that may be reached although they are not public.
        resolve: finds the addresses of a host.
        verify: certificates that are trusted; those of the system by default.
    """

    def __init__(
        self,
        networks: Sequence[Network] = (),
        *,
        resolve: Resolver = system_resolver,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._networks = tuple(networks)
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(
            verify=verify or ssl.create_default_context(),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            trust_env=False,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the first address that takes the connection.

        Raises:
            ForbiddenAddressError: no address of the host may be reached, or only by ``https``.
            ValueError: it is no URL to send to, see :func:`check_url`.
            httpx.TransportError: there was no answer.
        """
        url = check_url(str(request.url))
        name = url.raw_host.decode("ascii")
        failure: httpx.TransportError | None = None
        for address in await self._addresses(request, url, name):
            try:
                return await self._inner.handle_async_request(_to(address, name, request))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("there is no address to connect to", request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _addresses(self, request: httpx.Request, url: httpx.URL, name: str) -> list[IPAddress]:
        port = url.port or PORTS[url.scheme]
        encrypted = url.scheme == "https"
        try:
            return await checked_addresses(name, port, self._networks, self._resolve, encrypted=encrypted)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{name} has no address ({error})", request=request) from error


def _to(address: IPAddress, name: str, request: httpx.Request) -> httpx.Request:
    """The request for this address; the ``Host`` header and the name in the TLS handshake stay those of the URL."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": name},
    )


class OutgoingClient:
    """Sends to URLs of the settings through :class:`GuardedTransport`.

    Proxies of the environment are not used: what a proxy connects to, nobody here could check.
    """

    def __init__(self, transport: GuardedTransport) -> None:
        self._client = httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:  # noqa: ASYNC109
        """Post and read the answer.

        Args:
            timeout: seconds for all of it, from resolving the name to the end of the answer.

        Raises:
            ForbiddenAddressError, ValueError, httpx.TransportError: see :class:`GuardedTransport`.
            TimeoutError: it took longer.
        """
        check_url(url)  # before httpx makes a header of a login
        request = self._client.build_request(
            "POST", url, content=body, headers={**headers, "Accept-Encoding": "identity"}, timeout=timeout
        )
        async with asyncio.timeout(timeout):
            response = await self._client.send(request, stream=True)
            try:
                return Answer(response.status_code, response.headers, await _beginning(response))
            finally:
                await response.aclose()

    async def close(self) -> None:
        await self._client.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    """The first bytes of the body as they come: decompressing could make gigabytes of few."""
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) >= MAX_ANSWER_BYTES:
            break
    return bytes(read[:MAX_ANSWER_BYTES])
