"""Responses out of the store into files."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from evals.reports.reading import FIXED, reading
from evals.reports.windows import Window
from tests.evals.reports.conftest import today
from tests.evals.reports.planting import plant, responses

DAY = timedelta(days=1)
YESTERDAY = Window(today() - DAY, today())


def rows_in(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as opened:
        return list(csv.DictReader(opened))


async def test_a_row_a_response_and_a_column_a_score(engine: AsyncEngine, tmp_path: Path) -> None:
    """Only the tenant's and only the window's; a score of an odd name is a column like any other."""
    odd = 'Poli"te, %s <b>'
    rows = responses(10, *_yesterday())
    rows[3]["scores"] |= {odd: 0.25, "Cost": 7.0}
    await plant(engine, rows)
    await plant(engine, responses(5, *_yesterday(), "globex", seed=2))
    await plant(engine, responses(5, today(), DAY, seed=3))
    async with reading(engine.url, "acme") as reader:
        names = await reader.names(YESTERDAY)
        assert await reader.write_rows(YESTERDAY, names, 1000, tmp_path / "rows.csv") == 10
    found = {row["id"]: row for row in rows_in(tmp_path / "rows.csv")}
    assert set(found) == {row["id"] for row in rows}
    row, planted = found[rows[3]["id"]], rows[3]
    assert list(row) == [*FIXED, "Cost (score)", "Language (score)", odd, "Relevance", "Response Time", "Sentiment"]
    assert float(row["Relevance"]) == planted["scores"]["Relevance"]
    assert (row[odd], row["Cost (score)"], row["Language"]) == ("0.25", "7", "en")
    assert (float(row["Cost"]), int(row["Prompt Tokens"])) == (planted["cost"], planted["prompt_tokens"])
    assert found[rows[4]["id"]][odd] == ""


async def test_texts_do_not_get_into_the_rows(engine: AsyncEngine, tmp_path: Path) -> None:
    """Hashes tell whether two are the same."""
    await plant(engine, responses(4, *_yesterday(), answer="A telling answer."))
    async with reading(engine.url, "acme") as reader:
        await reader.write_rows(YESTERDAY, [], 1000, tmp_path / "rows.csv.gz")
    text = gzip.decompress((tmp_path / "rows.csv.gz").read_bytes()).decode()
    assert "telling" not in text
    assert len({row["answer_hash"] for row in rows_in(tmp_path / "rows.csv.gz")}) == 1


async def test_of_too_many_responses_a_sample_is_read(engine: AsyncEngine, tmp_path: Path) -> None:
    """The same one each time, and the whole number is told."""
    await plant(engine, responses(200, *_yesterday()))
    async with reading(engine.url, "acme") as reader:
        for name in ("one.csv", "other.csv"):
            assert await reader.write_rows(YESTERDAY, ["Relevance"], 50, tmp_path / name) == 200
    one, other = rows_in(tmp_path / "one.csv"), rows_in(tmp_path / "other.csv")
    assert len(one) == 50
    assert one == other


async def test_questions_and_answers_to_repeated_prompts(engine: AsyncEngine, tmp_path: Path) -> None:
    """Of a prompt that came more than once each different answer; of all others none."""
    once = responses(5, *_yesterday(), seed=1)
    same = responses(3, *_yesterday(), seed=2, question="What does it cost?", answer="Five euros.")
    other = responses(2, *_yesterday(), seed=3, question="What does it cost?", answer="Nine euros.")
    await plant(engine, [*once, *same, *other])
    await plant(engine, responses(5, *_yesterday(), seed=4), contents=False)
    async with reading(engine.url, "acme") as reader:
        assert await reader.write_questions({"window": YESTERDAY}, 100, tmp_path / "questions.csv") == 10
        await reader.write_answers(YESTERDAY, 100, tmp_path / "answers.csv")
    questions, answers = rows_in(tmp_path / "questions.csv"), rows_in(tmp_path / "answers.csv")
    assert sum(row["text"] == "What does it cost?" for row in questions) == 5
    assert sorted(row["text"] for row in answers) == ["Five euros.", "Nine euros."]
    assert len({row["prompt_hash"] for row in answers}) == 1


def _yesterday() -> tuple[datetime, timedelta]:
    return YESTERDAY.start, DAY
