from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.compiler import compiles

from callbacks.alerts.conditions import measure as measuring
from callbacks.alerts.conditions.measure import QUERIES
from callbacks.alerts.conditions.reading import Looking, Reading
from callbacks.alerts.course import is_bad
from callbacks.alerts.evaluation import Evaluator, try_out
from callbacks.alerts.rules import OwnedRule
from callbacks.alerts.service import AlertService
from evals.reports.windows import aligned
from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.durations import parse_duration
from inferspect.observation.reports import ReportSettings
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.reports.reports import ReportRow, write_report
from tests.callbacks.alerts.conftest import Plant, database_time, insert

FAILED = {"result": "failure", "status": 502}
REFUSED = {"result": "blocked", "status": 403}


def owned(condition: dict[str, Any], **fields: Any) -> OwnedRule:
    return OwnedRule("", AlertRule(name="rule", condition=condition, **fields), ())


async def readings(engine: AsyncEngine, condition: dict[str, Any], **fields: Any) -> tuple[Reading, ...]:
    return (await try_out(engine, AlertSettings(), owned(condition, **fields))).readings


async def values(engine: AsyncEngine, condition: dict[str, Any], **fields: Any) -> dict[str | None, Any]:
    """Figures by tenant, rounded."""
    found = await readings(engine, condition, **fields)
    return {one.tenant_id: None if one.value is None else round(one.value, 6) for one in found}


async def bad(engine: AsyncEngine, condition: dict[str, Any], **fields: Any) -> list[Reading]:
    rule = owned(condition, **fields)
    return [one for one in (await try_out(engine, AlertSettings(), rule)).readings if is_bad(rule, one)]


def test_every_condition_has_a_query() -> None:
    """Those that rules may name are those that can be measured."""
    schema = AlertRule.model_json_schema()["properties"]["condition"]
    assert set(schema["discriminator"]["mapping"]) == set(QUERIES)


@pytest.mark.parametrize("kind", sorted(set(QUERIES) - {"budget", "quota"}))
@pytest.mark.parametrize("scope", ["global", "per_tenant", ("acme",)])
async def test_an_empty_database_is_no_alert(engine: AsyncEngine, kind: str, scope: str | Sequence[str]) -> None:
    """Every query runs where there is nothing, and nothing is bad then."""
    condition = {"type": kind, **({"score": "Relevance", "below": 0.6} if kind == "quality" else {})}
    whole = AlertRule(name="r", condition=condition).condition.whole_gateway
    assert await bad(engine, condition, scope="global" if whole else scope) == []


class TestErrorRate:
    RULE: ClassVar[dict[str, Any]] = {"type": "error_rate", "above": "5%"}

    async def test_a_share_that_equals_the_limit_is_good(self, engine: AsyncEngine, plant: Plant) -> None:
        """One of twenty is five per cent, and no more than that."""
        await plant(19)
        await plant(1, **FAILED)
        assert await bad(engine, self.RULE) == []
        await plant(1, **FAILED)
        (one,) = await bad(engine, self.RULE)
        assert (one.value, one.samples) == (pytest.approx(2 / 21), 21)

    async def test_few_requests_are_no_alert(self, engine: AsyncEngine, plant: Plant) -> None:
        """At three in the morning one failure of one request is a hundred per cent of nothing much."""
        await plant(19, **FAILED)
        assert await bad(engine, self.RULE) == []
        assert len(await bad(engine, self.RULE, min_requests=19)) == 1

    @pytest.mark.parametrize(
        ("event", "rate"),
        [
            (FAILED, 0.5),
            ({"result": "failure", "status": 429}, 0.5),
            ({"result": "failure", "status": 408}, 0.5),
            ({"result": "failure", "status": 200}, 0.5),
            ({"result": "failure", "status": 400}, 0.0),
            ({"result": "failure", "status": 404}, 0.0),
            ({"result": "aborted", "status": 200}, 0.0),
            ({"result": "cached"}, 0.0),
            (REFUSED, 0.0),
            ({"result": "unknown", "status": 0}, 0.0),
        ],
    )
    async def test_what_counts_as_a_failure(
        self, engine: AsyncEngine, plant: Plant, event: dict[str, Any], rate: float
    ) -> None:
        """The provider's and the gateway's, not the client's and not the rules'."""
        await plant(10)
        await plant(10, **event)
        assert await values(engine, self.RULE) == {None: rate}

    async def test_mistakes_of_clients_count_where_the_rule_says_so(self, engine: AsyncEngine, plant: Plant) -> None:
        """With `client_errors`."""
        await plant(3)
        await plant(1, result="failure", status=400)
        assert await values(engine, {**self.RULE, "client_errors": True}) == {None: 0.25}

    async def test_refused_and_unknown_requests_do_not_thin_it_out(self, engine: AsyncEngine, plant: Plant) -> None:
        """A flood of blocked requests does not hide that all others fail."""
        await plant(100, **REFUSED)
        await plant(100, result="unknown", status=0)
        await plant(20, **FAILED)
        assert await values(engine, self.RULE) == {None: 1.0}

    async def test_only_the_window_counts(self, engine: AsyncEngine, plant: Plant) -> None:
        """What is older is past, and what a fast clock dated later is not yet."""
        await plant(1)
        await plant(50, ago="5m1s", **FAILED)
        await plant(1, ago="4m50s", **FAILED)
        async with engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO inferspect.events SELECT (jsonb_populate_record(e, jsonb_build_object("
                    "'id', gen_random_uuid(), 'occurred_at', now() + interval '1 hour'))).*"
                    " FROM inferspect.events e WHERE e.result = 'failure'"
                )
            )
        assert await values(engine, self.RULE) == {None: 0.5}
        assert await values(engine, self.RULE, window="10m") == {None: pytest.approx(51 / 52, abs=1e-6)}

    async def test_by_tenant(self, engine: AsyncEngine, plant: Plant) -> None:
        """Each by itself, or those of a list; requests without a tenant belong to none."""
        await plant(20, tenant_alias="Acme")
        await plant(20, tenant_id="umbrella", tenant_alias="Umbrella", **FAILED)
        await plant(20, tenant_id=None, **FAILED)
        (one,) = await bad(engine, self.RULE, scope="per_tenant")
        assert (one.tenant_id, one.tenant_alias, one.value) == ("umbrella", "Umbrella", 1.0)
        assert await values(engine, self.RULE, scope="per_tenant") == {"acme": 0.0, "umbrella": 1.0}
        assert await values(engine, self.RULE, scope=("acme", "nobody")) == {"acme": 0.0}
        assert await values(engine, self.RULE) == {None: pytest.approx(2 / 3, abs=1e-6)}


class TestLatency:
    async def test_the_percentile_is_of_good_answers_from_providers(self, engine: AsyncEngine, plant: Plant) -> None:
        """The cache would make it look better, failures better or worse."""
        for seconds in range(1, 21):
            await plant(seconds_total=float(seconds))
        await plant(100, result="cached", seconds_total=0.01)
        await plant(100, seconds_total=60.0, **FAILED)
        assert await values(engine, {"type": "latency"}) == {None: pytest.approx(19.05)}
        assert await values(engine, {"type": "latency", "percentile": 50}) == {None: 10.5}

    async def test_a_latency_that_equals_the_limit_is_good(self, engine: AsyncEngine, plant: Plant) -> None:
        """Five seconds are not above five seconds."""
        await plant(20, seconds_total=5.0)
        assert await bad(engine, {"type": "latency", "above": "5s"}) == []
        assert len(await bad(engine, {"type": "latency", "above": "4.999s"})) == 1

    @pytest.mark.parametrize(
        ("of", "column"),
        [("total", "seconds_total"), ("first_byte", "seconds_to_response"), ("first_token", "seconds_to_first_token")],
    )
    async def test_of_what(self, engine: AsyncEngine, plant: Plant, of: str, column: str) -> None:
        """The whole answer, its first byte, or its first token; requests without one are not counted."""
        await plant(5, **{column: 2.0})
        await plant(5)
        (one,) = await readings(engine, {"type": "latency", "of": of})
        assert (one.value, one.samples) == (2.0, 5)


class TestCacheHitRate:
    RULE: ClassVar[dict[str, Any]] = {"type": "cache_hit_rate", "below": "30%"}

    async def test_a_share_that_equals_the_limit_is_good(self, engine: AsyncEngine, plant: Plant) -> None:
        """Thirty of a hundred are enough, and one answer more without the cache is one too many."""
        await plant(30, result="cached")
        await plant(70)
        await plant(50, **FAILED)
        assert await bad(engine, self.RULE) == []
        await plant(1)
        (one,) = await bad(engine, self.RULE)
        assert one.value == pytest.approx(30 / 101)

    async def test_a_tenant_that_does_not_use_the_cache_is_left_out(self, engine: AsyncEngine, plant: Plant) -> None:
        """Only where it was of use within a day its absence says something."""
        await plant(100)
        assert await bad(engine, self.RULE) == []
        await plant(1, ago="25h", result="cached")
        assert await bad(engine, self.RULE) == []
        await plant(1, ago="23h", result="cached")
        (one,) = await bad(engine, self.RULE)
        assert (one.value, one.samples) == (0.0, 100)


class TestCost:
    RULE: ClassVar[dict[str, Any]] = {"type": "cost", "above": 2, "average_days": 7}
    USAGE: ClassVar[dict[str, Any]] = {
        "table": "usage", "revision": 1, "tags": [], "result": "success", "prompt_tokens": 1, "completion_tokens": 1,
        "details": {}, "tenant_id": "acme",
    }  # fmt: skip

    async def test_twice_the_average_is_good_and_more_is_not(self, engine: AsyncEngine, plant: Plant) -> None:
        """Against the days before the window."""
        for day in range(7):
            await plant(**self.USAGE, ago=f"{day + 1}d12h", cost=10.0)
        await plant(**self.USAGE, ago="7d23h", cost=0.0)
        await plant(**self.USAGE, ago="1h", cost=19.9)
        assert await bad(engine, self.RULE) == []
        await plant(**self.USAGE, ago="1h", cost=0.3)
        (one,) = await bad(engine, self.RULE, scope="per_tenant")
        assert one.tenant_id == "acme"
        assert one.value == pytest.approx(2.02, abs=0.02)

    async def test_a_new_tenant_is_measured_by_its_own_days(self, engine: AsyncEngine, plant: Plant) -> None:
        """Four days that were not there do not make the three that were look dear; a first day is no alert."""
        await plant(**self.USAGE, ago="1h", cost=50.0)
        assert await values(engine, self.RULE) == {None: None}
        for day in range(3):
            await plant(**self.USAGE, ago=f"{day + 1}d23h", cost=50.0)
        assert await values(engine, self.RULE) == {None: pytest.approx(1.0, abs=0.05)}

    async def test_cents_are_no_alert(self, engine: AsyncEngine, plant: Plant) -> None:
        """Ten times nothing much is nothing much."""
        await plant(**self.USAGE, ago="2d", cost=0.05)
        await plant(**self.USAGE, ago="1h", cost=0.99)
        assert await bad(engine, self.RULE) == []
        assert len(await bad(engine, {**self.RULE, "min_cost": 0.5})) == 1


class TestQuality:
    RULE: ClassVar[dict[str, Any]] = {"type": "quality", "score": "Relevance", "below": 0.6}

    @staticmethod
    def score(**scores: float) -> dict[str, Any]:
        empty: dict[str, Any] = {"labels": {}, "skips": {}, "versions": {}}
        return {"table": "scores", "revision": 1, "tenant_id": "acme", "scores": scores, **empty}

    async def test_a_mean_that_equals_the_limit_is_good(self, engine: AsyncEngine, plant: Plant) -> None:
        """Of the answers that have the score; others do not count."""
        await plant(10, **self.score(Relevance=0.2))
        await plant(10, **self.score(Relevance=1.0))
        await plant(50, **self.score(Profanity=0.0))
        assert await bad(engine, self.RULE) == []
        await plant(1, **self.score(Relevance=0.0))
        (one,) = await bad(engine, self.RULE, scope="per_tenant")
        assert (one.tenant_id, one.samples, one.value) == ("acme", 21, pytest.approx(12 / 21))

    async def test_a_score_that_should_be_low_may_rise(self, engine: AsyncEngine, plant: Plant) -> None:
        """The worst tenant comes first then, too."""
        await plant(20, **self.score(Profanity=0.4))
        await plant(20, **self.score(Profanity=0.6) | {"tenant_id": "umbrella"})
        await plant(20, **self.score(Profanity=0.1) | {"tenant_id": "calm"})
        rule = {"type": "quality", "score": "Profanity", "above": 0.3}
        assert [one.tenant_id for one in await bad(engine, rule, scope="per_tenant")] == ["umbrella", "acme"]

    async def test_thresholds_of_tenants_rules(self, engine: AsyncEngine) -> None:
        """A score that is beyond its threshold is an alert of that tenant until it has come back."""
        now = await database_time(engine)
        states = [("acme", "Relevance"), ("acme", "Profanity"), ("umbrella", "Relevance")]
        rows = [{"tenant_id": tenant, "score": score, "degraded_at": now} for tenant, score in states]
        await insert(engine, "inferspect.quality_states", rows)
        rule = {"type": "quality_thresholds"}
        found = await bad(engine, rule, scope="per_tenant")
        assert sorted((one.tenant_id, one.labels["score"]) for one in found) == sorted(states)
        assert [(one.labels["score"], one.value) for one in await bad(engine, rule)] == [
            ("Relevance", 2.0),
            ("Profanity", 1.0),
        ]


class TestReports:
    RULE: ClassVar[dict[str, Any]] = {"type": "reports"}

    @staticmethod
    async def report(engine: AsyncEngine, ended: str, **values: Any) -> None:
        end = await database_time(engine) - parse_duration(ended)
        row = ReportRow(
            **{
                "tenant_id": "acme", "suite": "responses", "window_start": end - timedelta(hours=1), "window_end": end,
                "revision": 1, "scheduled": True, "status": "failed", "responses": 10, **values,
            }
        )  # fmt: skip
        async with engine.begin() as connection:
            assert await write_report(connection, row)

    async def test_the_last_window_of_each_suite_counts(self, engine: AsyncEngine) -> None:
        """In its highest revision; what failed before and is well again is no alert."""
        await self.report(engine, "2h", failed=3)
        await self.report(engine, "1h", failed=2, suite="strict")
        await self.report(engine, "1h", failed=0, status="passed", revision=1)
        await self.report(engine, "1h", failed=5, tenant_id="globex")
        found = await bad(engine, self.RULE, scope="per_tenant")
        assert {(one.tenant_id, one.labels["suite"], one.value) for one in found} == {
            ("acme", "strict", 2.0), ("globex", "responses", 5.0),
        }  # fmt: skip
        (one,) = await bad(engine, {**self.RULE, "suite": "strict"})
        assert (one.value, one.labels) == (2.0, {"suite": "strict"})

    async def test_a_later_revision_replaces_an_earlier_one(self, engine: AsyncEngine) -> None:
        """Of the same window."""
        end = await database_time(engine)
        window = {"window_start": end - timedelta(hours=2), "window_end": end - timedelta(hours=1)}
        await self.report(engine, "1h", failed=2, **window)
        await self.report(engine, "1h", failed=0, status="passed", revision=2, **window)
        assert await bad(engine, self.RULE) == []

    async def test_a_report_that_could_not_be_made_counts_as_one_failure(self, engine: AsyncEngine) -> None:
        """Else nobody would see that nothing is looked at."""
        await self.report(engine, "1h", status="error", reason="no disk")
        assert [one.value for one in await bad(engine, self.RULE)] == [1.0]

    async def test_reports_made_by_hand_and_old_ones_are_no_alert(self, engine: AsyncEngine) -> None:
        """Who asked for one has seen it."""
        await self.report(engine, "1h", failed=2, scheduled=False)
        await self.report(engine, "3d", failed=2)
        assert await bad(engine, self.RULE) == []
        assert len(await bad(engine, self.RULE, window="7d")) == 1


class TestReportsOverdue:
    RULE: ClassVar[dict[str, Any]] = {"type": "reports_overdue", "above": "2h"}
    SCORED: ClassVar[dict[str, Any]] = {"revision": 1, "scores": {}, "labels": {}, "skips": {}, "versions": {}}

    @pytest.fixture(autouse=True)
    async def teams(self, engine: AsyncEngine) -> None:
        """Tenants that are there; whoever has no team was deleted."""
        async with engine.begin() as connection:
            await connection.execute(text('CREATE TABLE "LiteLLM_TeamTable" (team_id text)'))
        await insert(engine, "LiteLLM_TeamTable", [{"team_id": "acme"}, {"team_id": "globex"}])

    @classmethod
    async def waits(cls, engine: AsyncEngine, *schedule: dict[str, Any], settle: str = "15m") -> dict[str, float]:
        """Hours by suite."""
        settings = ReportSettings.model_validate({"schedule": schedule, "settle": settle})
        found = await try_out(engine, AlertSettings(), owned(cls.RULE), settings)
        assert all(one.tenant_id is None for one in found.readings)
        return {one.labels["suite"]: (one.value or 0) / 3600 for one in found.readings}

    @staticmethod
    async def evaluated(engine: AsyncEngine, ended: datetime, tenant: str = "acme", suite: str = "responses") -> None:
        row = ReportRow(tenant, suite, ended - timedelta(hours=1), ended, 1, True, "passed", 10)
        async with engine.begin() as connection:
            assert await write_report(connection, row)

    async def test_the_longest_wait_of_a_suite_counts(self, engine: AsyncEngine) -> None:
        """Of all tenants, from when the window after the last one ended and had settled."""
        now = await database_time(engine)
        hour = aligned(now, timedelta(hours=1))
        past = (now - hour).total_seconds() / 3600
        await self.evaluated(engine, hour - timedelta(hours=9))
        await self.evaluated(engine, hour - timedelta(hours=5))
        await self.evaluated(engine, hour - timedelta(hours=7), tenant="globex")
        await self.evaluated(engine, hour + timedelta(hours=1), suite="strict")
        hourly = {"suite": "responses", "every": "1h"}
        found = await self.waits(engine, hourly, {"suite": "strict", "every": "1h"})
        assert found == {"responses": pytest.approx(6 + past - 0.25, abs=0.1), "strict": 0}
        found = await self.waits(engine, {**hourly, "tenants": ["acme"]}, settle="1h")
        assert found == {"responses": pytest.approx(4 + past - 1, abs=0.1)}

    async def test_windows_are_aligned_as_the_schedule_aligns_them(self, engine: AsyncEngine) -> None:
        """Weeks end on Monday, also where the last window was a shorter one."""
        now = await database_time(engine)
        week = aligned(now, timedelta(days=7))
        await self.evaluated(engine, week - timedelta(days=5))
        found = await self.waits(engine, {"suite": "responses", "every": "7d"}, settle="0s")
        assert found == {"responses": pytest.approx((now - week).total_seconds() / 3600, abs=0.1)}

    async def test_what_is_not_scheduled_is_not_waited_for(self, engine: AsyncEngine) -> None:
        """A suite or a tenant that was taken out; one that was never evaluated."""
        await self.evaluated(engine, await database_time(engine) - timedelta(days=3))
        assert await self.waits(engine) == {}
        assert await self.waits(engine, {"suite": "strict", "every": "1h"}) == {}
        assert await self.waits(engine, {"suite": "responses", "every": "1h", "tenants": ["globex"]}) == {}

    async def test_tenants_that_were_deleted_are_waited_for_while_there_is_something_to_evaluate(
        self, engine: AsyncEngine, plant: Plant
    ) -> None:
        """The schedule leaves them then, too."""
        ended = await database_time(engine) - timedelta(hours=9)
        await self.evaluated(engine, ended, tenant="gone")
        hourly = {"suite": "responses", "every": "1h"}
        await plant(table="scores", ago="10h", tenant_id="gone", **self.SCORED)
        assert await self.waits(engine, hourly) == {}
        await plant(table="scores", ago="8h", tenant_id="gone", **self.SCORED)
        assert await self.waits(engine, hourly) == {"responses": pytest.approx(8.25, abs=0.6)}

    async def test_keys_without_a_team_are_waited_for(self, engine: AsyncEngine) -> None:
        """Their tenant has none."""
        await self.evaluated(engine, await database_time(engine) - timedelta(hours=9), tenant="default")
        assert set(await self.waits(engine, {"suite": "responses", "every": "1h"})) == {"responses"}

    async def test_a_schedule_that_stands_still_is_told(self, engine: AsyncEngine) -> None:
        """Through the evaluation of rules as the gateway runs it."""
        await self.evaluated(engine, await database_time(engine) - timedelta(hours=9))
        alerting = AlertSettings.model_validate({"rules": [{"name": "overdue", "condition": self.RULE}]})
        scheduled = ReportSettings.model_validate({"schedule": [{"suite": "responses", "every": "1h"}]})
        await Evaluator(engine, Outbox(engine), alerting, scheduled).round()
        (shown,) = await AlertService(engine, Outbox(engine), alerting, scheduled).evaluate(None)
        assert (shown["figures"][0]["bad"], shown["figures"][0]["labels"]) == (True, {"suite": "responses"})
        async with engine.connect() as connection:
            (summary,) = (await connection.execute(text("SELECT summary FROM inferspect.alerts"))).scalars()
        assert summary.startswith("Oldest window without a report (suite responses) is ")
        assert summary.endswith(" (limit: above 2h).")


class TestProviderDown:
    RULE: ClassVar[dict[str, Any]] = {"type": "provider_down", "by": "deployment"}

    @staticmethod
    def attempt(deployment: str = "d1", error: str | None = None, status: int | None = None) -> dict[str, Any]:
        return {
            "model": "gpt", "model_group": "gpt", "provider": "openai", "deployment_id": deployment, "started": 0.1,
            "seconds": 1.0, "error_class": error, "error_status": status,
        }  # fmt: skip

    async def test_all_calls_of_a_deployment_failed(self, engine: AsyncEngine, plant: Plant) -> None:
        """Though every request was answered in the end, by another one."""
        down = self.attempt("d1", "APIConnectionError")
        await plant(5, attempts=[down, self.attempt("d2")])
        (one,) = await bad(engine, self.RULE)
        assert dict(one.labels) == {"provider": "openai", "deployment": "d1"}
        assert (one.value, one.samples) == (1.0, 5)
        assert await bad(engine, {**self.RULE, "by": "provider"}) == []

    async def test_one_answer_means_that_it_is_there(self, engine: AsyncEngine, plant: Plant) -> None:
        """Unless the rule is content with less than all."""
        await plant(9, attempts=[self.attempt("d1", "Timeout", 408)])
        await plant(1, attempts=[self.attempt("d1")])
        assert await bad(engine, self.RULE) == []
        assert len(await bad(engine, {**self.RULE, "failing": "90%"})) == 1

    @pytest.mark.parametrize(
        ("status", "down"), [(None, True), (500, True), (429, True), (401, True), (400, False), (422, False)]
    )
    async def test_a_refused_request_is_an_answer(
        self, engine: AsyncEngine, plant: Plant, status: int | None, down: bool
    ) -> None:
        """A provider that says what is wrong with the request is not down."""
        await plant(5, attempts=[self.attempt("d1", "Error", status)])
        assert bool(await bad(engine, self.RULE)) is down

    async def test_calls_that_go_on_are_not_counted(self, engine: AsyncEngine, plant: Plant) -> None:
        """Nobody knows yet how they end."""
        await plant(5, attempts=[{**self.attempt("d1"), "seconds": None}])
        await plant(4, attempts=[self.attempt("d1", "Timeout")])
        assert await bad(engine, self.RULE) == []
        await plant(1, attempts=[self.attempt("d1", "Timeout")])
        assert len(await bad(engine, self.RULE)) == 1


class TestGuardrailSpike:
    RULE: ClassVar[dict[str, Any]] = {"type": "guardrail_spike", "above": 3, "baseline": "1d"}

    @staticmethod
    def verdict(guardrail: str = "pii", decision: str = "block") -> dict[str, Any]:
        return {"guardrail": guardrail, "decision": decision, "direction": "input", "counts": {}}

    async def test_three_times_the_usual_is_good_and_more_is_not(self, engine: AsyncEngine, plant: Plant) -> None:
        """Usual are ten in a quarter of an hour; other guardrails and decisions count for themselves."""
        await plant(960, ago="10h", verdicts=[self.verdict()])
        await plant(30, verdicts=[self.verdict(), self.verdict("secrets", "modify")])
        await plant(19, verdicts=[self.verdict("prompt_injection")])
        assert await bad(engine, self.RULE) == []
        await plant(1, verdicts=[self.verdict()])
        (one,) = await bad(engine, self.RULE)
        assert (dict(one.labels), one.value, one.samples) == ({"guardrail": "pii"}, pytest.approx(3.1), 31)

    async def test_what_never_happened_before_is_a_spike(self, engine: AsyncEngine, plant: Plant) -> None:
        """From twenty on; before, it may be chance."""
        await plant(19, verdicts=[self.verdict()])
        assert await bad(engine, self.RULE) == []
        await plant(1, verdicts=[self.verdict()])
        assert [one.value for one in await bad(engine, self.RULE)] == [20.0]
        assert await bad(engine, {**self.RULE, "guardrail": "secrets"}) == []


class TestGatewayItself:
    async def test_the_oldest_event_of_all_spools(self, engine: AsyncEngine) -> None:
        """Of a worker that is heard of no longer its age goes on growing; empty spools have none."""
        now = await database_time(engine)
        rows = [("a", 3, 10.0, "0s"), ("b", 0, 900.0, "0s"), ("c", 1, 30.0, "100s")]
        await insert(
            engine,
            "inferspect.worker_status",
            [
                {"worker_id": name, "place": "p", "spool_depth": depth, "oldest_seconds": age, "updated_at": now - ago}
                for name, depth, age, ago in [(*row[:3], parse_duration(row[3])) for row in rows]
            ],
        )
        (one,) = await readings(engine, {"type": "spool_age"})
        assert one.value == pytest.approx(130, abs=45)
        assert await bad(engine, {"type": "spool_age", "above": "3m"}) == []
        assert len(await bad(engine, {"type": "spool_age", "above": "2m"})) == 1

    async def test_dead_letters_by_consumer(self, engine: AsyncEngine, plant: Plant) -> None:
        """Those that wait for another attempt are not dead."""
        now = await database_time(engine)
        await plant(2, table="deliveries", consumer="langfuse", revision=1, attempts=9, due_at=now, dead_at=now)
        await plant(3, table="deliveries", consumer="quality", revision=1, attempts=1, due_at=now)
        (one,) = await bad(engine, {"type": "dead_letters"})
        assert (dict(one.labels), one.value) == ({"consumer": "langfuse"}, 2.0)
        assert await bad(engine, {"type": "dead_letters", "above": 2}) == []

    async def test_events_that_the_database_does_not_take_are_dead_letters(self, engine: AsyncEngine) -> None:
        """Each folder's count once, however many spools tell it."""
        now = await database_time(engine)
        rows = [
            {"worker_id": f"{place}{number}", "place": place, "spool_depth": 0, "oldest_seconds": 0.0,
             "updated_at": now, "set_aside": set_aside}
            for place, set_aside in (("p", 3), ("q", 0), ("r", 1)) for number in range(4)
        ]  # fmt: skip
        await insert(engine, "inferspect.worker_status", rows[4:8])
        assert await readings(engine, {"type": "dead_letters"}) == ()
        await insert(engine, "inferspect.worker_status", rows[:4] + rows[8:])
        (one,) = await bad(engine, {"type": "dead_letters"})
        assert (dict(one.labels), one.value) == ({"consumer": "database"}, 4.0)

    async def test_tenants_with_invalid_rules(self, engine: AsyncEngine, plant: Plant) -> None:
        """One refused request is enough."""
        await plant(1, code="tenant_rules_invalid", **REFUSED)
        await plant(1, tenant_id="umbrella", code="model_not_allowed", **REFUSED)
        (one,) = await bad(engine, {"type": "invalid_rules"})
        assert (dict(one.labels), one.value) == ({"tenant": "acme"}, 1.0)


class TestLimitsOfLiteLLM:
    @pytest.fixture(autouse=True)
    async def litellm(self, engine: AsyncEngine) -> None:
        """The columns of LiteLLM's tables that are read."""
        async with engine.begin() as connection:
            for statement in (
                """CREATE TABLE "LiteLLM_TeamTable" (team_id text, team_alias text, spend float8, max_budget float8,
                rpm_limit bigint, tpm_limit bigint)""",
                """CREATE TABLE "LiteLLM_VerificationToken" (token text, key_alias text, team_id text, spend float8,
                max_budget float8, budget_id text, expires timestamp)""",
                'CREATE TABLE "LiteLLM_BudgetTable" (budget_id text, max_budget float8)',
            ):
                await connection.execute(text(statement))

    async def test_teams_near_their_budget(self, engine: AsyncEngine) -> None:
        """Nine tenths are good; without a budget there is nothing to spend."""
        await insert(
            engine,
            "LiteLLM_TeamTable",
            [
                {"team_id": "a", "team_alias": "A", "spend": 91.0, "max_budget": 100.0},
                {"team_id": "b", "team_alias": "B", "spend": 90.0, "max_budget": 100.0},
                {"team_id": "c", "team_alias": "C", "spend": 900.0, "max_budget": None},
                {"team_id": "d", "team_alias": "D", "spend": 900.0, "max_budget": 0.0},
            ],
        )
        (one,) = await bad(engine, {"type": "budget", "above": "90%"})
        assert (one.tenant_id, one.tenant_alias, one.value) == ("a", "A", 0.91)
        assert await bad(engine, {"type": "budget"}, scope=("b",)) == []

    async def test_keys_near_their_budget(self, engine: AsyncEngine) -> None:
        """Their own or that of a budget they share; not expired ones, not those of the admin UI."""
        await insert(engine, "LiteLLM_TeamTable", [{"team_id": "a", "team_alias": "A"}])
        await insert(engine, "LiteLLM_BudgetTable", [{"budget_id": "shared", "max_budget": 10.0}])
        base = {"key_alias": None, "team_id": None, "max_budget": None, "budget_id": None, "expires": None}
        past = (await database_time(engine)).replace(tzinfo=None) - timedelta(days=9000)
        await insert(
            engine,
            "LiteLLM_VerificationToken",
            [
                {**base, "token": "1" * 64, "key_alias": "ci", "team_id": "a", "spend": 9.5, "max_budget": 10.0},
                {**base, "token": "2" * 64, "spend": 9.5, "budget_id": "shared"},
                {**base, "token": "3" * 64, "spend": 9.0, "max_budget": 10.0},
                {**base, "token": "4" * 64, "spend": 9.5, "max_budget": 10.0, "expires": past},
                {**base, "token": "5" * 64, "spend": 1.0, "max_budget": 1.0, "team_id": "litellm-dashboard"},
                {**base, "token": "6" * 64, "spend": 99.0},
            ],
        )
        found = await bad(engine, {"type": "budget", "of": "keys"})
        assert {(one.tenant_id, one.tenant_alias, one.labels["key"]) for one in found} == {
            ("a", "A", "ci"),
            ("default", None, "22222222"),
        }

    async def test_teams_near_their_limits_by_the_minute(self, engine: AsyncEngine, plant: Plant) -> None:
        """The nearer of requests and tokens, over the window."""
        await insert(
            engine,
            "LiteLLM_TeamTable",
            [
                {"team_id": "acme", "team_alias": "A", "rpm_limit": 10, "tpm_limit": None},
                {"team_id": "umbrella", "team_alias": "U", "rpm_limit": 100, "tpm_limit": 1000},
                {"team_id": "idle", "team_alias": "I", "rpm_limit": 1, "tpm_limit": 1},
                {"team_id": "free", "team_alias": "F", "rpm_limit": None, "tpm_limit": None},
            ],
        )
        await plant(45)
        await plant(10, tenant_id="umbrella", total_tokens=470)
        await plant(10, tenant_id="free", total_tokens=470)
        assert await values(engine, {"type": "quota"}) == {"umbrella": 0.94, "acme": 0.9}
        assert [one.tenant_id for one in await bad(engine, {"type": "quota"})] == ["umbrella"]


async def test_the_worst_figures_are_looked_at_where_there_are_too_many(
    engine: AsyncEngine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is told that there were more; those of too few requests come last, however bad they are."""
    monkeypatch.setattr(measuring, "MOST_FIGURES", 2)
    await plant(3, tenant_id="small", **FAILED)
    for number in range(4):
        await plant(number, tenant_id=f"t{number}", **FAILED)
        await plant(10 - number, tenant_id=f"t{number}")
    rule = owned({"type": "error_rate"}, scope="per_tenant", min_requests=10)
    measured = await try_out(engine, AlertSettings(), rule)
    assert [one.tenant_id for one in measured.readings] == ["t3", "t2"]
    assert measured.cut


async def test_a_query_that_takes_too_long_is_ended(engine: AsyncEngine) -> None:
    """A rule's query has a bound in time."""
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE inferspect.events IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DBAPIError, match="statement timeout"):
            await try_out(engine, AlertSettings(query_timeout=0.05), owned({"type": "error_rate"}))


async def test_only_days_of_the_window_are_read(engine: AsyncEngine) -> None:
    """PostgreSQL prunes all other partitions."""
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE inferspect.events_all"))
        now = await database_time(engine)
        noon = now.astimezone(UTC).replace(hour=12)
        for number in range(8):
            begin, end = (f"{noon + timedelta(days=number - 5 + more):%Y-%m-%d} 00:00Z" for more in (0, 1))
            await connection.execute(
                text(
                    f"CREATE TABLE inferspect.events_p{number} PARTITION OF inferspect.events"
                    f" FOR VALUES FROM ('{begin}') TO ('{end}')"
                )
            )
        looking = Looking(owned({"type": "error_rate"}, window="5m").rule, noon)
        query = QUERIES["error_rate"](looking.rule.condition, looking)
        plan = (await connection.execute(_Explain(query))).scalars().all()
    assert "events_p5" in "\n".join(plan)
    assert not [line for line in plan if any(f"events_p{other}" in line for other in (0, 1, 2, 3, 4, 6, 7))]


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, query: Any) -> None:
        self.query = query


@compiles(_Explain)
def _explain(explained: _Explain, compiler: Any, **options: Any) -> str:
    return "EXPLAIN " + compiler.process(explained.query, **options)
