# ruff: noqa: PLR0917  fixtures
"""Exports: whole, verifiable by a stranger, harmless in a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from callbacks.audit.command import app
from callbacks.audit.export import Format, exported
from inferspect.store.audit.anchors import take_anchor
from inferspect.store.audit.entry import FIELDS
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog

DOCS = Path(__file__).parents[3] / "docs" / "audit.md"
SALT = "salt-" + "x" * 20
Drafts = Callable[..., Any]
Run = Callable[..., Result]


async def export(engine: AsyncEngine, output: Format = "jsonl", **how: Any) -> str:
    return b"".join([part async for part in exported(engine, output, **how)]).decode()


@pytest.fixture
def run(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with the database, the salt key and a data folder of the test's own."""
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.setenv("LITELLM_SALT_KEY", SALT)
    monkeypatch.setenv("INFERSPECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("INFERSPECT_CONFIG", str(DOCS.parents[1] / "litellm_config.yaml"))
    return lambda *arguments: CliRunner().invoke(app, arguments)


async def test_the_program_of_the_documentation_verifies_an_export(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, tmp_path: Path
) -> None:
    """And finds a change, a gap and a swap in it."""
    await audit.record([*drafts(5), *drafts(2, None), *drafts(2, "é\ue000\U0001f600")])
    await take_anchor(engine, audit)
    (program,) = re.findall(r"```python\n(import hashlib.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script, file = tmp_path / "verify.py", tmp_path / "export.jsonl"
    script.write_text(program, encoding="utf-8")
    lines = (await export(engine)).splitlines(keepends=True)

    def verify(changed: list[str]) -> int:
        file.write_text("".join(changed), encoding="utf-8")
        return subprocess.run([sys.executable, str(script), str(file)], capture_output=True, check=False).returncode

    assert verify(lines) == 0
    place = next(number for number, line in enumerate(lines) if json.loads(line)["chain"] == "tenant/acme") + 1
    assert verify(
        [line.replace("success", "failure") if number == place else line for number, line in enumerate(lines)]
    )
    assert verify(lines[:place] + lines[place + 1 :])
    assert verify([*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]])


async def test_an_export_of_a_time_is_a_whole_stretch(engine: AsyncEngine, audit: AuditLog, drafts: Drafts) -> None:
    """From the first entry recorded then to the last; of one chain where one is named."""
    await audit.record(drafts(3))
    since = datetime.now(UTC)
    await audit.record([*drafts(2), *drafts(2, "other")])
    until = datetime.now(UTC)
    await audit.record(drafts(2))
    found = [json.loads(line) for line in (await export(engine, since=since, until=until)).splitlines()]
    assert [(one["chain"], one["sequence"]) for one in found] == [
        ("tenant/acme", 4),
        ("tenant/acme", 5),
        ("tenant/other", 1),
        ("tenant/other", 2),
    ]
    assert (await export(engine, chain="tenant/other")).count("\n") == 2
    assert await export(engine, chain="tenant/nobody") == ""


async def test_a_table_holds_no_formula(engine: AsyncEngine, audit: AuditLog, drafts: Drafts) -> None:
    """What a client could have put there is a text in any spreadsheet; line breaks and quotes stay in their cell."""
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    await audit.record([draft for text in dangerous for draft in drafts(1, model=text, route='a"b\n,c')])
    rows = list(csv.DictReader(io.StringIO(await export(engine, "csv"), newline="")))
    assert [row["model"] for row in rows] == [f"'{text}" for text in dangerous]
    assert {row["route"] for row in rows} == {'a"b\n,c'}
    assert tuple(rows[0]) == FIELDS
    assert json.loads(rows[0]["details"])["prompt_tokens"] == 7


async def test_the_command_verifies_and_exports(
    audit: AuditLog, drafts: Drafts, run: Run, superuser: Callable[..., None], tmp_path: Path, engine: AsyncEngine
) -> None:
    """0 where all is well, 1 where something is wrong, which it names."""
    await audit.record([*drafts(3), *drafts(3, "other")])
    await engine.dispose()
    file = tmp_path / "export.jsonl"

    anchored = await asyncio.to_thread(run, "anchor")
    assert (anchored.exit_code, json.loads(anchored.stdout)["kind"]) == (0, "anchor")
    fine = await asyncio.to_thread(run, "verify")
    assert fine.exit_code == 0
    assert "in order: 7 entries in 3 chains, 5 ends of chains by anchors, 1 anchors kept outside" in fine.stdout
    assert "this login could change the log: it is a superuser" in fine.stderr
    told = await asyncio.to_thread(run, "export", "--tenant", "other")
    file.write_bytes(told.stdout_bytes)
    assert (await asyncio.to_thread(run, "verify", "--file", str(file))).exit_code == 0
    superuser("DELETE FROM inferspect.audit_log WHERE chain = 'tenant/acme' AND sequence = 2")
    wrong = await asyncio.to_thread(run, "verify", "--json")
    assert wrong.exit_code == 1
    (problem,) = json.loads(wrong.stdout)["problems"]
    assert (problem["chain"], problem["sequence"], problem["wrong"]) == ("tenant/acme", 2, "missing")
    assert (await asyncio.to_thread(run, "verify", "--tenant", "other")).exit_code == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [("{}\n", 1), ("no json\n", 1), ('["a"]\n', 1), ("", 2)],
    ids=["empty", "text", "list", "none"],
)
def test_a_file_that_is_no_export_is_told(run: Run, tmp_path: Path, content: str, status: int) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(content)
    assert run("verify", "--file", str(file)).exit_code == status


def test_what_cannot_be_read_is_no_proof(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither right nor wrong: exit code 2."""
    assert run("verify", "--file", str(tmp_path / "none")).exit_code == 2
    assert run("verify", "--since", "yesterday").exit_code == 2
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert run("verify").exit_code == 2


async def test_what_is_not_there_is_not_called_in_order(
    audit: AuditLog, drafts: Drafts, run: Run, engine: AsyncEngine
) -> None:
    """A tenant whose id is mistyped: neither right nor wrong."""
    await audit.record(drafts(1))
    await engine.dispose()
    mistyped = await asyncio.to_thread(run, "verify", "--tenant", "amce")
    assert (mistyped.exit_code, mistyped.stdout) == (2, "")
    assert "nothing was verified: the chain tenant/amce has no entry; a tenant is named by the id" in mistyped.stderr
    counted = await asyncio.to_thread(run, "verify", "--tenant", "amce", "--json")
    assert (counted.exit_code, json.loads(counted.stdout)["chains"]) == (2, 0)
    for output in ("jsonl", "csv"):
        empty = await asyncio.to_thread(run, "export", "--tenant", "amce", "--format", output)
        assert (empty.exit_code, "nothing was exported: the chain tenant/amce" in empty.stderr) == (0, True)
    early = await asyncio.to_thread(run, "export", "--until", "2020-01-01")
    assert "nothing was exported: the audit log has no entry of this time" in early.stderr


async def test_an_anchor_that_is_not_needed_is_told(
    audit: AuditLog, drafts: Drafts, run: Run, engine: AsyncEngine
) -> None:
    await audit.record(drafts(1))
    await engine.dispose()
    first, second = [await asyncio.to_thread(run, "anchor") for _ in range(2)]
    assert (first.exit_code, first.stderr) == (0, "")
    assert (second.exit_code, second.stdout) == (0, "")
    assert "no chain has grown since the last one" in second.stderr


async def test_an_outsider_checks_anchors_with_the_public_key(
    audit: AuditLog, drafts: Drafts, run: Run, engine: AsyncEngine, tmp_path: Path, keys: AuditKeys
) -> None:
    """Another key's signature is none of this installation's."""
    await audit.record(drafts(1))
    await take_anchor(engine, audit)
    file = tmp_path / "anchors.jsonl"
    file.write_text(await export(engine, chain="anchors"))
    assert run("verify", "--file", str(file), "--public-key", keys.public_key).exit_code == 0
    found = run("verify", "--file", str(file), "--public-key", AuditKeys("another").public_key)
    assert (found.exit_code, "signature" in found.stdout) == (1, True)
    assert run("key").stdout.strip() == keys.public_key


async def test_pruning_by_command_stops_at_what_was_tampered_with(
    audit: AuditLog, drafts: Drafts, engine: AsyncEngine, run: Run, superuser: Callable[..., None]
) -> None:
    """It says which entry, and removes none of its chain."""
    await audit.record(drafts(3))
    superuser("UPDATE inferspect.audit_log SET recorded_at = '2020-01-01' WHERE sequence < 3")
    refused = await asyncio.to_thread(lambda: run("prune", "--older-than", "400"))
    assert refused.exit_code == 1
    assert "tenant/acme: entry 1: changed" in refused.stderr
    assert (await export(engine, chain="tenant/acme")).count("\n") == 3


async def test_pruning_by_command_is_recorded_itself(
    audit: AuditLog, drafts: Drafts, engine: AsyncEngine, run: Run, superuser: Callable[..., None]
) -> None:
    """Who did it, before it is done."""
    await audit.record(drafts(3))
    pruned = await asyncio.to_thread(lambda: run("prune", "--older-than", "1"))
    assert (pruned.exit_code, pruned.stdout) == (0, "removed: 0\n")
    (action,) = [json.loads(line) for line in (await export(engine, chain="platform")).splitlines()]
    assert (action["route"], action["decision"], action["role"]) == ("inferspect audit prune", "intent", "command line")
