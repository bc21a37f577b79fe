from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from inferspect.events.dead_letters import AT_ONCE, FILE, SetAside, all_set_aside, set_aside, take_back
from inferspect.events.spool import SpooledEvent
from tests.resilience.disk import SmallDisk


def event(name: str, body: bytes = b"{}") -> SpooledEvent:
    return SpooledEvent(name, 1, complete=True, written_at=1.0, body=body)


def ids(folder: Path) -> list[str]:
    return [line.id for line in all_set_aside(folder)]


def test_a_line_that_does_not_fit_is_an_error_and_leaves_no_trace(tmp_path: Path) -> None:
    """So that the event stays in its spool; what was set aside before and afterwards is all there."""
    disk = SmallDisk(tmp_path / "disk")
    disk.mount("1m")
    try:
        set_aside(disk.folder, event("first"), "broken")
        with pytest.raises(OSError, match="No space left"):
            set_aside(disk.folder, event("large", b"x" * 2_000_000), "broken")
        set_aside(disk.folder, event("last"), "broken")
        assert ids(disk.folder) == ["first", "last"]
    finally:
        disk.unmount()


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    """A crash left half of one: it is left out, and the next begins on its own."""
    set_aside(tmp_path, event("first"), "broken")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"reason": "brok')
    set_aside(tmp_path, event("last"), "broken")
    assert ids(tmp_path) == ["first", "last"]


def test_what_is_taken_back_is_handed_over_in_parts(tmp_path: Path) -> None:
    """There may be more than fits into memory; the others stay, in their order, readable by the owner only."""
    lines = [orjson.dumps(SetAside("broken", str(number), 1, True, 1.0, "{}")) for number in range(2 * AT_ONCE + 2)]
    (tmp_path / FILE).write_bytes(b"\n".join([*lines, b""]))
    handed: list[list[SetAside]] = []
    assert take_back(tmp_path, lambda line: int(line.id) > 0, handed.append) == 2 * AT_ONCE + 1
    assert [len(part) for part in handed] == [AT_ONCE - 1, AT_ONCE, 2]
    assert ids(tmp_path) == ["0"]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, f"{FILE}.lock"]


def test_what_cannot_be_handed_over_stays(tmp_path: Path) -> None:
    set_aside(tmp_path, event("first"), "broken")

    def fail(_lines: list[SetAside]) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  the one above
        take_back(tmp_path, lambda _: True, fail)
    assert ids(tmp_path) == ["first"]
