"""The main process of the gateway and workers that cannot start, with an application that is told to fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from inferspect.launcher.ports import free_port

PROGRAM = """
import os
import sys
from pathlib import Path
from inferspect.launcher.gateway_server import Gateway, GatewayLogger, GatewayWorker

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        fails = Path(sys.argv[2]).exists()
        await send({"type": "lifespan.startup.failed" if fails else "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

Gateway(application, {
    "bind": f"127.0.0.1:{sys.argv[1]}",
    "workers": int(sys.argv[3]),
    "worker_class": GatewayWorker,
    "logger_class": GatewayLogger,
}).run()
"""


def start(port: int, fault: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, str(port), str(fault), str(workers)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def workers(main: subprocess.Popen[bytes]) -> set[int]:
    return {child.pid for child in psutil.Process(main.pid).children()}


def server(port: int) -> int | None:
    """The worker that answers a request, if one does."""
    try:
        return int(httpx.get(f"http://127.0.0.1:{port}/", timeout=60).text)
    except httpx.TransportError:
        return None


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    """While this file is there, no worker can start."""
    return tmp_path / "fault"


def test_a_worker_that_cannot_start_again_takes_no_other_with_it(fault: Path) -> None:
    """The others serve on, and it is tried until it can."""
    port = free_port()
    main = start(port, fault, 2)
    try:
        serving: set[int | None] = set()
        while len(serving - {None}) < 2:  # a worker that is there may still be starting
            serving.add(server(port))
            time.sleep(0.01)
        first, second = sorted(workers(main))
        fault.touch()
        os.kill(first, signal.SIGKILL)
        seen: set[int] = set()
        while len(seen - {first, second}) < 2:  # one has failed to start, and another has followed
            seen |= workers(main)
            time.sleep(0.05)
        assert main.poll() is None
        assert second in workers(main)
        assert server(port) == second
        fault.unlink()
        os.kill(second, signal.SIGKILL)
        while server(port) is None:
            time.sleep(0.05)
    finally:
        main.terminate()
        main.wait()


def test_a_first_start_that_fails_is_told(fault: Path) -> None:
    """By the end of the main process, so that whoever started it learns why.

    One worker: when two fail at the same moment, gunicorn fails at telling so, and ends with 1.
    """
    fault.touch()
    assert start(free_port(), fault, 1).wait() == 3
