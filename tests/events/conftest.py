from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inferspect.events.spool import Spool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    opened = Spool(folder)
    yield opened
    opened.close()


@pytest.fixture
def open_spool(folder: Path) -> Iterator[Callable[..., Spool]]:
    """Opens spools in the folder, closed after the test."""
    opened: list[Spool] = []

    def open_one(path: Path | None = None) -> Spool:
        opened.append(Spool(folder, path))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
