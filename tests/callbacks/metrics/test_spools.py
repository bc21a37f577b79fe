"""Figures of the folder of spools."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from prometheus_client import REGISTRY

from callbacks.metrics.spools import keep_measuring, show
from inferspect.events.dead_letters import set_aside
from inferspect.events.folder import FolderStatus
from inferspect.events.spool import Spool
from inferspect.events.spool_table import SpooledEvent


async def test_the_folder_is_measured(tmp_path: Path) -> None:
    """What waits in it, how late it is, and what waits for a person."""
    show(FolderStatus())
    spool = Spool(tmp_path)
    for number in range(2):
        await spool.write(SpooledEvent(str(number), 1, True, time.time() - 100, b"{}"))
    set_aside(tmp_path, SpooledEvent("a", 1, True, 0.0, b"{}"), "DataError")
    (tmp_path / "b.spool.damaged").touch()
    measuring = asyncio.create_task(keep_measuring(tmp_path, 15))
    while REGISTRY.get_sample_value("inferspect_set_aside_events") != 1:
        await asyncio.sleep(0.01)
    measuring.cancel()
    assert REGISTRY.get_sample_value("inferspect_spool_events") == 2
    assert 100 <= (REGISTRY.get_sample_value("inferspect_spool_age_seconds") or 0.0) < 1000
    assert (REGISTRY.get_sample_value("inferspect_spool_bytes") or 0.0) >= spool.size()
    assert REGISTRY.get_sample_value("inferspect_spools_damaged") == 1
    spool.close()
