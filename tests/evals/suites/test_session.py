from __future__ import annotations

from pathlib import Path

import pytest

from evals.gate.verdict import Outcome
from evals.suites.session import hints, new_folder


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    """Their results are never mixed."""
    made = [new_folder(tmp_path / "20260301T120000Z").name for _ in range(3)]
    assert made == ["20260301T120000Z", "20260301T120000Z-2", "20260301T120000Z-3"]


@pytest.mark.parametrize(
    ("outcome", "url", "model", "told"),
    [
        (Outcome.FAILED, "http://127.0.0.1:4000", "demo", True),
        (Outcome.FAILED, "http://127.0.0.1:4000", "openai/gpt-4o", False),
        (Outcome.FAILED, None, "demo", False),
        (Outcome.WELL, "http://127.0.0.1:4000", "demo", False),
        (Outcome.ERROR, "http://127.0.0.1:4000", "demo", False),
    ],
)
def test_who_tests_the_demo_model_of_a_gateway_that_runs_is_told(
    outcome: Outcome, url: str | None, model: str, told: bool
) -> None:
    """All cases fail there, and nothing else says why."""
    assert any("EVAL_MODEL" in hint for hint in hints(outcome, url, model)) is told
