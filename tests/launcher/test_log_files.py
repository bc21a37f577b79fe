from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from inferspect.launcher import log_files as module
from inferspect.launcher.log_files import LogFiles, set_aside
from inferspect.logs.line_handler import LOG_FILE
from inferspect.settings import LogSettings

SMALL = LogSettings(max_bytes=1024, keep_files=2, keep_days=3)
LARGE = "x" * 1024
DAY = 24 * 3600

# Logs numbered lines until its standard input ends, through the gateway's own log.
WRITER = """
import logging, select, sys
from inferspect.logs import configure_logs, line_handler
from inferspect.settings import LogSettings
line_handler.LOOKED_EVERY = 0
configure_logs(LogSettings(whole=("test",)))
log, number = logging.getLogger("test"), 0
while not select.select([sys.stdin], [], [], 0)[0]:
    log.warning("%s-%d", sys.argv[1], number)
    number += 1
print(number, file=open(sys.argv[2], "w"))
"""


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    """A small one stays."""
    (tmp_path / "gateway.log").write_text(LARGE)
    (tmp_path / "redis.log").write_text("small")
    LogFiles(tmp_path, SMALL).rotate()
    (earlier,) = set_aside(tmp_path / "gateway.log")
    assert earlier.read_text() == LARGE
    assert (tmp_path / "gateway.log").read_text() == ""
    assert (tmp_path / "gateway.log").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "redis.log").read_text() == "small"


def test_a_log_of_yesterday_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is small and is being written to when the day ends."""
    path = tmp_path / "gateway.log"
    path.write_text("a line")
    files = LogFiles(tmp_path, SMALL)
    files.rotate()
    assert set_aside(path) == []
    tomorrow = time.time() + DAY
    os.utime(path, (tomorrow, tomorrow))
    monkeypatch.setattr(module.time, "time", lambda: tomorrow)
    files.rotate()
    files.rotate()
    assert [earlier.read_text() for earlier in set_aside(path)] == ["a line"]


def test_only_so_many_files_are_kept_and_only_so_long(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    files = LogFiles(tmp_path, SMALL)
    for number in range(5):
        path.write_text(f"{number}{LARGE}")
        files.rotate()
    kept = set_aside(path)
    assert [earlier.read_text()[0] for earlier in kept] == ["3", "4"]
    old = time.time() - 4 * DAY
    os.utime(kept[1], (old, old))
    files.rotate()
    assert set_aside(path) == [kept[0]]


def test_a_file_of_somebody_else_stays(tmp_path: Path) -> None:
    """Only names of ours are removed."""
    (tmp_path / "gateway-notes.log").write_text("mine")
    for _ in range(4):
        (tmp_path / "gateway.log").write_text(LARGE)
        LogFiles(tmp_path, SMALL).rotate()
    assert (tmp_path / "gateway-notes.log").read_text() == "mine"


def test_a_service_that_keeps_its_file_open_writes_on_in_it(tmp_path: Path) -> None:
    """The file is emptied, not moved."""
    with (tmp_path / "postgres.log").open("a") as service:
        service.write(LARGE)
        service.flush()
        LogFiles(tmp_path, SMALL).rotate()
        service.write("later")
    assert (tmp_path / "postgres.log").read_text() == "later"
    assert [path.read_text() for path in set_aside(tmp_path / "postgres.log")] == [LARGE]


def test_a_log_is_emptied_where_there_is_no_room_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would keep the disk full."""

    def no_room(source: Path, to: Path) -> None:
        to.write_text("half")
        raise OSError(28, "No space left on device", str(source))

    monkeypatch.setattr(shutil, "copy2", no_room)
    (tmp_path / "postgres.log").write_text(LARGE)
    LogFiles(tmp_path, SMALL).rotate()
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.log"]
    assert (tmp_path / "postgres.log").read_text() == ""


def test_no_line_is_lost_while_processes_write_and_the_log_is_put_aside(tmp_path: Path) -> None:
    """Each line stands once and whole, in one of the files."""
    path = tmp_path / "gateway.log"
    files = LogFiles(tmp_path, LogSettings(max_bytes=20_000, keep_files=1000))
    writers = []
    for name in ("a", "b", "c"):
        with path.open("ab") as output:
            writers.append(
                subprocess.Popen(
                    [sys.executable, "-c", WRITER, name, str(tmp_path / name)],
                    env={**os.environ, LOG_FILE: str(path)},
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                )
            )
    while len(set_aside(path)) < 8:
        files.rotate()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    lines = [line for file in (*set_aside(path), path) for line in file.read_text().splitlines()]
    events = Counter(json.loads(line)["event"] for line in lines)
    expected = {f"{name}-{number}" for name in "abc" for number in range(int((tmp_path / name).read_text()))}
    assert set(events) == expected
    assert set(events.values()) == {1}
