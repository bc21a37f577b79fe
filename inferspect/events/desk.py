"""Where a person looks at events: what lies in the database and what lies in the spools' folder, as one."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy.exc import DataError

from inferspect.events.dead_letters import SetAside, all_set_aside, take_back
from inferspect.events.event import GatewayEvent
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.events.spool_files import orphans
from inferspect.store.deliveries.dead_letters import DeadLetters, Wanted
from inferspect.store.deliveries.queue import Deliveries

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

DATABASE = "database"
PATIENCE = 5.0


class Desk:
    """Dead letters of consumers, and those that the database did not take under the consumer's name ``database``.

    Args:
        folder: of the spools of this machine.

    All methods raise ``SQLAlchemyError`` where the database is away, and ``OSError`` where the folder is.
    """

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self._letters = DeadLetters(engine)
        self._deliveries = Deliveries(engine)
        self._folder = folder

    async def status(self) -> dict[str, Any]:
        """What waits in each spool, and for each consumer."""
        spools = await asyncio.to_thread(lambda: [_spool(path) for path in sorted(self._folder.glob("*.spool"))])
        ended = {path.name for path in orphans(self._folder)} if spools else set()
        return {
            "spools": [{**spool, "worker_ended": spool["spool"] in ended} for spool in spools],
            "set_aside": sum(1 for _ in all_set_aside(self._folder)),
            "consumers": [
                {
                    "consumer": one.consumer,
                    "waiting": one.waiting,
                    "dead": one.dead,
                    "lag_seconds": one.lag,
                    "reason": one.reason,
                }
                for one in await self._deliveries.backlog()
            ],
        }

    async def request(self, event_id: str) -> dict[str, Any] | None:
        """The event of a request, its content as JSON where that is kept, and deliveries that are open or dead."""
        found = await self._letters.request(event_id)
        if found is None:
            return None
        event, content = found.event, found.content
        return {
            "event": event.to_row() if isinstance(event, GatewayEvent) else {"unreadable": str(event)},
            "content": {
                name: orjson.loads(part)
                for name, part in (("input", content.input), ("output", content.output))
                if part
            },
            "deliveries": list(found.deliveries),
        }

    async def find(self, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
        """Dead letters, the last that died first."""
        found = [] if wanted.consumer == DATABASE else await self._by(lambda: self._letters.find(wanted, limit))
        matches = _matching(wanted)
        set_aside = [_listed(one) for one in all_set_aside(self._folder) if matches(one)]
        return [*reversed(set_aside), *(found or [])][:limit]

    async def show(self, consumer: str, event_id: str) -> dict[str, Any] | None:
        """One dead letter; ``None`` where there is none."""
        if consumer != DATABASE:
            found: dict[str, Any] | None = await self._by(lambda: self._letters.show(consumer, event_id))
            return found
        for one in all_set_aside(self._folder):
            if one.id == event_id:
                return {**_listed(one), "event": one.fields() or one.body, "content": one.content}
        return None

    async def replay(self, wanted: Wanted) -> int:
        """Have them delivered again, or stored again by way of a new spool, which a worker of the gateway adopts."""
        put_back = await asyncio.to_thread(take_back, self._folder, _matching(wanted), self._put_back)
        replayed = 0 if wanted.consumer == DATABASE else await self._by(lambda: self._letters.replay(wanted))
        return put_back + (replayed or 0)

    async def drop(self, wanted: Wanted) -> int:
        """Delete them."""
        gone = await asyncio.to_thread(take_back, self._folder, _matching(wanted), lambda _: None)
        dropped = 0 if wanted.consumer == DATABASE else await self._by(lambda: self._letters.drop(wanted))
        return gone + (dropped or 0)

    def _put_back(self, taken: list[SetAside]) -> None:
        asyncio.run(_spooled_again(self._folder, taken))

    async def _by(self, ask: Callable[[], Any]) -> Any:
        """An id that is no UUID is none of a delivery's."""
        try:
            return await ask()
        except DataError:
            return None


async def _spooled_again(folder: Path, taken: list[SetAside]) -> None:
    spool = Spool(folder)
    try:
        for one in taken:
            content = None if one.content is None else one.content.encode()
            await spool.write(
                SpooledEvent(one.id, one.revision, one.complete, one.written_at, one.body.encode(), content)
            )
    finally:
        spool.close()


def _matching(wanted: Wanted) -> Callable[[SetAside], bool]:
    def matches(one: SetAside) -> bool:
        return (
            wanted.consumer in {None, DATABASE}
            and wanted.id in {None, one.id}
            and (wanted.tenant_id is None or one.fields().get("tenant_id") == wanted.tenant_id)
            and (wanted.older_than is None or one.written_at < time.time() - wanted.older_than)
        )

    return matches


def _listed(one: SetAside) -> dict[str, Any]:
    fields = one.fields()
    return {
        "consumer": DATABASE,
        "id": one.id,
        "occurred_at": fields.get("occurred_at"),
        "tenant_id": fields.get("tenant_id"),
        "revision": one.revision,
        "attempts": 1,
        "dead_at": None,
        "reason": one.reason,
    }


def _spool(path: Path) -> dict[str, Any]:
    """What waits in a spool, read beside the worker that writes it."""
    found: dict[str, Any] = {"spool": path.name, "events": None, "oldest_seconds": None, "bytes": None}
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
        try:
            count, oldest = database.execute("SELECT count(*), min(written_at) FROM events").fetchone()
        finally:
            database.close()
        found |= {"events": count, "oldest_seconds": None if oldest is None else max(0.0, time.time() - oldest)}
        return found | {"bytes": path.stat().st_size}
    except (sqlite3.Error, OSError) as error:
        return found | {"unreadable": str(error)}
