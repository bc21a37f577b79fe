"""Which addresses the gateway may connect to on somebody's behalf.

A name is resolved once, and the connection goes to the address that was checked: a name that resolves to something else
a moment later (DNS rebinding) leads nowhere. See OWASP's cheat sheet on server-side request forgery.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to IP addresses, in the order of preference."""

SETTING = "access.outgoing_networks"
THIS_MACHINE = "localhost"
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
# Not public although Python's table of IANA's registries may say so.
NOT_PUBLIC: tuple[Network, ...] = (
    IPv4Network("168.63.129.16/32"),  # Azure's host: metadata and keys of the machine
    IPv4Network("192.0.0.0/24"),  # protocol assignments, Oracle Cloud's metadata among them
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("::/96"),  # IPv4-compatible, RFC 4291
    IPv6Network("64:ff9b:1::/48"),  # NAT64 inside of a network, RFC 8215
    IPv6Network("2001::/32"),  # Teredo, which hides an IPv4 address
    IPv6Network("fec0::/10"),  # site-local, RFC 3879
)


class ForbiddenAddressError(ValueError):
    """The address is private, or otherwise none of the public internet, and no setting allows it."""


def may_reach(address: IPAddress, networks: Iterable[Network] = ()) -> bool:
    """Whether the address is public, or in one of the networks.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is judged by that.
    """
    target = _embedded(address) or address
    return is_in(address, networks) or _is_public(target)


def is_in(address: IPAddress, networks: Iterable[Network]) -> bool:
    """Whether the address, or the IPv4 address that it stands for, is in one of the networks."""
    forms = (address, _embedded(address) or address)
    return any(form in network for network in networks for form in forms)


async def system_resolver(host: str, port: int) -> list[str]:
    """Addresses by the system's resolver; numbers in any form that it takes (decimal, octal, hexadecimal), too.

    Raises:
        socket.gaierror: there are none.
        UnicodeError: it is no name.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def written_addresses(host: str) -> list[IPAddress]:
    """What a host is without asking a name server: a number in any form that the system takes, or this machine."""
    if host.lower().rstrip(".").rpartition(".")[2] == THIS_MACHINE:  # RFC 6761
        return [IPv4Address("127.0.0.1"), IPv6Address("::1")]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return []
    return [ip_address(entry[4][0]) for entry in found]


def check_host(host: str, networks: Sequence[Network] = (), *, encrypted: bool = True) -> None:
    """Whether a host can be connected to, as far as can be told before it is.

    Args:
        encrypted: as for :func:`checked_addresses`.

    Raises:
        ForbiddenAddressError: it never can.
    """
    if addresses := written_addresses(host):
        reachable(host, addresses, networks, encrypted=encrypted)
    elif not encrypted and not networks:
        raise ForbiddenAddressError(f"{host} is reached by https only: {SETTING} allows http to no network")


async def checked_addresses(
    host: str,
    port: int,
    networks: Sequence[Network] = (),
    resolve: Resolver = system_resolver,
    *,
    encrypted: bool = True,
) -> list[IPAddress]:
    """The addresses of a host that may be connected to; at least one.

    Args:
        encrypted: without encryption only the networks are reached.

    Raises:
        ForbiddenAddressError: it has only others.
        OSError, UnicodeError: the resolver finds none.
    """
    addresses = [ip_address(text) for text in await resolve(host, port)]
    return reachable(host, addresses, networks, encrypted=encrypted)


def reachable(
    host: str, addresses: Sequence[IPAddress], networks: Sequence[Network], *, encrypted: bool
) -> list[IPAddress]:
    """Those of a host's addresses that may be connected to; arguments and errors as :func:`checked_addresses`."""
    allowed = [address for address in addresses if may_reach(address, networks)]
    if not allowed:
        found = ", ".join(map(str, addresses[:3])) or "nothing"
        place = host if found == host else f"{host} is {found}, which"
        raise ForbiddenAddressError(f"{place} is not public and not in {SETTING}")
    if not encrypted:
        allowed = [address for address in allowed if is_in(address, networks)]
        if not allowed:
            raise ForbiddenAddressError(f"{host} is reached by https only: http is for the networks of {SETTING}")
    return allowed


def _embedded(address: IPAddress) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: IPAddress) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in NOT_PUBLIC)
    )
