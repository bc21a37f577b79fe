"""Figures of what was said: quality scores, verdicts of guardrails."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, case, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, distinct_on

from callbacks.alerts.conditions.reading import Looking
from inferspect.observation.alert_conditions import GuardrailSpike, Quality, QualityThresholds, Reports
from inferspect.store.reports.tables import Report
from inferspect.store.scores.tables import QualityState, Scores
from inferspect.store.tables import Event


def quality(condition: Quality, looking: Looking) -> Select[Any]:
    score = sql_cast(Scores.scores[condition.score].astext, DOUBLE_PRECISION)
    return looking.grouped(Scores.tenant_id, func.avg(score), func.count(score)).where(
        *looking.within(Scores.occurred_at), Scores.scores.has_key(condition.score)
    )


def quality_thresholds(_condition: QualityThresholds, looking: Looking) -> Select[Any]:
    count = func.count()
    return looking.grouped(QualityState.tenant_id, count, count, labels={"score": QualityState.score})


def reports(condition: Reports, looking: Looking) -> Select[Any]:
    """The highest revision of the last window holds; what ended before the time looked at says nothing any more."""
    latest = (
        select(Report.tenant_id, Report.suite, Report.failed, Report.status)
        .ext(distinct_on(Report.tenant_id, Report.suite))
        .where(Report.scheduled, *looking.within(Report.window_end))
        .order_by(Report.tenant_id, Report.suite, Report.window_start.desc(), Report.revision.desc())
    )
    if condition.suite is not None:
        latest = latest.where(Report.suite == condition.suite)
    last = latest.subquery()
    failed = case((last.c.status == "error", 1), else_=last.c.failed)
    return looking.grouped(last.c.tenant_id, func.sum(failed), func.count(), labels={"suite": last.c.suite})


def guardrail_spike(condition: GuardrailSpike, looking: Looking) -> Select[Any]:
    begin = looking.since - condition.baseline
    verdict = func.jsonb_array_elements(Event.verdicts, type_=JSONB).column_valued("verdict", joins_implicitly=True)
    guardrail = sql_cast(verdict["guardrail"].astext, Text)
    in_window = func.count().filter(Event.occurred_at > looking.since)
    before = func.count().filter(Event.occurred_at <= looking.since)
    usual = before * (looking.window / condition.baseline)
    of_decision = or_(*(Event.verdicts.contains([{"decision": decision}]) for decision in condition.decisions))
    found = (
        looking.grouped(
            Event.tenant_id,
            in_window / func.greatest(usual, 1.0),  # one in the time is no reason to call two of them a spike
            in_window,
            Event.tenant_alias,
            {"guardrail": guardrail},
        )
        .select_from(Event)
        .where(
            *looking.within(Event.occurred_at, begin),
            of_decision,
            verdict["decision"].astext.in_(condition.decisions),
        )
    )
    return found if condition.guardrail is None else found.where(guardrail == condition.guardrail)
