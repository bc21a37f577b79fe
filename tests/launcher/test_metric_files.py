"""Places of processes in the folder of figures, with processes that are forked and killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from inferspect.launcher.home import LaunchError
from inferspect.launcher.metric_files import SHARED_FOLDER, prepare
from tests.resilience.disk import SmallDisk

# A main process makes metrics, forks workers that count, kills each at once and forks the next, as the gateway does.
PROGRAM = """
import os, signal, sys
from inferspect.launcher.metric_files import use_places
use_places()
from prometheus_client import Counter, Gauge, Histogram
counted = Counter("counted", "By workers.", ("kind",))
plain = Counter("plain", "Without labels, so its file is opened before the fork.")
took = Histogram("took", "Seconds.", buckets=(1, 2))
busy = Gauge("busy", "Now.", multiprocess_mode="livesum")

def worker():
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        counted.labels("a").inc(); plain.inc(); took.observe(1.5); busy.inc()
        os.write(ready[1], b"x"); os.read(done[0], 1)
        os._exit(1)
    os.read(ready[0], 1)
    return pid

for _ in range(int(sys.argv[1])):
    pids = [worker(), worker()]
    if _ + 1 < int(sys.argv[1]):
        for pid in pids:
            os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
print("counted", flush=True)
sys.stdin.read()
for pid in pids:
    os.kill(pid, signal.SIGKILL)
"""

# A process counts more and more things after its disk has filled up, and all of them again once there is room.
ON_A_FULL_DISK = """
import sys
from inferspect.launcher.metric_files import use_places
use_places()
from prometheus_client import Counter
things = Counter("things", "Of many kinds.", ("kind",))
things.labels("before").inc()
print("ready", flush=True)
for line in sys.stdin:
    for number in range(5000):
        things.labels(str(number)).inc()
    print("counted", flush=True)
"""

# A process leads and is killed; another takes its place and leads nothing.
LEADER = """
import os, signal
from inferspect.launcher.metric_files import use_places
use_places()
from callbacks.alerts.metrics import show_alerts
from inferspect.events.metrics import DEAD_LETTERS, DELIVERIES_WAITING
DEAD_LETTERS.labels("langfuse").set(7); DELIVERIES_WAITING.labels("langfuse").set(900)
show_alerts({("firing", "critical"): 1})
os.kill(os.getpid(), signal.SIGKILL)
"""
FOLLOWER = """
from inferspect.launcher.metric_files import use_places
use_places()
from inferspect.events.metrics import EVENTS_SHIPPED
EVENTS_SHIPPED.inc()
"""


def samples(folder: Path) -> Iterator[Sample]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return (sample for metric in registry.collect() for sample in metric.samples)


def figures(folder: Path) -> dict[str, float]:
    return {sample.name: sample.value for sample in samples(folder)}


@pytest.mark.parametrize("generations", [1, 5])
def test_workers_that_follow_dead_ones_count_on_in_their_files(tmp_path: Path, generations: int) -> None:
    """Totals have all that ever counted, gauges only who lives, and files grow with neither."""
    environment = {**os.environ, SHARED_FOLDER: str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(generations)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    told, files = figures(tmp_path), sorted(path.name for path in tmp_path.glob("*.db"))
    process.communicate()
    workers = 2 * generations
    assert (told["counted_total"], told["plain_total"]) == (workers, workers)
    assert (told["took_count"], told["took_sum"]) == (workers, 1.5 * workers)
    assert told["busy"] == 2
    assert files == [f"{kind}_w{place}.db" for kind in ("counter", "gauge_livesum", "histogram") for place in range(3)]


def test_what_a_leader_told_ends_with_it(tmp_path: Path) -> None:
    """Who takes the place of a leader that died does not tell its figures for ever."""
    environment = {**os.environ, SHARED_FOLDER: str(tmp_path)}
    for program in (LEADER, FOLLOWER):
        subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    told = figures(tmp_path)
    assert told["inferspect_events_shipped_total"] == 1
    assert not [name for name in told if name.endswith("_waiting") or name == "inferspect_alerts"]


def test_a_start_begins_with_an_empty_folder(tmp_path: Path) -> None:
    """Only what processes leave there is removed."""
    folder = tmp_path / "deep" / "metrics"
    prepare(folder)
    for name in ("counter_w1.db", "gauge_all_77.db", "w1.place", "tenants.jsonl", "litellm_admitted_series_x", "mine"):
        (folder / name).touch()
    prepare(folder)
    assert [path.name for path in folder.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LaunchError, match=r"folder of figures .*file/metrics cannot be prepared"):
        prepare(tmp_path / "file" / "metrics")


def test_a_full_disk_ends_no_process_that_counts(tmp_path: Path) -> None:
    """What it could not write it knows, and tells once there is room."""
    disk = SmallDisk(tmp_path / "disk")
    disk.mount("1m")
    try:
        with subprocess.Popen(
            [sys.executable, "-c", ON_A_FULL_DISK],
            env={**os.environ, SHARED_FOLDER: str(disk.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            said = [process.stdout.readline()]
            for act in (disk.fill, disk.make_room):
                act()
                process.stdin.write("count\n")
                process.stdin.flush()
                said.append(process.stdout.readline())
            told = {sample.labels.get("kind"): sample.value for sample in samples(disk.folder)}
            process.stdin.close()
        assert said == ["ready\n", "counted\n", "counted\n"]
        assert {told[str(number)] for number in range(5000)} == {2.0}
        assert told["before"] == 1.0
    finally:
        disk.unmount()
