from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from inferspect.launcher import service as module
from inferspect.launcher.home import LaunchError
from inferspect.launcher.service import Program, Service

# Writes its pid and that of a child, then ignores what it is told as far as its argument says.
STUBBORN = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "3600"])
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
time.sleep(3600)
"""


def program(folder: Path, *arguments: str) -> Program:
    notes = folder / "pids"
    notes.unlink(missing_ok=True)

    async def is_ready() -> bool:
        return notes.exists() and " " in notes.read_text()

    command = [sys.executable, "-c", STUBBORN, str(notes), *arguments]
    return Program(name="test", command=command, log=folder / "log", is_ready=is_ready)


def pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until_dead(*waited: int) -> None:
    while any(is_alive(pid) for pid in waited):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("manner", ["obedient", "stubborn"])
async def test_stopping_ends_a_service_and_its_children(tmp_path: Path, manner: str) -> None:
    """By force where it does not end by itself."""
    service = Service(program(tmp_path, manner))
    await service.start()
    assert service.pid == pids(tmp_path)[0]
    await service.stop(0.2)
    await until_dead(*pids(tmp_path))
    assert service.pid is None


async def test_a_service_that_dies_is_started_again_without_its_old_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as it dies."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    service = Service(program(tmp_path))
    await service.start()
    for restarts in (1, 2):
        old = pids(tmp_path)
        (tmp_path / "pids").unlink()
        psutil.Process(old[0]).send_signal(signal.SIGKILL)
        while not await service.program.is_ready():
            await asyncio.sleep(0.01)
        await until_dead(*old)
        assert service.restarts == restarts
    await service.stop(1)
    await until_dead(*pids(tmp_path))


async def test_a_service_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    """Its status and the end of its log."""
    command = [sys.executable, "-c", "import sys; print('the reason', flush=True); sys.exit(3)"]

    async def never() -> bool:
        return False

    service = Service(Program(name="broken", command=command, log=tmp_path / "log", is_ready=never))
    with pytest.raises(LaunchError, match=r"broken ended with status 3 before it was ready\.[\s\S]*the reason"):
        await service.start()
    await service.stop(1)


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No traceback of the launcher's."""

    async def never() -> bool:
        return False

    service = Service(Program(name="absent", command=[str(tmp_path / "absent")], log=None, is_ready=never))
    with pytest.raises(LaunchError, match=r"absent cannot be started: .*No such file"):
        await service.start()
    await service.stop(1)


def test_a_killed_launcher_leaves_no_service(tmp_path: Path) -> None:
    """The kernel ends the service; nothing of the launcher's needs to run for that."""
    code = """
import asyncio, sys
from pathlib import Path
from inferspect.launcher.service import Program, Service

async def main():
    async def is_ready():
        return True
    await Service(Program(name="t", command=["sleep", "3600"], log=None, is_ready=is_ready)).start()
    print("ready", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""
    launcher = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "ready\n"
    (child,) = psutil.Process(launcher.pid).children()
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    asyncio.run(until_dead(child.pid))
