"""Figures of the requests: errors, seconds, cache, refusals for invalid rules."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, func, or_

from callbacks.alerts.conditions.reading import Looking, share
from inferspect.observation.alert_conditions import CacheHitRate, ErrorRate, InvalidRules, Latency
from inferspect.store.tables import Event

OURS_OR_THE_PROVIDERS = (408, 429)  # statuses of 400 to 499 that are no mistake of the client
BEGIN_OF_SERVER_ERRORS = 500
BEGIN_OF_ERRORS = 400
MEASURED = {
    "total": Event.seconds_total,
    "first_byte": Event.seconds_to_response,
    "first_token": Event.seconds_to_first_token,
}


def error_rate(condition: ErrorRate, looking: Looking) -> Select[Any]:
    failed = Event.result == "failure"
    if not condition.client_errors:
        # A status under 400 is of a stream that failed after it had begun.
        failed = and_(
            failed,
            or_(
                Event.status >= BEGIN_OF_SERVER_ERRORS,
                Event.status < BEGIN_OF_ERRORS,
                Event.status.in_(OURS_OR_THE_PROVIDERS),
            ),
        )
    count = func.count()
    return looking.grouped(Event.tenant_id, share(func.count().filter(failed), count), count, Event.tenant_alias).where(
        *looking.within(Event.occurred_at), Event.result.not_in(("blocked", "unknown"))
    )


def latency(condition: Latency, looking: Looking) -> Select[Any]:
    seconds = MEASURED[condition.of]
    value = func.percentile_cont(condition.percentile / 100).within_group(seconds.asc())
    return looking.grouped(Event.tenant_id, value, func.count(seconds), Event.tenant_alias).where(
        *looking.within(Event.occurred_at), Event.result == "success"
    )


def cache_hit_rate(condition: CacheHitRate, looking: Looking) -> Select[Any]:
    since = looking.now - max(looking.window, condition.used_within)
    in_window = Event.occurred_at > looking.since
    answers = func.count().filter(in_window)
    hits = func.count().filter(in_window, Event.result == "cached")
    of_use = func.count().filter(Event.occurred_at > looking.now - condition.used_within, Event.result == "cached")
    return (
        looking.grouped(Event.tenant_id, share(hits, answers), answers, Event.tenant_alias)
        .where(*looking.within(Event.occurred_at, since), Event.result.in_(("success", "cached")))
        .having(of_use > 0)
    )


def invalid_rules(_condition: InvalidRules, looking: Looking) -> Select[Any]:
    count = func.count()
    return looking.grouped(Event.tenant_id, count, count, labels={"tenant": Event.tenant_id}).where(
        *looking.within(Event.occurred_at), Event.code == "tenant_rules_invalid"
    )
