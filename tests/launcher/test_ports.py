from __future__ import annotations

import asyncio
import os
import socket

import pytest

from inferspect.launcher import ports
from inferspect.launcher.home import LaunchError
from inferspect.launcher.ports import free_port, require_port


async def test_a_free_port_is_granted() -> None:
    """On IPv6 too."""
    await require_port("127.0.0.1", free_port())
    if socket.has_ipv6:
        await require_port("::1", free_port("127.0.0.1"))


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
