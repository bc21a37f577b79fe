"""Small readings of an ASGI scope, shared by the middleware."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from inferspect.tenancy.rules import Address

if TYPE_CHECKING:
    from starlette.types import Scope

OWN_API = "/api/v1/"
"""Where the routes begin that are ours and not LiteLLM's."""


def header(scope: Scope, name: bytes) -> str | None:
    """First value of a header; ``name`` in lower case."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def replace_header(scope: Scope, name: bytes, value: str) -> None:
    """Set an incoming header to one value, whatever the client sent."""
    kept = [(key, old) for key, old in scope["headers"] if key != name]
    scope["headers"] = [*kept, (name, value.encode("latin-1"))]


def client_address(scope: Scope, trusted_proxies: tuple[Address, ...]) -> str:
    """Address of the client: the peer, or the nearest ``X-Forwarded-For`` entry that no trusted proxy added.

    An entry that is no address ends the search, so a client cannot hide behind a forged one. All lines of the header
    count as one list, because a proxy may add its own below that of the client.
    """
    peer: Any = scope.get("client")
    address = _plain(peer[0]) or peer[0] if peer else ""
    if not trusted_proxies:
        return address
    lines = [str(value, "latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for"]
    forwarded = [entry.strip() for entry in ",".join(lines).split(",") if entry.strip()]
    while forwarded and _is_in(address, trusted_proxies):
        candidate = _plain(_without_port(forwarded.pop()))
        if candidate is None:
            break
        address = candidate
    return address


def _is_in(address: str, networks: tuple[Address, ...]) -> bool:
    return _plain(address) is not None and any(ip_address(address) in network for network in networks)


def _plain(text: str) -> str | None:
    """The address in its usual notation, IPv4 also where a listener on ``::`` wraps it; ``None`` where it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _without_port(entry: str) -> str:
    """Some proxies write ``192.0.2.1:4711`` or ``[2001:db8::1]:4711``."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
