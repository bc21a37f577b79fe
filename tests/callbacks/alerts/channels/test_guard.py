"""The guard of the process that runs Apprise, tried from inside of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ipaddress, socket, subprocess, os
from callbacks.alerts.channels.apprise_process import guard
forbidden = []
guard([ipaddress.ip_network("127.0.0.2/32")], forbidden)
try:
    {attempt}
except PermissionError as error:
    print("refused", forbidden)
except OSError as error:
    print("tried", forbidden)
else:
    print("done", forbidden)
"""
TCP = "socket.socket(socket.AF_INET, socket.SOCK_STREAM)"
TCP6 = "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)"
UDP = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"


@pytest.mark.parametrize(
    ("attempt", "printed"),
    [
        (f"{TCP}.connect(('127.0.0.1', 1))", "refused ['127.0.0.1']"),
        (f"{TCP}.connect(('169.254.169.254', 80))", "refused ['169.254.169.254']"),
        (f"{TCP}.connect(('localhost', 1))", "refused ['localhost']"),
        (f"{TCP}.connect_ex(('10.0.0.1', 1))", "refused ['10.0.0.1']"),
        (f"{TCP6}.connect(('::1', 1))", "refused ['::1']"),
        (f"{TCP6}.connect(('::ffff:127.0.0.1', 1, 0, 0))", "refused ['::ffff:127.0.0.1']"),
        ("socket.create_connection(('localhost', 1))", "refused"),
        (f"{UDP}.sendto(b'x', ('127.0.0.1', 9))", "refused ['127.0.0.1']"),
        (f"{UDP}.sendmsg([b'x'], [], 0, ('127.0.0.1', 9))", "refused ['127.0.0.1']"),
        ("socket.socket(socket.AF_UNIX).connect('/run/x.sock')", "refused ['a local socket']"),
        ("subprocess.run(['true'])", "refused []"),
        ("os.system('true')", "refused []"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "refused []"),
        (f"{TCP}.connect(('127.0.0.2', 1))", "tried []"),
        (f"{UDP}.sendto(b'x', ('127.0.0.2', 9))", "done []"),
    ],
)
def test_only_checked_addresses_are_reached_and_no_program_is_started(attempt: str, printed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{attempt}", attempt)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith(printed)
