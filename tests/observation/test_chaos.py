"""Nothing is lost and nothing is counted twice, whatever is killed, stopped, full or hanging meanwhile.

Twenty clients ask, half of them for streams. At random a worker is killed, PostgreSQL and Redis are stopped, the disk
of the spool is full, and Langfuse answers 500 and 429, hangs, drops its answers and is gone. Reduced in the ordinary
run of tests; ``make chaos``, or ``CHAOS=full``, has all of it. ``CHAOS_SEED`` repeats a run's choices.
"""

from __future__ import annotations

import os
import random
import uuid
from collections import Counter
from collections.abc import Iterable

import pytest

from inferspect.spans.builder import root_span_id
from tests.observation.chaos_acts import FULL, KILLED, REDUCED
from tests.observation.chaos_clients import Asked
from tests.observation.chaos_run import Aftermath, run

REPORTING_TAKES = 5.0  # seconds from the end of an answer to the report of LiteLLM, which asks Redis first, away or not
KILL_TAKES = 3.0  # seconds in which a killed worker's connections are seen to end
SHOWN = 10
UNKNOWN_CALLER = "database_unavailable"  # a new worker cannot look up a key while the database is away


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1, 10**6))
    print(f"CHAOS_SEED={seed}")  # noqa: T201  also where the run itself fails
    scale = FULL if os.environ.get("CHAOS") == "full" else REDUCED
    return run(tmp_path_factory.mktemp("chaos"), scale, seed)


def shown(wrong: Iterable[object]) -> str:
    found = list(wrong)
    return f"{len(found)}: " + "\n".join(str(one) for one in found[:SHOWN])


def test_the_clients_were_served(aftermath: Aftermath) -> None:
    """Most requests succeed in spite of it all, half of them streams; else the run would prove nothing."""
    succeeded = [one for one in aftermath.asked if one.succeeded]
    assert len(succeeded) > len(aftermath.asked) / 2, Counter(
        (one.status, one.code, one.why) for one in aftermath.asked
    )
    assert 0.4 < sum(one.stream for one in aftermath.asked) / len(aftermath.asked) < 0.6


def test_every_answer_has_exactly_one_event_with_its_outcome(aftermath: Aftermath) -> None:
    """Complete, with the status that the client saw and the result that this status means."""
    wrong = []
    for one in aftermath.asked:
        if not one.answered or one.unkept:
            continue
        rows = aftermath.events.get(one.mark, [])
        expected = {"success"} if one.succeeded else {"failure", "blocked"}
        fits = len(rows) == 1 and rows[0]["complete"] and str(rows[0]["id"]) == one.request_id
        if not fits or rows[0]["status"] != one.status or rows[0]["result"] not in expected:
            wrong.append((one, [(row["result"], row["status"], row["complete"], row["code"]) for row in rows]))
    assert not wrong, shown(wrong)


def test_every_success_has_its_tokens_and_cost(aftermath: Aftermath) -> None:
    """LiteLLM reports them after the answer, so a kill in between leaves them unknown."""
    kills = aftermath.timeline.times_of(KILLED)
    wrong = [
        (one.mark, one.stream, one.ended, row["prompt_tokens"], row["completion_tokens"], row["cost"])
        for one, row in aftermath.answered()
        if one.succeeded
        and not (row["prompt_tokens"] and row["completion_tokens"] and row["cost"])
        and not any(one.ended <= at <= one.ended + REPORTING_TAKES for at in kills)
    ]
    assert not wrong, shown(wrong)


def test_no_request_that_reached_the_provider_is_missing(aftermath: Aftermath) -> None:
    """Answered or not, seen by its client or not: there is one event."""
    asked = {one.mark: one for one in aftermath.asked}
    assert len(aftermath.reached) >= sum(one.succeeded for one in aftermath.asked)
    wrong = [asked[mark] for mark in aftermath.reached if len(aftermath.events.get(mark, [])) != 1]
    assert not wrong, shown(wrong)


def test_requests_without_an_answer_are_unknown_or_failed(aftermath: Aftermath) -> None:
    """A worker that is killed may have recorded the outcome an instant before its answer was on the way."""
    kills = aftermath.timeline.times_of(KILLED)
    wrong = []
    for one in aftermath.asked:
        for row in aftermath.events.get(one.mark, []) if not one.answered else []:
            killed = any(at <= one.ended <= at + KILL_TAKES for at in kills)
            sent_in_vain = row["result"] == "success" and (killed or one.left)
            if row["result"] not in ("unknown", "failure", "aborted", "blocked") and not sent_in_vain:
                wrong.append((one, row["result"], row["status"]))
    assert not wrong, shown(wrong)


def test_no_event_is_doubled(aftermath: Aftermath) -> None:
    doubled = [(mark, len(rows)) for mark, rows in aftermath.events.items() if len(rows) > 1 and mark != "None"]
    assert not doubled, shown(doubled)


def test_requests_that_were_refused_for_a_full_disk_reached_no_provider(aftermath: Aftermath) -> None:
    """Nobody could have kept their event."""
    wrong = [one for one in aftermath.asked if one.unkept and one.mark in aftermath.reached]
    assert not wrong, shown(wrong)


def test_every_answer_has_one_trace_with_its_parent(aftermath: Aftermath) -> None:
    """In the caller's trace, below the caller's span, where there is one and the caller is known; one root, no more."""
    wrong: list[tuple[Asked, object]] = []
    for one, row in aftermath.answered():
        trace_id, parent = (None, None) if one.code == UNKNOWN_CALLER else (one.trace_id, one.parent)
        trace = aftermath.traces.get(trace_id or uuid.UUID(str(row["id"])).hex)
        if trace is None:
            wrong.append((one, "no trace"))
        elif [root.id for root in trace.roots] != [root_span_id(str(row["id"])).hex()]:
            wrong.append((one, [(root.id, root.name) for root in trace.roots]))
        elif trace.roots[0].parent_id != parent:
            wrong.append((one, trace.roots[0].parent_id))
        elif one.succeeded and len(trace.of_type("generation")) != 1:
            wrong.append((one, [step.type for step in trace.observations.values()]))
    assert not wrong, shown(wrong)


def test_every_trace_is_of_one_request(aftermath: Aftermath) -> None:
    """No request has a second trace, by another id."""
    roots = Counter(root.metadata.get("request_id") for trace in aftermath.traces.values() for root in trace.roots)
    assert {request: count for request, count in roots.items() if count > 1} == {}


def test_every_success_has_one_usage_row(aftermath: Aftermath) -> None:
    """With the tokens and the cost of its event; what failed has at most one."""
    wrong = []
    for one, row in aftermath.answered():
        rows = aftermath.usage.get(str(row["id"]), [])
        if len(rows) != 1 if one.succeeded else len(rows) > 1:
            wrong.append((one, len(rows)))
        elif rows and (rows[0]["prompt_tokens"], rows[0]["cost"]) != (row["prompt_tokens"] or 0, row["cost"]):
            wrong.append((one, (rows[0]["prompt_tokens"], rows[0]["cost"], row["prompt_tokens"], row["cost"])))
    assert not wrong, shown(wrong)


def test_every_request_has_one_audit_row(aftermath: Aftermath) -> None:
    """Also those without an answer, for each that has an event."""
    rows = [row for rows in aftermath.events.values() for row in rows]
    wrong = [
        (row["id"], row["result"], len(aftermath.audit.get(str(row["id"]), [])))
        for row in rows
        if len(aftermath.audit.get(str(row["id"]), [])) != 1
    ]
    assert not wrong, shown(wrong)


def test_every_success_is_scored_or_skipped(aftermath: Aftermath) -> None:
    """One row, with scores or with the reason why there are none."""
    wrong = []
    for one, row in aftermath.answered():
        rows = aftermath.scores.get(str(row["id"]), [])
        if one.succeeded and not (len(rows) == 1 and (rows[0]["scores"] or rows[0]["skipped"])):
            wrong.append((one, rows))
    assert not wrong, shown(wrong)


def test_nothing_was_given_up(aftermath: Aftermath) -> None:
    """No delivery became a dead letter: all that was broken was mended in time."""
    assert not aftermath.dead_letters, shown(aftermath.dead_letters)


def test_the_audit_log_verifies(aftermath: Aftermath) -> None:
    status, output = aftermath.verified
    assert status == 0, output


def test_memory_is_back(aftermath: Aftermath) -> None:
    """Within 1.2 times of what a worker had before."""
    before, after = aftermath.memory
    assert after <= 1.2 * before, f"{before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB after"
