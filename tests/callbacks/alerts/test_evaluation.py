from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from callbacks.alerts.conditions import measure as measuring
from callbacks.alerts.course import Course
from callbacks.alerts.evaluation import Evaluator
from callbacks.alerts.notification import Notification
from callbacks.alerts.rules import configured_rules
from inferspect.observation.alerts import AlertSettings
from inferspect.store.address import driver_url
from inferspect.store.alerts import alerts
from inferspect.store.alerts import silences as alert_silences
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.leader import lead
from tests.callbacks.alerts.conftest import Plant, database_time, move_back, rows_of

WEBHOOK = {"type": "webhook", "url": "https://hooks.example.com/x", "secret": "os.environ/HOOK"}
FAILED = {"result": "failure", "status": 502}
ERRORS = {
    "name": "errors",
    "condition": {"type": "error_rate"},
    "scope": "per_tenant",
    "min_requests": 1,
    "keep_firing_for": "0s",
    "labels": {"team": "ops"},
    "runbook": "docs/runbooks/error-rate.md",
}
MINUTE = timedelta(minutes=1)


def settings_with(*rules: dict[str, Any], channels: tuple[str, ...] = ("ops",), **more: Any) -> AlertSettings:
    return AlertSettings.model_validate(
        {
            "rules": rules or [ERRORS],
            "channels": dict.fromkeys(("ops", "mail"), WEBHOOK),
            "default_channels": channels,
            **more,
        }
    )


def evaluator(engine: AsyncEngine, configured: AlertSettings | None = None) -> Evaluator:
    return Evaluator(engine, Outbox(engine), configured or settings_with())


async def taken(engine: AsyncEngine) -> list[tuple[str, Notification]]:
    """Channel and content of what was posted, which is delivered hereby."""
    async with engine.begin() as connection:
        found = await connection.execute(
            text("DELETE FROM inferspect.deliveries RETURNING consumer, id, message, tenant_id")
        )
        rows = found.mappings().all()
    posted = []
    for row in rows:
        notification = Notification.from_message(row["message"])
        assert str(row["id"]) == notification.message_id()
        assert row["tenant_id"] == notification.tenant_id
        posted.append((row["consumer"], notification))
    return sorted(posted, key=lambda one: (one[0], one[1].type))


async def kinds(engine: AsyncEngine) -> list[tuple[str, str]]:
    return [(channel, notification.type) for channel, notification in await taken(engine)]


async def forget_events(engine: AsyncEngine) -> None:
    """In place of waiting until they are older than the window."""
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM inferspect.events"))


async def silence(engine: AsyncEngine, **what: Any) -> str:
    async with engine.begin() as connection:
        now = await database_time(engine)
        made = alert_silences.Silence(
            **{
                "id": alert_silences.new_id(), "owner": "", "starts_at": now, "ends_at": now + 60 * MINUTE,
                "reason": "maintenance", "author": "ops", **what,
            }
        )  # fmt: skip
        await alert_silences.add_silence(connection, made)
    return made.id


async def test_a_rule_that_is_broken_fires_and_is_told_with_its_figures(engine: AsyncEngine, plant: Plant) -> None:
    """One message to each channel, with all that a person wants to know."""
    await plant(3, tenant_alias="Acme")
    await plant(1, tenant_alias="Acme", **FAILED)
    await plant(4, tenant_id="umbrella")
    await evaluator(engine, settings_with(channels=("ops", "mail"))).round()
    (_, told), (channel, _) = await taken(engine)
    (stored,) = await rows_of(engine, "SELECT * FROM inferspect.alerts")
    assert channel == "notify:ops"
    assert told == Notification(
        type="alert.firing",
        rule="errors",
        severity="warning",
        summary="Error rate is 25 % over 5m (limit: above 5 %; 4 counted).",
        started_at=stored["started_at"],
        alert_id=str(stored["id"]),
        tenant_id="acme",
        tenant_alias="Acme",
        value=0.25,
        threshold=0.05,
        window="5m",
        runbook="docs/runbooks/error-rate.md",
        labels={"team": "ops"},
    )
    assert (stored["state"], sorted(stored["told"])) == ("firing", ["mail", "ops"])


async def test_an_alert_is_told_once_and_its_end_once(engine: AsyncEngine, plant: Plant) -> None:
    """However often it is looked at, by whichever process, with or without a message still under way."""
    await plant(1, **FAILED)
    for _ in range(3):
        await evaluator(engine).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]
    await evaluator(engine).round()
    assert await kinds(engine) == []
    await plant(99)
    for _ in range(3):
        await evaluator(engine).round()
    ((_, ended),) = await taken(engine)
    assert (ended.type, ended.value) == ("alert.resolved", 0.01)
    assert ended.resolved_at is not None
    assert "is 1 % over 5m" in ended.summary


async def test_many_processes_that_evaluate_at_once_tell_once(engine: AsyncEngine, plant: Plant) -> None:
    """For a moment two may believe to lead."""
    await plant(1, **FAILED)
    await plant(1, tenant_id="umbrella", **FAILED)
    await asyncio.gather(*(evaluator(engine).round() for _ in range(6)))
    assert await rows_of(engine, "SELECT count(*) AS n FROM inferspect.alerts") == [{"n": 2}]
    assert len(await taken(engine)) == 2
    await plant(99)
    await plant(99, tenant_id="umbrella")
    await asyncio.gather(*(evaluator(engine).round() for _ in range(6)))
    assert await kinds(engine) == [("notify:ops", "alert.resolved")] * 2


async def test_a_process_that_was_held_up_tells_nothing_a_second_time(
    engine: AsyncEngine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read the alerts, and another one told of them and had that delivered, before it went on."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await taken(engine)
    await plant(99)
    read, go_on = asyncio.Event(), asyncio.Event()
    reading = alerts.open_alerts

    async def held_up(*given: Any) -> Any:
        found = await reading(*given)
        if not read.is_set():
            read.set()
            await go_on.wait()
        return found

    monkeypatch.setattr(alerts, "open_alerts", held_up)
    first = asyncio.create_task(evaluator(engine).round())
    await read.wait()
    second = asyncio.create_task(evaluator(engine).round())
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while not second.done() and not await rows_of(engine, waiting):
        await asyncio.sleep(0.02)
    told = await kinds(engine)
    go_on.set()
    await asyncio.gather(first, second)
    assert [*told, *await kinds(engine)] == [("notify:ops", "alert.resolved")]


async def test_the_time_that_it_must_be_bad_outlives_the_leader(engine: AsyncEngine, plant: Plant) -> None:
    """A new leader goes on where the old one was; until then nobody is told."""
    configured = settings_with({**ERRORS, "for": "3m"})
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    assert await kinds(engine) == []
    for told in ([], [], [("notify:ops", "alert.firing")]):
        await move_back(engine, MINUTE)
        await evaluator(engine, configured).round()
        assert await kinds(engine) == told


async def test_a_pending_alert_that_passes_leaves_nothing(engine: AsyncEngine, plant: Plant) -> None:
    """It never was one."""
    configured = settings_with({**ERRORS, "for": "3m"})
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    await plant(99)
    await evaluator(engine, configured).round()
    assert await rows_of(engine, "SELECT * FROM inferspect.alerts") == []
    assert await kinds(engine) == []


async def test_what_fires_again_is_another_alert(engine: AsyncEngine, plant: Plant) -> None:
    """With an id of its own, so that it is told again."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await plant(99)
    await evaluator(engine).round()
    first = {notification.alert_id for _, notification in await taken(engine)}
    await plant(50, **FAILED)
    await evaluator(engine).round()
    ((_, again),) = await taken(engine)
    assert len(first) == 1
    assert again.alert_id not in first
    assert again.type == "alert.firing"


async def test_it_is_repeated_where_the_rule_says_so(engine: AsyncEngine, plant: Plant) -> None:
    """Each time a message of its own."""
    configured = settings_with({**ERRORS, "repeat_every": "10m"})
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    ids = {notification.message_id() for _, notification in await taken(engine)}
    for repeat in (1, 2):
        await move_back(engine, 9 * MINUTE)
        await evaluator(engine, configured).round()
        assert await taken(engine) == []
        await move_back(engine, 2 * MINUTE)
        await evaluator(engine, configured).round()
        ((_, again),) = await taken(engine)
        assert (again.type, again.repeat) == ("alert.firing", repeat)
        ids.add(again.message_id())
    assert len(ids) == 3


async def test_no_data_ends_an_alert(engine: AsyncEngine, plant: Plant) -> None:
    """Without requests there are no failing ones; what is told is no all-clear."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await taken(engine)
    await forget_events(engine)
    await evaluator(engine).round()
    ((_, ended),) = await taken(engine)
    assert (ended.type, ended.value, ended.labels) == ("alert.resolved", None, {"team": "ops"})
    assert ended.summary == "Error rate has no figure over 5m: there is nothing to measure (limit: above 5 %)."


async def test_fewer_requests_are_no_end_of_an_alert(engine: AsyncEngine, plant: Plant) -> None:
    """Traffic falls away from what is broken; what comes still must be within the limit."""
    configured = settings_with({**ERRORS, "min_requests": 5})
    await plant(5, **FAILED)
    await evaluator(engine, configured).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]
    await forget_events(engine)
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    assert await taken(engine) == []
    await forget_events(engine)
    await plant(1)
    await evaluator(engine, configured).round()
    ((_, ended),) = await taken(engine)
    assert (ended.type, ended.summary) == (
        "alert.resolved",
        "Error rate is 0 % over 5m (limit: above 5 %; 1 counted).",
    )


async def test_few_requests_keep_no_pending_alert(engine: AsyncEngine, plant: Plant) -> None:
    """It has to be bad of enough requests until it fires."""
    configured = settings_with({**ERRORS, "min_requests": 5, "for": "1m"})
    await plant(5, **FAILED)
    await evaluator(engine, configured).round()
    await forget_events(engine)
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    assert await rows_of(engine, "SELECT * FROM inferspect.alerts") == []


async def test_an_alert_goes_on_though_others_are_worse(
    engine: AsyncEngine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more figures than are looked at, those of open alerts are."""
    monkeypatch.setattr(measuring, "MOST_FIGURES", 2)
    for tenant in ("t1", "t2"):
        await plant(3, tenant_id=tenant, **FAILED)
        await plant(1, tenant_id=tenant)
    await evaluator(engine).round()
    assert len(await taken(engine)) == 2
    for tenant in ("t3", "t4"):
        await plant(4, tenant_id=tenant, **FAILED)
    await evaluator(engine).round()
    assert await taken(engine) == []
    await plant(99, tenant_id="t1")
    await evaluator(engine).round()
    ((_, ended),) = await taken(engine)
    assert (ended.type, ended.tenant_id) == ("alert.resolved", "t1")
    await evaluator(engine).round()
    ((_, next_),) = await taken(engine)
    assert (next_.type, next_.value) == ("alert.firing", 1.0)


@pytest.mark.parametrize("change", ["removed", "disabled"])
async def test_a_rule_that_is_no_more_ends_its_alerts(engine: AsyncEngine, plant: Plant, change: str) -> None:
    """And whoever was told of their beginning is told so."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await taken(engine)
    left = {**ERRORS, "enabled": False} if change == "disabled" else {**ERRORS, "name": "another", "min_requests": 9}
    await evaluator(engine, settings_with(left)).round()
    ((_, ended),) = await taken(engine)
    assert ended.type == "alert.resolved"
    assert ended.summary.startswith("The rule was removed or disabled. The last figure: Error rate is 100 % over 5m")


async def test_a_channel_that_is_no_more_gets_nothing(engine: AsyncEngine, plant: Plant) -> None:
    """A message to it would wait for ever."""
    await plant(1, **FAILED)
    await evaluator(engine, settings_with(channels=("ops", "mail"))).round()
    await taken(engine)
    await plant(99)
    left = AlertSettings.model_validate(
        {"rules": [ERRORS], "channels": {"mail": WEBHOOK}, "default_channels": ["mail"]}
    )
    await evaluator(engine, left).round()
    assert await kinds(engine) == [("notify:mail", "alert.resolved")]


@pytest.mark.parametrize(
    "what",
    [{"rule": "errors"}, {"rule": "err*"}, {"tenant_id": "acme"}, {"severity": "warning"}, {"labels": {"team": "ops"}}],
)
async def test_a_silence_holds_back_and_what_still_fires_is_told_after_it(
    engine: AsyncEngine, plant: Plant, what: dict[str, Any]
) -> None:
    """The alert changes its state all the same."""
    made = await silence(engine, **what)
    await plant(1, **FAILED)
    await evaluator(engine).round()
    assert await kinds(engine) == []
    assert [row["state"] for row in await rows_of(engine, "SELECT state FROM inferspect.alerts")] == ["firing"]
    async with engine.begin() as connection:
        assert await alert_silences.end_silence(connection, made, None)
    await evaluator(engine).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]


@pytest.mark.parametrize(
    "what",
    [
        {"rule": "other"},
        {"tenant_id": "umbrella"},
        {"severity": "critical"},
        {"labels": {"team": "ops", "zone": "a"}},
        {"owner": "acme", "tenant_id": "acme"},
    ],
)
async def test_a_silence_of_something_else_holds_nothing_back(
    engine: AsyncEngine, plant: Plant, what: dict[str, Any]
) -> None:
    """Such as a tenant's own silence, which does not quiet the operator's rules about the tenant."""
    await silence(engine, **what)
    await plant(1, **FAILED)
    await evaluator(engine).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]


async def test_silences_that_are_over_or_to_come_hold_nothing_back(engine: AsyncEngine, plant: Plant) -> None:
    """By the database's clock."""
    now = await database_time(engine)
    await silence(engine, rule="*", starts_at=now - 2 * MINUTE, ends_at=now - MINUTE)
    await silence(engine, rule="*", starts_at=now + MINUTE, ends_at=now + 2 * MINUTE)
    await plant(1, **FAILED)
    await evaluator(engine).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]


async def test_an_end_in_a_silence_is_told_after_it(engine: AsyncEngine, plant: Plant) -> None:
    """To whom its beginning was told; also where it has begun anew meanwhile."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await taken(engine)
    made = await silence(engine, rule="errors")
    await plant(99)
    await evaluator(engine).round()
    await plant(50, **FAILED)
    await evaluator(engine).round()
    assert await kinds(engine) == []
    async with engine.begin() as connection:
        await alert_silences.end_silence(connection, made, None)
    await evaluator(engine).round()
    await evaluator(engine).round()
    assert await kinds(engine) == [("notify:ops", "alert.firing"), ("notify:ops", "alert.resolved")]


async def test_a_rule_that_fails_does_not_stop_the_others(engine: AsyncEngine, plant: Plant) -> None:
    """LiteLLM's tables are not there: that is logged once and counted each time."""
    broken = {"name": "budget", "condition": {"type": "budget"}}
    here = evaluator(engine, settings_with(broken, ERRORS))
    labels = {"condition": "budget", "result": "failed"}
    before = REGISTRY.get_sample_value("inferspect_alert_evaluations_total", labels) or 0
    await plant(1, **FAILED)
    with capture_logs() as logs:
        await here.round()
        await here.round()
    assert await kinds(engine) == [("notify:ops", "alert.firing")]
    assert REGISTRY.get_sample_value("inferspect_alert_evaluations_total", labels) == before + 2
    failures = [line for line in logs if line["log_level"] == "error"]
    assert [line["rule"] for line in failures] == ["budget"]
    assert "UndefinedTable" in failures[0]["reason"]


async def test_a_transition_is_stored_with_its_messages_or_not_at_all(
    engine: AsyncEngine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails half way happens as a whole at the next look."""
    await plant(1, **FAILED)
    here = Course(engine, Outbox(engine), settings_with())
    (owned,) = configured_rules(here.settings)

    async def fails(*_given: Any) -> None:
        raise OSError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "save_alerts", fails)
        with pytest.raises(OSError, match="lost"):
            await here.look(owned)
    assert await kinds(engine) == []
    await here.look(owned)
    assert await kinds(engine) == [("notify:ops", "alert.firing")]


async def test_a_rule_may_be_evaluated_less_often(engine: AsyncEngine, plant: Plant) -> None:
    """One that reads much, such as cost."""
    here = evaluator(engine, settings_with({**ERRORS, "every": "1h"}))
    await here.round()
    await plant(1, **FAILED)
    await here.round()
    assert await kinds(engine) == []


async def test_history_is_kept_for_its_time(engine: AsyncEngine, plant: Plant) -> None:
    """Alerts that have not ended are kept whatever their age."""
    await plant(1, **FAILED)
    await evaluator(engine).round()
    await plant(99)
    await evaluator(engine).round()
    await plant(50, tenant_id="umbrella", **FAILED)
    await evaluator(engine).round()
    await move_back(engine, timedelta(days=89))
    await evaluator(engine).round()
    assert await rows_of(engine, "SELECT count(*) AS n FROM inferspect.alerts") == [{"n": 2}]
    await move_back(engine, timedelta(days=2))
    await evaluator(engine).round()
    assert [row["tenant_id"] for row in await rows_of(engine, "SELECT * FROM inferspect.alerts")] == ["umbrella"]


async def test_rules_made_by_api_are_evaluated_too(engine: AsyncEngine, plant: Plant) -> None:
    """From the next look on, and for a tenant only its own requests."""
    configured = settings_with({**ERRORS, "min_requests": 1000}, tenant_channels={"mail": "*"})
    async with engine.begin() as connection:
        for owner in ("acme", "umbrella"):
            rule = {**ERRORS, "name": "mine", "scope": "global", "channels": ["mail"]}
            assert await alerts.add_rule(connection, owner, "mine", rule, "somebody")
    await plant(1, **FAILED)
    await evaluator(engine, configured).round()
    ((channel, told),) = await taken(engine)
    assert (channel, told.tenant_id, told.rule) == ("notify:mail", "acme", "mine")


async def test_one_process_of_all_evaluates(engine: AsyncEngine, plant: Plant) -> None:
    """Where the leader goes, another one takes over, and tells nothing a second time."""
    await plant(1, **FAILED)
    configured = settings_with(every=1)
    first, second = (asyncio.create_task(lead(engine, "alerts", evaluator(engine, configured).run)) for _ in range(2))
    while not await rows_of(engine, "SELECT * FROM inferspect.alerts"):
        await asyncio.sleep(0.05)
    first.cancel()
    await plant(99)
    while not await rows_of(engine, "SELECT * FROM inferspect.alerts WHERE state = 'resolved'"):
        await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert await kinds(engine) == [("notify:ops", "alert.firing"), ("notify:ops", "alert.resolved")]


Looks = list[tuple[int, bool, int]]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 200), st.booleans(), st.integers(1, 3)), min_size=4, max_size=12))
def test_whatever_happens_each_transition_is_told_once(store_url: str, looks: Looks) -> None:
    """On the database: figures come and go, time passes, leaders change, and up to three look at once."""
    asyncio.run(_play(store_url, looks))


async def _play(store_url: str, looks: Looks) -> None:
    engine = create_async_engine(driver_url(store_url), pool_size=5)
    rule = {
        "name": "spool", "condition": {"type": "spool_age", "above": "1m"}, "for": "2m", "keep_firing_for": "1m"
    }  # fmt: skip
    configured = settings_with(rule)
    told: Counter[tuple[str, str]] = Counter()
    try:
        async with engine.begin() as connection:
            for table in ("alerts", "deliveries", "worker_status"):
                await connection.execute(text(f"TRUNCATE inferspect.{table}"))
        for seconds, bad, processes in looks:
            await move_back(engine, timedelta(seconds=seconds))
            async with engine.begin() as connection:
                await connection.execute(
                    text(
                        "INSERT INTO inferspect.worker_status VALUES ('w', 'p', 1, :age, clock_timestamp())"
                        " ON CONFLICT (worker_id) DO UPDATE SET oldest_seconds = :age, updated_at = clock_timestamp()"
                    ),
                    {"age": 300.0 if bad else 0.0},
                )
            await asyncio.gather(*(evaluator(engine, configured).round() for _ in range(processes)))
            told.update((notification.alert_id, notification.type) for _, notification in await taken(engine))
        rows = await rows_of(engine, "SELECT id, state, started_at FROM inferspect.alerts")
    finally:
        await engine.dispose()
    expected = Counter({(str(row["id"]), "alert.firing"): 1 for row in rows if row["started_at"]})
    expected.update({(str(row["id"]), "alert.resolved"): 1 for row in rows if row["state"] == "resolved"})
    assert told == expected
