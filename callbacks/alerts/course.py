"""One rule, looked at once: its figures move its alerts on, and who is to be told gets a message.

All in one transaction, under a lock of the rule: a second process that looks at the same time finds what the first
has done, and if this one dies half way nothing has happened. So each transition is told once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callbacks.alerts import metrics
from callbacks.alerts.conditions.measure import Measured, measure
from callbacks.alerts.conditions.reading import Looking, Reading
from callbacks.alerts.notification import Notification, consumer_of
from callbacks.alerts.rules import OwnedRule
from callbacks.alerts.state import Progress, Seen, Step, Telling, Timing, step
from callbacks.alerts.summary import summary_of, without_rule
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.durations import duration_text
from inferspect.observation.reports import ReportSettings
from inferspect.store.alerts import alerts as store
from inferspect.store.alerts.silences import Silence, silences_in_force
from inferspect.store.deliveries.outbox import Outbox

PROGRESS = tuple(each.name for each in fields(Progress))
MISSED_ROUNDS = 4  # evaluations that may fail before a pending alert starts over
SHORTEST_PATIENCE = timedelta(minutes=1)


def is_bad(owned: OwnedRule, reading: Reading, *, fires: bool = False) -> bool:
    """Whether a figure is beyond its limit, and of enough requests to mean something.

    Args:
        fires: there is an alert of it: it is not over because fewer requests come where things are broken.
    """
    if reading.value is None or (reading.samples < owned.rule.fewest and not fires):
        return False
    return owned.rule.condition.is_breached_by(reading.value)


def fingerprint(owned: OwnedRule, reading: Reading) -> str:
    """What makes an alert the same one when its rule is looked at again."""
    parts = [owned.owner, owned.rule.name, reading.tenant_id, sorted(reading.labels.items())]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Course:
    """Moves the alerts of rules on."""

    engine: AsyncEngine
    outbox: Outbox
    settings: AlertSettings
    reports: ReportSettings = field(default_factory=ReportSettings)

    async def look(self, owned: OwnedRule) -> Measured:
        """Evaluate a rule and store what follows.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was stored.
        """
        rule = owned.rule
        async with self.engine.begin() as connection:
            now = await store.begin_rule(connection, owned.owner, rule.name, self.settings.query_timeout)
            measured = await measure(connection, Looking(rule, now, self.reports), owned.owner)
            readings = {fingerprint(owned, reading): reading for reading in measured.readings}
            await self._move_on(connection, owned, readings, now)
        return measured

    async def end_all(self, owner: str, rule: str) -> None:
        """End the alerts of a rule that is no more, or is not enabled."""
        async with self.engine.begin() as connection:
            now = await store.begin_rule(connection, owner, rule, self.settings.query_timeout)
            quiet = await silences_in_force(connection, owner, now)
            moved = []
            for before in await store.open_alerts(connection, owner, rule):
                ended = before["state"] == "resolved"
                row = before if ended else {**before, "summary": without_rule(before["summary"])}
                seen = Seen(now, bad=False, silenced=_is_quiet(row, quiet))
                moved.append(await self._moved(connection, row, seen, Timing()))
            await _store(connection, moved)

    async def _move_on(
        self, connection: AsyncConnection, owned: OwnedRule, readings: Mapping[str, Reading], now: datetime
    ) -> None:
        quiet = await silences_in_force(connection, owned.owner, now)
        timing = self._timing(owned)
        moved = []
        known = set()
        for before in await store.open_alerts(connection, *owned.key):
            row, bad = before, False
            if before["state"] != "resolved":
                known.add(before["fingerprint"])
                reading = readings.get(before["fingerprint"]) or _nothing(owned, before)
                row = {**before, **_described(owned, reading)}
                bad = is_bad(owned, reading, fires=before["state"] == "firing")
            seen = Seen(now, bad=bad, silenced=_is_quiet(row, quiet), channels=owned.channels)
            moved.append(await self._moved(connection, row, seen, timing))
        for print_, reading in readings.items():
            if print_ not in known and is_bad(owned, reading):
                row = {"fingerprint": print_, **_described(owned, reading)}
                seen = Seen(now, bad=True, silenced=_is_quiet(row, quiet), channels=owned.channels)
                moved.append(await self._moved(connection, row, seen, timing))
        await _store(connection, moved)

    async def _moved(
        self, connection: AsyncConnection, row: Mapping[str, Any], seen: Seen, timing: Timing
    ) -> tuple[str | None, store.Row | None]:
        """The alert after this look, its messages posted; without a row where it is none any more."""
        before = Progress(**{name: row[name] for name in PROGRESS}) if "id" in row else None
        after: Step = step(before, seen, timing)
        if after.progress is None:
            return (before.id if before else None), None
        moved = {**row, **asdict(after.progress)}
        for telling in after.tellings:
            await self._tell(connection, moved, telling)
        return after.progress.id, moved

    async def _tell(self, connection: AsyncConnection, row: Mapping[str, Any], telling: Telling) -> None:
        notification = Notification(
            type="alert.resolved" if telling.kind == "resolved" else "alert.firing",
            rule=row["rule"],
            severity=row["severity"],
            summary=row["summary"],
            started_at=row["started_at"],
            alert_id=row["id"],
            tenant_id=row["tenant_id"],
            tenant_alias=row["tenant_alias"],
            value=row["value"],
            threshold=row["threshold"],
            window=row["over"],
            resolved_at=row["resolved_at"],
            runbook=row["runbook"],
            labels=dict(row["labels"]),
            repeat=row["repeats"] if telling.kind == "repeated" else 0,
        )
        for channel in telling.channels:
            if channel in self.settings.channels:  # else it was taken out of the configuration since
                await self.outbox.post_in(
                    connection,
                    consumer_of(channel),
                    notification.message_id(),
                    notification.to_message(),
                    notification.tenant_id,
                )
                metrics.NOTIFICATIONS.labels(notification.type).inc()

    def _timing(self, owned: OwnedRule) -> Timing:
        rule = owned.rule
        between = max(timedelta(seconds=self.settings.every), rule.every or timedelta(0))
        patience = max(MISSED_ROUNDS * between, SHORTEST_PATIENCE)
        return Timing(rule.hold, rule.keep_firing_for, rule.repeat_every, patience)


def _described(owned: OwnedRule, reading: Reading) -> store.Row:
    """What an alert's row says of its rule and figure."""
    rule = owned.rule
    return {
        "owner": owned.owner,
        "rule": rule.name,
        "tenant_id": reading.tenant_id,
        "tenant_alias": reading.tenant_alias,
        "severity": rule.severity,
        "labels": {**rule.labels, **reading.labels},
        "value": reading.value,
        "threshold": rule.condition.threshold,
        "over": duration_text(rule.looked_at) if rule.looked_at else None,
        "runbook": rule.runbook,
        "summary": summary_of(rule, reading),
    }


def _nothing(owned: OwnedRule, row: Mapping[str, Any]) -> Reading:
    """The figure of an alert that nothing was counted of."""
    labels = {name: value for name, value in row["labels"].items() if name not in owned.rule.labels}
    return Reading(row["tenant_id"], None, 0, row["tenant_alias"], labels)


def _is_quiet(row: Mapping[str, Any], silences: Sequence[Silence]) -> bool:
    return any(
        silence.quiets(
            owner=row["owner"],
            rule=row["rule"],
            tenant_id=row["tenant_id"],
            severity=row["severity"],
            labels=row["labels"],
        )
        for silence in silences
    )


async def _store(connection: AsyncConnection, moved: Sequence[tuple[str | None, store.Row | None]]) -> None:
    await store.forget_alerts(connection, [known for known, row in moved if row is None and known is not None])
    # An alert that ended makes room for one of the same fingerprint that begins.
    rows = [row for _, row in moved if row is not None]
    await store.save_alerts(connection, sorted(rows, key=lambda row: row["state"] != "resolved"))
