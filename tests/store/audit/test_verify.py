# ruff: noqa: S608, PLR0917  statements of a test, and its fixtures
"""Somebody who is superuser of the database tampers with the audit log; each time the verification says with what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from inferspect.store.audit.anchors import anchor_at_the_end, keep, keep_anchoring, kept, take_anchor
from inferspect.store.audit.check import Problem
from inferspect.store.audit.entry import GENESIS, HASHED, canonical, hash_of
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.pruning import TamperedError, prune
from inferspect.store.audit.reading import COLUMNS, entry_of
from inferspect.store.audit.verify import Verification

ACME = "tenant/acme"
Drafts = Callable[..., Any]
Problems = Callable[..., Any]
Tamper = Callable[..., None]


@pytest.fixture(autouse=True)
async def log(audit: AuditLog, drafts: Drafts) -> None:
    """Ten entries of a tenant, three of another and of none."""
    await audit.record([*drafts(10), *drafts(3, "other"), *drafts(3, None)])


def rewritten(store_url: str, keys: AuditKeys | None, **change: Any) -> list[str]:
    """Statements that change entry 5 and compute all hashes after it anew, as somebody with our code would."""
    with psycopg.connect(store_url) as connection:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM inferspect.audit_log WHERE chain = '{ACME}' ORDER BY sequence".encode()
        ).fetchall()
    statements, previous = [], GENESIS
    for entry in map(entry_of, rows):
        if entry["sequence"] == 5:
            entry.update(change)
        record = {name: entry[name] for name in HASHED} | {"previous_hash": previous}
        new = hash_of(canonical(record))
        seal = entry["seal"] if keys is None else keys.seal(new)
        statements.append(
            f"UPDATE inferspect.audit_log SET previous_hash = '{previous}', hash = '{new}', seal = '{seal}',"
            f" address = '{record['address']}' WHERE chain = '{ACME}' AND sequence = {entry['sequence']}"
        )
        previous = new
    return [*statements, f"UPDATE inferspect.audit_heads SET hash = '{previous}' WHERE chain = '{ACME}'"]


async def test_an_untouched_log_is_in_order(problems: Problems, engine: AsyncEngine, audit: AuditLog) -> None:
    """Also with anchors, and without the keys."""
    assert await take_anchor(engine, audit)
    assert await problems() == []
    assert await problems(None) == []
    assert await problems(chain=ACME) == []


@pytest.mark.parametrize(
    "change",
    [
        "cost = 0", "decision = 'blocked'", "details = details || '{\"prompt_tokens\": 8}'", "tenant_id = NULL",
        "occurred_at = occurred_at + interval '1 microsecond'", "revision = 2", "key_hash = upper(key_hash)",
        "previous_hash = repeat('1', 64)", "hash = repeat('1', 64)", "event_id = gen_random_uuid()", "version = 2",
    ],
)  # fmt: skip
async def test_a_changed_field_is_found(superuser: Tamper, problems: Problems, change: str) -> None:
    """Whatever the field is; and no other entry is blamed."""
    superuser(f"UPDATE inferspect.audit_log SET {change} WHERE chain = '{ACME}' AND sequence = 5")
    assert await problems() == [Problem(ACME, 5, 5, "changed")]


def test_every_field_is_hashed(store_url: str) -> None:
    """A column that is not would be one to lie in."""
    with psycopg.connect(store_url) as connection:
        found = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_log'"
        ).fetchall()
    assert {name for (name,) in found} == {*HASHED, "hash", "seal"}


async def test_a_removed_entry_is_named(superuser: Tamper, problems: Problems) -> None:
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence IN (4, 7, 8)")
    assert await problems() == [Problem(ACME, 4, 4, "missing"), Problem(ACME, 7, 8, "missing")]


async def test_a_removed_beginning_is_named(superuser: Tamper, problems: Problems) -> None:
    """Pruning leaves a signed entry; this is none."""
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence < 4")
    assert await problems() == [Problem(ACME, 1, 3, "missing", "no pruning entry tells of it")]


async def test_a_chain_that_was_removed_is_named(superuser: Tamper, problems: Problems) -> None:
    """Its head is there still."""
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}'")
    assert await problems() == [Problem(ACME, 1, 10, "missing", "at the end of the chain")]


@pytest.mark.parametrize(("one", "other"), [(4, 5), (2, 9)])
async def test_entries_that_changed_places_are_named(
    superuser: Tamper, problems: Problems, one: int, other: int
) -> None:
    superuser(
        f"UPDATE inferspect.audit_log SET sequence = 99 WHERE chain = '{ACME}' AND sequence = {one}",
        f"UPDATE inferspect.audit_log SET sequence = {one} WHERE chain = '{ACME}' AND sequence = {other}",
        f"UPDATE inferspect.audit_log SET sequence = {other} WHERE chain = '{ACME}' AND sequence = 99",
    )
    found = await problems()
    assert [(problem.sequence, problem.wrong) for problem in found] == [(one, "moved"), (other, "moved")]


async def test_an_inserted_entry_is_named(superuser: Tamper, problems: Problems) -> None:
    """Those behind it have made room, and stand one place further than they were recorded at."""
    superuser(
        f"UPDATE inferspect.audit_log SET sequence = -sequence WHERE chain = '{ACME}' AND sequence > 4",
        f"UPDATE inferspect.audit_log SET sequence = 1 - sequence WHERE chain = '{ACME}' AND sequence < 0",
        'INSERT INTO inferspect.audit_log SELECT (json_populate_record(log, \'{"sequence": 5,'
        ' "event_id": "00000000-0000-0000-0000-000000000000"}\')).* FROM inferspect.audit_log AS log'
        f" WHERE chain = '{ACME}' AND sequence = 4",
    )
    found = sorted(await problems(), key=lambda problem: problem.sequence)
    assert [(problem.sequence, problem.last, problem.wrong) for problem in found] == [
        (5, 5, "changed"),
        (6, 11, "moved"),
        (11, 11, "added"),
    ]


@pytest.mark.parametrize("with_key", [False, True])
async def test_an_entry_behind_the_head_is_named(
    store_url: str, superuser: Tamper, keys: AuditKeys, problems: Problems, with_key: bool
) -> None:
    """Somebody appends one of the right hash, and even moves the head; without the salt key it has no seal."""
    with psycopg.connect(store_url) as connection:
        (row,) = connection.execute(
            f"SELECT {COLUMNS} FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence = 10".encode()
        ).fetchall()
    entry = entry_of(row)
    record = {name: entry[name] for name in HASHED}
    record |= {"sequence": 11, "previous_hash": entry["hash"], "event_id": "00000000-0000-0000-0000-000000000000"}
    made = hash_of(canonical(record))
    seal = keys.seal(made) if with_key else entry["seal"]
    added = canonical({**record, "hash": made, "seal": seal}).decode().replace("'", "''")
    statement = (
        "INSERT INTO inferspect.audit_log"
        f" SELECT * FROM json_populate_record(CAST(NULL AS inferspect.audit_log), '{added}')"
    )
    if with_key:
        superuser(statement)
        assert await problems() == [Problem(ACME, 11, 11, "added")]
    else:
        superuser(statement, f"UPDATE inferspect.audit_heads SET sequence = 11, hash = '{made}' WHERE chain = '{ACME}'")
        assert await problems() == [Problem(ACME, 11, 11, "forged")]


async def test_a_chain_rewritten_with_all_its_hashes_is_found_by_its_seals(
    store_url: str, superuser: Tamper, problems: Problems
) -> None:
    """Every hash fits; but only who has the salt key can seal."""
    superuser(*rewritten(store_url, None, address="198.51.100.9"))
    assert await problems() == [Problem(ACME, 5, 10, "forged")]
    assert await problems(None) == []


async def test_a_chain_rewritten_with_the_salt_key_is_found_by_its_anchor(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, keys: AuditKeys, store_url: str, superuser: Tamper,
    problems: Problems,
) -> None:  # fmt: skip
    """The anchor in the database, which an outsider checks without the salt key."""
    await take_anchor(engine, audit)
    superuser(*rewritten(store_url, keys, address="198.51.100.9"))
    wanted = [Problem(ACME, 1, 10, "anchor", "anchor 1 is the first that says otherwise")]
    assert await problems() == wanted
    assert await problems(None) == wanted
    assert await problems(chain=ACME) == wanted
    assert await problems(chain="tenant/other") == []


async def test_a_tail_cut_off_with_its_head_is_found_by_the_anchors(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """As far as they go: what came after the last anchor and was cut off at once is not known to have been there."""
    await take_anchor(engine, audit)
    await audit.record(drafts(2))
    cut = "DELETE FROM inferspect.audit_log WHERE chain = '{0}' AND sequence > {1}"
    head = (
        "UPDATE inferspect.audit_heads AS head SET sequence = {1}, hash = log.hash FROM inferspect.audit_log AS log"
        " WHERE log.chain = head.chain AND head.chain = '{0}' AND log.sequence = {1}"
    )
    superuser(cut.format(ACME, 10), head.format(ACME, 10))
    assert await problems() == []
    superuser(cut.format(ACME, 6), head.format(ACME, 6))
    note = "anchor 1 is the first that says otherwise, and entry 10 is missing"
    assert await problems() == [Problem(ACME, 1, 10, "anchor", note)]


async def test_a_chain_that_is_set_back_under_a_running_gateway_is_told(
    audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """Behind the last anchor no verification misses them; the process that wrote them does."""
    with capture_logs() as told:
        await audit.record(drafts(2))
        await audit.record(drafts(1))
        assert told == []
        superuser(
            f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence > 8",
            "UPDATE inferspect.audit_heads AS head SET sequence = 8, hash = log.hash FROM inferspect.audit_log AS log"
            f" WHERE log.chain = head.chain AND head.chain = '{ACME}' AND log.sequence = 8",
        )
        assert await problems() == []
        await audit.record(drafts(1))
        await audit.record(drafts(1))
    (line,) = told
    assert (line["log_level"], line["chain"], line["sequence"], line["last_sequence"]) == ("error", ACME, 8, 12)


async def test_what_was_rolled_back_was_never_recorded(engine: AsyncEngine, audit: AuditLog, drafts: Drafts) -> None:
    """Also where it was appended in parts, as a projection does that could not write a batch."""

    async def fail() -> None:
        async with engine.begin() as connection:
            for _ in range(3):
                async with connection.begin_nested():
                    await audit.append(connection, drafts(1))
            await connection.execute(text("SELECT 1 / 0"))

    with capture_logs() as told:
        with pytest.raises(SQLAlchemyError):
            await fail()
        await audit.record(drafts(1))
    assert told == []


async def test_a_leader_anchors_at_once_and_whoever_stops_once_more(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, tmp_path: Any
) -> None:
    """However often processes are started anew, no hour of entries is left without an anchor."""
    file = tmp_path / "anchors.jsonl"
    leading = asyncio.create_task(keep_anchoring(engine, audit, 3600, file))
    while not file.exists() or not list(kept(file)):
        await asyncio.sleep(0.01)
    stopping = asyncio.create_task(anchor_at_the_end(engine, audit, file))
    await asyncio.sleep(0)
    await audit.record(drafts(1))
    for task in (leading, stopping):
        task.cancel()
    await asyncio.gather(leading, stopping, return_exceptions=True)
    anchors = [one.entry for one in kept(file) if one.entry]
    assert [anchor["details"]["heads"][-1]["sequence"] for anchor in anchors] == [3, 11]


async def test_a_chain_without_its_head_is_told_and_goes_on(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """The head is made from the last entry, which an entry and the log tell of."""
    await take_anchor(engine, audit)
    superuser("DELETE FROM inferspect.audit_heads")
    assert await problems(chain=ACME) == [Problem(ACME, 10, 10, "headless")]
    with capture_logs() as told:
        await audit.record(drafts(1))
        assert await take_anchor(engine, audit)
        await audit.record(drafts(1, None))
    assert [line["chain"] for line in told] == [ACME, "anchors", "platform"]
    assert await problems() == [Problem("tenant/other", 3, 3, "headless")]
    async with engine.connect() as connection:
        statement = (
            "SELECT sequence, details->>'sequence' FROM inferspect.audit_log WHERE route = 'audit head restored'"
        )
        restored = (await connection.execute(text(f"{statement} AND chain = '{ACME}'"))).all()
    assert restored == [(11, "10")]


async def test_an_end_cut_off_with_its_head_is_found_although_the_head_was_made_anew(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """By the anchor: another entry stands at the sequence that it has."""
    await take_anchor(engine, audit)
    superuser(
        f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence > 6",
        f"DELETE FROM inferspect.audit_heads WHERE chain = '{ACME}'",
    )
    await audit.record(drafts(8))
    note = "anchor 1 is the first that says otherwise"
    assert await problems() == [Problem(ACME, 1, 10, "anchor", note)]


async def test_anchors_cut_off_with_the_tail_are_found_by_those_kept_outside(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems, tmp_path: Any
) -> None:
    """The file of anchors is not the database's."""
    file = tmp_path / "anchors.jsonl"
    keep(file, await take_anchor(engine, audit))
    await audit.record(drafts(5))
    keep(file, await take_anchor(engine, audit))
    assert await problems(kept_anchors=kept(file)) == []
    for chain, last in ((ACME, 12), ("anchors", 1)):
        superuser(
            f"DELETE FROM inferspect.audit_log WHERE chain = '{chain}' AND sequence > {last}",
            f"UPDATE inferspect.audit_heads AS head SET sequence = {last}, hash = log.hash"
            " FROM inferspect.audit_log AS log WHERE log.chain = head.chain"
            f" AND head.chain = '{chain}' AND log.sequence = {last}",
        )
    assert await problems() == []
    assert await problems(kept_anchors=kept(file)) == [
        Problem("anchors", 2, 2, "anchor", "kept anchor 2 is the first that says otherwise, and entry 2 is missing"),
        Problem(ACME, 11, 15, "anchor", "kept anchor 2 is the first that says otherwise, and entry 15 is missing"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        lambda line: line.replace("10", "11", 1),
        lambda line: line.replace('"sequence":1,"', '"sequence":"x","'),
        lambda line: line.replace('"kind":"anchor"', '"kind":"request"'),
        lambda line: line.replace('"details":{', '"details":"x","seal":{'),
        lambda line: line.replace('"revision":1', '"revision":1e400'),
        lambda line: line[: len(line) // 2],
        lambda _: '{"kind":"anchor"}',
        lambda _: "[]",
    ],
    ids=["changed", "sequence", "kind", "details", "number", "torn", "short", "list"],
)
async def test_a_line_that_somebody_wrote_into_the_file_of_anchors_is_told(
    engine: AsyncEngine, audit: AuditLog, problems: Problems, drafts: Drafts, tmp_path: Any, line: Callable[[str], str]
) -> None:
    """It counts for nothing, and the next anchor begins on a line of its own."""
    file = tmp_path / "anchors.jsonl"
    keep(file, await take_anchor(engine, audit))
    file.write_text(line(file.read_text().rstrip()))
    await audit.record(drafts(1))
    keep(file, await take_anchor(engine, audit))
    assert await problems(kept_anchors=kept(file)) == [Problem("anchors.jsonl", 1, 1, "unusable")]
    assert str(Problem("a.jsonl", 3, 3, "unusable")).startswith("a.jsonl: line 3: unusable: is no anchor")


async def test_an_anchor_of_another_key_is_found(
    engine: AsyncEngine, audit: AuditLog, problems: Problems, keys: AuditKeys
) -> None:
    """Somebody anchors a forged log with a key of their own."""
    await take_anchor(engine, AuditLog(engine, AuditKeys("another salt key")))
    assert await problems() == [Problem("anchors", 1, 1, "forged")]


async def test_pruning_leaves_a_chain_that_verifies(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """It starts where a signed entry says; anchors of what is gone are no evidence any more."""
    await take_anchor(engine, audit)
    assert await prune(engine, audit, datetime.now(UTC) - timedelta(days=1)) == 0
    old = datetime.now(UTC)
    await audit.record(drafts(2))
    assert await prune(engine, audit, old) == 10 + 2 + 2 + 0  # the last entry of each chain stays
    assert await problems() == []
    assert await problems(None) == []
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence = 11")
    assert await problems() == [Problem(ACME, 1, 11, "missing", "no pruning entry tells of it")]


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE {log} SET recorded_at = '2020-01-01' WHERE {acme} AND sequence < 7", Problem(ACME, 1, 1, "changed")),
        ("DELETE FROM {log} WHERE {acme} AND sequence = 4", Problem(ACME, 4, 4, "missing")),
        (
            "DELETE FROM {log} WHERE {acme} AND sequence < 4",
            Problem(ACME, 1, 3, "missing", "no pruning entry tells of it"),
        ),
        ("UPDATE {log} SET model = 'x' WHERE {acme} AND sequence = 3", Problem(ACME, 3, 3, "changed")),
    ],
)
async def test_pruning_removes_nothing_that_was_tampered_with(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems, tampering: str,
    problem: Problem,
) -> None:  # fmt: skip
    """It would sign that away; the other chains are pruned all the same."""
    old = datetime.now(UTC)
    await audit.record([*drafts(1), *drafts(1, "other")])
    superuser(tampering.format(log="inferspect.audit_log", acme=f"chain = '{ACME}'"))
    with pytest.raises(TamperedError) as refused:
        await prune(engine, audit, old)
    assert refused.value.problems == [problem]
    assert {found.chain for found in await problems()} == {ACME}
    async with engine.connect() as connection:
        rest = await connection.execute(
            text("SELECT min(sequence) FROM inferspect.audit_log WHERE chain LIKE '%other'")
        )
        assert rest.scalar_one() == 4


async def test_a_pruned_chain_is_pruned_again_only_from_where_it_was_left(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """Entries that somebody removed behind the last pruning are missed by the next."""
    for _ in range(2):
        old = datetime.now(UTC)
        await audit.record(drafts(3))
        assert await prune(engine, audit, old)
    assert await problems() == []
    old = datetime.now(UTC)
    await audit.record(drafts(1))
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence <= 15")
    with pytest.raises(TamperedError):
        await prune(engine, audit, old)


async def test_a_verification_from_a_time_on_sees_what_came_since(
    audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """The first entry of it must follow the one before."""
    since = datetime.now(UTC)
    await audit.record(drafts(3))
    superuser(f"UPDATE inferspect.audit_log SET model = 'x' WHERE chain = '{ACME}' AND sequence IN (3, 12)")
    assert await problems(since=since) == [Problem(ACME, 12, 12, "changed")]
    superuser(f"UPDATE inferspect.audit_log SET hash = repeat('1', 64) WHERE chain = '{ACME}' AND sequence = 10")
    assert Problem(ACME, 11, 11, "unlinked") in await problems(since=since)


async def test_a_verification_from_a_time_on_misses_what_was_removed(
    audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """All of the time's entries, or those just before its first one; of a chain without any, its end."""
    since = datetime.now(UTC)
    await audit.record(drafts(9))
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence IN (9, 10)")
    assert await problems(since=since) == [Problem(ACME, 9, 10, "missing")]
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence > 8")
    assert await problems(since=since) == [Problem(ACME, 9, 19, "missing", "at the end of the chain")]
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}'")
    assert await problems(since=since) == [Problem(ACME, 1, 19, "missing", "at the end of the chain")]


async def test_a_verification_from_a_time_on_misses_a_beginning(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, superuser: Tamper, problems: Problems
) -> None:
    """All that was before that time; unless a pruning tells of it."""
    since = datetime.now(UTC)
    await audit.record([*drafts(2), *drafts(2, "other")])
    superuser(f"DELETE FROM inferspect.audit_log WHERE chain = '{ACME}' AND sequence <= 10")
    with pytest.raises(TamperedError):
        await prune(engine, audit, datetime.now(UTC))
    assert await problems(since=since) == [Problem(ACME, 1, 10, "missing", "no pruning entry tells of it")]


async def test_a_verification_goes_on_while_others_write(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, keys: AuditKeys
) -> None:
    """It reads one snapshot: entries that come meanwhile are no entries behind a head."""
    verification = Verification(engine, keys)
    assert [problem async for problem in verification.problems()] == []
    before = verification.verified.entries
    await audit.record(drafts(1))
    assert before == 16
