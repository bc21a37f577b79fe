"""What goes wrong while clients ask: in three lanes at once, each of which does its acts in a random order."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseProcess
from tests.resilience.disk import SmallDisk
from tests.resilience.external import ExternalPostgres, ExternalRedis


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of it there is.

    Attributes:
        requests: least number of answered requests.
        outage: seconds for which PostgreSQL, Redis and the disk are not there.
        trouble: seconds of each trouble of the collector.
        kills: workers that are killed.
        pause: mean seconds that a client waits before it asks again.
    """

    requests: int
    outage: float
    trouble: float
    kills: int
    pause: float


FULL = Scale(requests=2000, outage=30, trouble=60, kills=6, pause=0.5)
REDUCED = Scale(requests=400, outage=5, trouble=5, kills=2, pause=0.5)


@dataclass(slots=True)
class Scene:
    """All that can be broken."""

    gateway: GatewayProcess
    postgres: ExternalPostgres
    redis: ExternalRedis
    collector: LangfuseProcess
    disk: SmallDisk | None


@dataclass(slots=True)
class Timeline:
    """What was done, and when."""

    clock: Callable[[], float]
    lines: list[tuple[float, str]] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.lines.append((self.clock(), what))

    def times_of(self, what: str) -> list[float]:
        return [at for at, said in self.lines if said.startswith(what)]

    def __str__(self) -> str:
        return "\n".join(f"{at:7.1f} s  {what}" for at, what in sorted(self.lines))


KILLED = "a worker is killed"
OFTEN = 0.5


@dataclass(slots=True)
class Chaos:
    """Runs the lanes; returns once all acts are over and what they broke is mended."""

    scene: Scene
    scale: Scale
    timeline: Timeline
    seed: int
    _errors: list[Exception] = field(default_factory=list)

    def run(self) -> None:
        """Raises what an act raised.

        The stores are this thread's: the kernel ends them with the thread that started them.
        """
        others = [
            threading.Thread(target=self._lane, args=(lane, self._chance(lane)), name=lane.__name__)
            for lane in (self._collector, self._kills)
        ]
        for thread in others:
            thread.start()
        self._lane(self._stores, self._chance(self._stores))
        for thread in others:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _chance(self, lane: Callable[[random.Random], None]) -> random.Random:
        return random.Random(f"{self.seed}-{lane.__name__}")

    def _lane(self, lane: Callable[[random.Random], None], chance: random.Random) -> None:
        try:
            lane(chance)
        except Exception as error:  # noqa: BLE001  told by the thread that waits
            self._errors.append(error)

    def _stores(self, chance: random.Random) -> None:
        acts = [self._without_postgres, self._without_redis, self._with_a_full_disk]
        chance.shuffle(acts)
        for act in acts:
            time.sleep(chance.uniform(0, self.scale.outage / 3))
            act()

    def _without_postgres(self) -> None:
        self.timeline.note("PostgreSQL is stopped")
        self.scene.postgres.stop()
        time.sleep(self.scale.outage)
        self.scene.postgres.start()
        self.timeline.note("PostgreSQL is back")

    def _without_redis(self) -> None:
        self.timeline.note("Redis is stopped")
        self.scene.redis.stop()
        time.sleep(self.scale.outage)
        self.scene.redis.start()
        self.timeline.note("Redis is back")

    def _with_a_full_disk(self) -> None:
        disk = self.scene.disk
        if disk is None:
            self.timeline.note("no disk could be made to fill")
            return
        self.timeline.note("the disk of the spool is full")
        disk.fill()
        time.sleep(self.scale.outage)
        disk.make_room()
        self.timeline.note("there is room on the disk")

    def _collector(self, chance: random.Random) -> None:
        acts = ["error-500", "error-429-retry-after-1.5", "hang", "drop-answer", "gone"]
        chance.shuffle(acts)
        for act in acts:
            time.sleep(chance.uniform(0, self.scale.trouble / 5))
            self.timeline.note(f"the collector: {act}")
            if act == "gone":
                self.scene.collector.kill()
                time.sleep(self.scale.trouble)
                self.scene.collector.start()
            else:
                self.scene.collector.behave(act)
                time.sleep(self.scale.trouble)
                self.scene.collector.recover()
            self.timeline.note("the collector is well")

    def _kills(self, chance: random.Random) -> None:
        longest = max(3 * self.scale.outage, 5 * self.scale.trouble)
        for _ in range(self.scale.kills):
            time.sleep(chance.uniform(0.2, 1.2) * longest / (self.scale.kills + 1))
            victims = workers_of(self.scene.gateway)
            if victims:
                victim = chance.choice(victims)
                self.timeline.note(f"{KILLED}: {victim.pid}")
                with suppress(psutil.NoSuchProcess):
                    victim.send_signal(signal.SIGKILL)
            delivering = self.scene.gateway.processes().get("deliveries")
            if delivering is not None and chance.random() < OFTEN:
                self.timeline.note(f"what delivers is killed: {delivering.pid}")
                with suppress(psutil.NoSuchProcess):
                    delivering.send_signal(signal.SIGKILL)


def workers_of(gateway: GatewayProcess) -> list[psutil.Process]:
    """The gateway's worker processes that are alive, by their process id."""
    main = gateway.processes().get("gateway")
    if main is None:
        return []
    workers = []
    for child in main.children():
        with suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE and "gateway_server" in " ".join(child.cmdline()):
                workers.append(child)
    return sorted(workers, key=lambda worker: worker.pid)
