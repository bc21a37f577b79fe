"""Sends one notification by Apprise: a program of its own, ``python -m callbacks.alerts.channels.apprise_process``.

Apprise's services open connections as they like, with requests, smtplib or sockets. Here Python itself asks before each
of them (an audit hook, PEP 578), and those to addresses that may not be reached fail: whatever name led to them, and
after whatever redirect. A hook of this kind is for ever and for all threads, so the process ends after its work; it
also is how a service that hangs can be ended.

Reads a JSON object from standard input: ``url``, ``title``, ``body``, ``kind`` (Apprise's type), ``networks``,
``timeout`` in seconds. Writes one: ``sent``, ``reason``, ``forbidden`` (addresses that were refused).
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import os
import socket
import sys
from typing import Any

from inferspect.outgoing.addresses import Network, may_reach

CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
STARTING = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}
)


def guard(networks: list[Network], forbidden: list[str]) -> None:
    """From now on this process connects to checked addresses only and starts no program."""

    def ask(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTING:
            raise PermissionError("no program is started")
        if event in CONNECTING:
            connection, address = arguments
            if address is None and event == "socket.sendmsg":
                return  # the connection is there already
            if not _may_connect(connection.family, address, networks):
                forbidden.append(str(address[0]) if isinstance(address, tuple) and address else "a local socket")
                raise PermissionError("the address is not public and not allowed")

    sys.addaudithook(ask)


def _may_connect(family: int, address: Any, networks: list[Network]) -> bool:
    """Only to IP addresses, written as such: a name would be resolved once more."""
    if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return False
    try:
        return may_reach(ipaddress.ip_address(address[0]), networks)
    except ValueError:
        return False


def send(order: dict[str, Any]) -> dict[str, Any]:
    """Send what is ordered; see the module."""
    forbidden: list[str] = []
    guard([ipaddress.ip_network(network) for network in order["networks"]], forbidden)
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415  what it opens when imported is asked about, too

    asset = AppriseAsset(http_redirects=False, storage_mode="memory", service_timeout=order["timeout"])
    apprise = Apprise(asset=asset)
    if not apprise.add(order["url"]):
        return {"sent": False, "reason": "it is no URL that Apprise knows", "forbidden": [], "known": False}
    result = apprise.notify(
        body=order["body"], title=order["title"], notify_type=order["kind"], body_format="text", log_level=logging.INFO
    )
    words = [entry.message for entry in result.logs() if entry.level in {"WARNING", "ERROR", "CRITICAL"}]
    return {"sent": bool(result), "reason": "; ".join(words[-2:]), "forbidden": forbidden, "known": True}


def main() -> None:
    """Standard output carries the answer and nothing that a service prints."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            result = send(json.load(sys.stdin))
        json.dump(result, answer)
    os._exit(0)  # without waiting for threads of a service that took too long


if __name__ == "__main__":
    main()
