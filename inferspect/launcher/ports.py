"""Ports: finding a free one, and insisting on one that was asked for."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress

import psutil

from inferspect.launcher.home import LaunchError

PORT_PATIENCE = 3.0


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


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
