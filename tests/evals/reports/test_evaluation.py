"""Reports from the store through Deepchecks and back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from evals.reports.artefacts import ArtefactError, Artefacts
from evals.reports.evaluation import Evaluation, NoBaselineError, Order
from evals.reports.program import ProgramError
from evals.reports.windows import Window
from inferspect.configuration_file import ConfigurationError
from inferspect.settings import settings_from
from inferspect.tenancy.lookup import TenantLookup
from tests.evals.reports.conftest import Quick, today
from tests.evals.reports.planting import plant, responses

DAY = timedelta(days=1)
YESTERDAY = Window(today() - DAY, today())
PERSONAL = "jane.roe@example.org"


@pytest.fixture
def evaluation(engine: AsyncEngine, tmp_path: Path) -> Any:
    def make(**reports: Any) -> Evaluation:
        settings = settings_from({"reports": reports}).reports
        artefacts = Artefacts(str(tmp_path / "artefacts"))
        return Evaluation(engine, TenantLookup(engine, {}), settings, artefacts, tmp_path / "work")

    return make


def failed(row: Any) -> list[str]:
    return [each["name"] for each in row.conditions if each["status"] == "failed"]


async def test_drift_of_a_score_against_the_week_before_is_named(
    engine: AsyncEngine, evaluation: Any, tmp_path: Path
) -> None:
    """And a threshold of the tenant's rules that it went below; nothing that was said is in the report."""
    await plant(engine, responses(400, YESTERDAY.start - 7 * DAY, 7 * DAY, seed=1))
    now = responses(300, YESTERDAY.start, DAY, seed=2, relevance=0.6)
    for place, row in enumerate(now[:60]):
        row["question"] = f"Is {PERSONAL} a customer, case {place % 15}?"
        row["answer"] = f"{'Yes' if place % 2 else 'No'}, {PERSONAL}"
    await plant(engine, now)
    rules = {"inferspect": {"observation": {"quality": {"thresholds": {"Relevance": {"min": 0.6}}}}}}
    async with engine.begin() as connection:
        statement = text('UPDATE "LiteLLM_TeamTable" SET metadata = CAST(:rules AS jsonb) WHERE team_id = :tenant')
        await connection.execute(statement, {"tenant": "acme", "rules": json.dumps(rules)})
    order = Order("acme", "responses", YESTERDAY, "7d", output=tmp_path / "copy")
    row = await evaluation().make(order)
    assert {
        "mean of Relevance is at least 0.6 (rules of the tenant)",
        "Relevance is distributed as in the baseline",
        "at most 10% of the repeated prompts have conflicting answers",
    } <= set(failed(row))
    drifted = [each["column"] for each in row.conditions if each["check"] == "Drift" and each["status"] == "failed"]
    assert "Relevance" in drifted
    assert set(drifted) <= {"Relevance", "Topic"}
    assert (row.status, row.responses, row.baseline_responses) == ("failed", 300, 400)
    assert "Topic" in {each["column"] for each in row.conditions}
    written = [*tmp_path.joinpath("artefacts").rglob("report.*"), *tmp_path.joinpath("copy").iterdir()]
    assert len(written) == 4
    assert not any(PERSONAL in file.read_text(encoding="utf-8") for file in written)
    assert list((tmp_path / "work").iterdir()) == []


async def test_a_saved_baseline_is_compared_with(engine: AsyncEngine, evaluation: Any, tmp_path: Path) -> None:
    """Also once its responses are deleted; one that was changed since is refused."""
    await plant(engine, responses(200, YESTERDAY.start - 30 * DAY, DAY, seed=1, answer="An answer."))
    await plant(engine, responses(200, YESTERDAY.start, DAY, seed=2, relevance=0.5))
    made = evaluation()
    before = Window(YESTERDAY.start - 30 * DAY, YESTERDAY.start - 29 * DAY)
    saved = await made.save("acme", "spring", before)
    assert saved.responses == 200
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM inferspect.scores WHERE occurred_at < now() - interval '20 days'"))
    row = await made.make(Order("acme", "responses", YESTERDAY, "spring"))
    assert "Relevance is distributed as in the baseline" in failed(row)
    assert row.baseline_responses == 200
    with pytest.raises(NoBaselineError, match="no baseline 'autumn'; there are: spring"):
        await made.make(Order("acme", "responses", YESTERDAY, "autumn"))
    with pytest.raises(NoBaselineError, match="none is saved"):
        await made.make(Order("globex", "responses", Window(YESTERDAY.start, YESTERDAY.end), "autumn"))
    again = await made.save("acme", "spring", YESTERDAY)
    (kept,) = (tmp_path / "artefacts" / "baselines").rglob("*.gz")
    assert kept.as_uri() == again.artefact != saved.artefact
    kept.write_bytes(b"other")
    with pytest.raises(ArtefactError, match="is not what was saved"):
        await made.make(Order("acme", "responses", YESTERDAY, "spring"))


async def test_what_cannot_be_made_is_told(engine: AsyncEngine, evaluation: Any, quick: Quick, tmp_path: Path) -> None:
    """With the reason, and nothing is left behind."""
    await plant(engine, responses(5, YESTERDAY.start, DAY))
    order = Order("acme", "responses", YESTERDAY, None)
    with pytest.raises(ProgramError, match="Deepchecks is not installed: there is no /nonexistent/python"):
        await evaluation(python="/nonexistent/python").make(order)
    quick.set("fail")
    with pytest.raises(ProgramError, match="failed with status 1: out of luck"):
        await evaluation(python=quick.python).make(order)
    quick.set("hold")
    with pytest.raises(ProgramError, match=r"took longer than 0\.5 seconds"):
        await evaluation(python=quick.python, deadline=0.5).make(order)
    with pytest.raises(ConfigurationError, match="there is no such suite"):
        await evaluation().make(Order("acme", "none", YESTERDAY, None))
    assert list((tmp_path / "work").iterdir()) == []
    assert list(tmp_path.joinpath("artefacts").rglob("*")) == []


async def test_a_python_is_found_from_where_the_command_runs(
    engine: AsyncEngine, evaluation: Any, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the program runs in a folder of its own."""
    await plant(engine, responses(5, YESTERDAY.start, DAY))
    monkeypatch.chdir(quick.folder.parent)
    row = await evaluation(python="quick/python").make(Order("acme", "responses", YESTERDAY, None))
    assert row.status == "passed"


async def test_the_program_gets_no_secret(
    engine: AsyncEngine, evaluation: Any, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the database's address nor a key is in its environment."""
    await plant(engine, responses(5, YESTERDAY.start, DAY))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@h/d")
    source = quick.python.read_text(encoding="utf-8")
    shown = "import os; (HERE / 'environment').write_text(repr(dict(os.environ)))"
    quick.python.write_text(source.replace("def main(", f"{shown}\n\n\ndef main(", 1), encoding="utf-8")
    await evaluation(python=quick.python).make(Order("acme", "responses", YESTERDAY, None))
    assert "secret" not in (quick.folder / "environment").read_text(encoding="utf-8")
