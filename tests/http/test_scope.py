from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferspect.http.scope import client_address, header, replace_header

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    return {
        "client": None if peer is None else (peer, 1),
        "headers": [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded],
    }


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["10.9.9.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["garbage"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, garbage, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [" 198.51.100.7 ,, 10.0.0.2 "], "198.51.100.7"),
        ("2001:db8::1", ["2001:dead::7"], "2001:dead::7"),
        ("2001:dead::1", ["198.51.100.7"], "2001:dead::1"),
        # A listener on `::` sees IPv4 peers in IPv6 notation.
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("::ffff:192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        # A proxy may add a line of its own below the client's forged one.
        ("10.0.0.1", ["203.0.113.66", "198.51.100.7"], "198.51.100.7"),
        # Some proxies add the port.
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:dead::7]:4711"], "2001:dead::7"),
        (None, ["198.51.100.7"], ""),
        ("/run/socket", ["198.51.100.7"], "/run/socket"),
    ],
)
def test_the_client_is_who_a_trusted_proxy_names(peer: str | None, forwarded: list[str], address: str) -> None:
    """Read from the right, as far as trusted proxies go; what a client wrote itself never counts."""
    assert client_address(scope(peer, *forwarded), TRUSTED) == address


def test_without_trusted_proxies_only_the_peer_counts() -> None:
    """No header is believed by default."""
    assert client_address(scope("10.0.0.1", "198.51.100.7"), ()) == "10.0.0.1"


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["10.0.0.1", "192.0.2.1", "::1", ""]))
def test_no_header_raises_or_is_taken_over_unread(forwarded: str, peer: str) -> None:
    """Whatever is sent, the result is the peer or a well-formed address."""
    address = client_address(scope(peer, forwarded), TRUSTED)
    assert address == peer or ip_network(address)


def test_a_header_is_replaced_whatever_the_client_sent() -> None:
    """Two forged values give way to one."""
    request = {"headers": [(b"x-id", b"1"), (b"other", b"o"), (b"x-id", b"2")]}
    replace_header(request, b"x-id", "ours")
    assert request["headers"] == [(b"other", b"o"), (b"x-id", b"ours")]
    assert header(request, b"x-id") == "ours"
    assert header(request, b"absent") is None
