"""Ports: finding a free one, and insisting on one that was asked for."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from contextlib import suppress

import psutil

from inferspect.launcher.home import LaunchError

PORT_PATIENCE = 3.0

_kept: list[socket.socket] = []


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now; on Linux nobody who asks for any free one gets it while this process lives.

    Who takes it may start long after. It is bound without being listened on, which on Linux keeps nobody from listening
    on it who names it and sets ``SO_REUSEADDR``, as servers do.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((host, 0))
    port = int(keeper.getsockname()[1])
    if sys.platform == "linux":
        _kept.append(keeper)
    else:
        keeper.close()
    return port


async def require_port(host: str, port: int) -> None:
    """Wait shortly for a gateway that is just ending, then insist.

    Raises:
        LaunchError: the port is taken, or the address is not this machine's.
    """
    started = time.monotonic()
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.create_server((host, port), family=family):
                return
        except OSError as error:
            if time.monotonic() - started > PORT_PATIENCE:
                raise LaunchError(
                    f"{host}:{port} cannot be listened on: {error.strerror}{_holder(port)}. "
                    "Choose another with PORT=... or HOST=..."
                ) from error
        await asyncio.sleep(0.2)


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f" (process {connection.pid})" if connection.pid else ""
    return ""
