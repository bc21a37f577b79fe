from __future__ import annotations

import asyncio
import os
import socket
import sys

import pytest

from inferspect.launcher import ports
from inferspect.launcher.home import LaunchError
from inferspect.launcher.ports import free_port, require_port


async def test_a_free_port_is_granted() -> None:
    """On IPv6 too."""
    await require_port("127.0.0.1", free_port())
    if socket.has_ipv6:
        await require_port("::1", free_port("127.0.0.1"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems let nobody listen on a port that is kept")
def test_a_port_that_was_granted_is_not_given_to_who_asks_for_any() -> None:
    """Its owner may take long to start; the system would have given it to about every ten-thousandth of others."""
    granted = {free_port() for _ in range(50)}
    given = set()
    for _ in range(20_000):
        with socket.create_server(("127.0.0.1", 0)) as other:
            given.add(other.getsockname()[1])
    assert len(granted) == 50
    assert granted & given == set()


async def test_a_taken_port_names_its_holder_and_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a little patience."""
    monkeypatch.setattr(ports, "PORT_PATIENCE", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"127\.0\.0\.1:{port} .*in use.*{os.getpid()}.*PORT=\.\.\. or HOST="):
            await require_port("127.0.0.1", port)


async def test_a_gateway_that_is_just_ending_is_waited_for() -> None:
    """A restart does not fail because the old one needs another moment."""
    listener = socket.create_server(("127.0.0.1", 0))
    asyncio.get_running_loop().call_later(0.3, listener.close)
    await require_port("127.0.0.1", listener.getsockname()[1])


async def test_an_address_of_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """192.0.2.0/24 is nobody's."""
    monkeypatch.setattr(ports, "PORT_PATIENCE", 0.0)
    with pytest.raises(LaunchError, match=r"192\.0\.2\.1:4000 cannot be listened on"):
        await require_port("192.0.2.1", 4000)
