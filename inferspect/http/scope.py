"""Small readings of an ASGI scope, shared by the middleware."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from inferspect.tenancy.rules import Address

if TYPE_CHECKING:
    from starlette.types import Scope


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

    An entry that is no address ends the search, so a client cannot hide behind a forged one.
    """
    peer: Any = scope.get("client")
    address = peer[0] if peer else ""
    if not trusted_proxies:
        return address
    forwarded = [entry.strip() for entry in (header(scope, b"x-forwarded-for") or "").split(",") if entry.strip()]
    while forwarded and _is_in(address, trusted_proxies):
        candidate = forwarded.pop()
        if not _is_address(candidate):
            break
        address = candidate
    return address


def _is_in(address: str, networks: tuple[Address, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
