"""Which addresses may be connected to."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from inferspect.outgoing.addresses import ForbiddenAddressError, checked_addresses, may_reach

FORBIDDEN = [
    "0.0.0.0",  # noqa: S104  an address to refuse
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not may_reach(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(ip_address(address))


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.0.0.0/8", "::ffff:10.1.2.3"),
        ("127.0.0.0/8", "64:ff9b::7f00:1"),
        ("169.254.169.254/32", "169.254.169.254"),
        ("fd00::/8", "fd00:ec2::254"),
    ],
)
def test_an_allowed_network_is_reached_in_every_form_of_its_addresses(network: str, address: str) -> None:
    assert may_reach(ip_address(address), [ip_network(network)])


def test_an_allowed_network_allows_no_other() -> None:
    assert not may_reach(ip_address("10.1.2.3"), [ip_network("192.168.0.0/16"), ip_network("fd00::/8")])


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0x7f000001", "localhost", "0"])
async def test_numbers_in_any_form_are_refused_as_the_address_they_are(host: str) -> None:
    """The system's resolver takes decimal, octal and hexadecimal numbers, and shortened ones."""
    with pytest.raises(ForbiddenAddressError, match=r"access\.outgoing_networks"):
        await checked_addresses(host, 80)


async def test_of_a_host_only_addresses_that_may_be_reached_are_left() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1", "8.8.8.8", "::1"]

    assert [str(address) for address in await checked_addresses("mixed.example", 443, (), resolve)] == ["8.8.8.8"]


async def test_a_host_without_addresses_is_refused() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return []

    with pytest.raises(ForbiddenAddressError, match="is nothing"):
        await checked_addresses("none.example", 443, (), resolve)
