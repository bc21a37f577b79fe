"""The page on quality scores says what the code does, and its scorer runs."""

from __future__ import annotations

import json

import pytest

from callbacks.quality.scorers import OWN
from callbacks.quality.scoring import Scoring
from inferspect.observation import score_names
from inferspect.observation.score_names import OF_EMBEDDINGS, OF_JUDGE
from inferspect.settings import settings_from
from tests.docs.markdown import ROOT, table_rows

EXAMPLE = ROOT / "docs" / "examples" / "politeness.py"
PAGE = ROOT / "docs" / "quality.md"


@pytest.fixture
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_shows_the_example_as_it_is(page: str) -> None:
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in page


def test_the_example_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    for names in ("_ranges", "_own_directions"):  # where the scorer makes its own known
        monkeypatch.setattr(score_names, names, dict(getattr(score_names, names)))
    dotted = "politeness:Politeness"
    assert settings_from({"quality": {"scorers": [dotted]}}).quality.scorers == (dotted,)
    scoring = Scoring([dotted])
    answer = "Thank you for asking about the new library. It opens on the first Monday in spring."
    assert scoring.score(scoring.read({}, None, json.dumps(answer))).scores["Politeness"] == 0.5


def test_every_score_stands_in_the_table_with_its_range_and_direction(page: str) -> None:
    rows = {row[0]: row for row in table_rows(page)}
    for scorer in OWN:
        span = f"{scorer.low:g} to {scorer.high:g}" if scorer.high is not None else f"{scorer.low:g} and more"
        assert rows[scorer.name][1:3] == [span, scorer.direction]
    assert {*OF_JUDGE, *OF_EMBEDDINGS} <= rows.keys()


def test_every_reason_that_scorers_give_is_explained(page: str) -> None:
    reasons = {row[0].strip("`") for row in table_rows(page)}
    for reason in (
        "no_answer", "no_question", "no_context", "languages_differ", "language_unsupported",
        "too_short", "not_scanned", "no_tokens", "no_time", "json_not_asked",
        "schema_unusable", "content_cut", "error", "timeout", "tenant_off",
        "sampled_out", "own_call", "no_content", "over_budget", "model_refused", "judge_unclear",
    ):  # fmt: skip
        assert reason in reasons
