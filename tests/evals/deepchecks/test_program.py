"""The program as such: what it takes, what it writes, what it says where that cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.evals.deepchecks.conftest import Prepare, rows, run, run_with

CHROMIUM = shutil.which("chromium")
HOSTILE = '<img src=x onerror="window.broken=1">'
OWN_CHECKS = """
from deepchecks.core import CheckResult, ConditionResult
from deepchecks.tabular import SingleDatasetCheck

class Polite(SingleDatasetCheck):
    def run_logic(self, context, dataset_kind):
        return CheckResult(float(context.get_data_by_kind(dataset_kind).data["Relevance"].mean()))

def checks(responses):
    made = Polite()
    made.add_condition("they are polite", lambda mean: ConditionResult(mean > 0.99, f"mean {mean:.2f}"))
    return [made]
"""


def test_a_report_opens_in_a_browser_without_errors_and_asks_for_nothing(prepare: Prepare) -> None:
    """With drift to show, a table, and names that somebody hostile has chosen."""
    before = [{**row, HOSTILE: row["Relevance"]} for row in rows(300, 1)]
    now = [{**row, HOSTILE: row["Relevance"] * 0.5, "Language": HOSTILE} for row in rows(300, 2)]
    limits = [{"column": HOSTILE, "of": "mean", "min": 0.9, "source": HOSTILE}]
    checks = [{"type": "drift"}, {"type": "outliers"}, {"type": "thresholds", "limits": limits}]
    folder = prepare(now, checks, before, title=HOSTILE, facts={"tenant": HOSTILE})
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert HOSTILE in [each["column"] for each in folder.conditions("failed")]
    errors: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(folder.page.as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg")
        assert page.evaluate("window.broken") is None
        assert page.locator("img[src=x]").count() == 0
        assert "Conditions Summary" in page.content()
        browser.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_deepchecks_own_checks_and_those_of_a_file_join_in(prepare: Prepare, tmp_path: Path) -> None:
    """By the name of the class, and by a function."""
    own = tmp_path / "own.py"
    own.write_text(OWN_CHECKS, encoding="utf-8")
    checks = [
        {"type": "deepchecks", "check": "PercentOfNulls", "conditions": {"percent_of_nulls_not_greater_than": 0.05}},
        {
            "type": "deepchecks",
            "check": "FeatureDrift",
            "conditions": {"drift_score_less_than": {"max_allowed_numeric_score": 0.5}},
        },
        {"type": "python", "file": str(own), "function": "checks"},
    ]
    folder = prepare(rows(300, 3), checks, rows(300, 4))
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert [each["check"] for each in folder.report["conditions"]] == ["Percent Of Nulls", "Feature Drift", "Polite"]
    assert [each["status"] for each in folder.report["conditions"]] == ["failed", "passed", "failed"]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"checks": [{"type": "drifft"}]}, "no check has the type 'drifft'; there are: conflicts, drift"),
        ({"checks": [{"type": "drift", "alfa": 1}]}, "wrong parameter"),
        ({"checks": [{"type": "python", "fiel": "own.py"}]}, "wrong parameter"),
        ({"checks": [{"type": "deepchecks", "check": "NoSuch"}]}, "no check for tables that is named 'NoSuch'"),
        (
            {"checks": [{"type": "deepchecks", "check": "PercentOfNulls", "conditions": {"x": 1}}]},
            "it has: percent_of_nulls_not_greater_than",
        ),
        ({"checks": [], "chekcs": []}, "unknown keys: chekcs"),
        ({"checks": {}}, "`checks` must be a list"),
    ],
)
def test_wrong_input_is_told(prepare: Prepare, job: dict[str, Any], told: str) -> None:
    """With status 2 and what to mend, without a traceback."""
    folder = prepare(rows(5, 5), [])
    (folder.path / "suite.json").write_text(json.dumps(job), encoding="utf-8")
    done = run(folder)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_function_that_fails_is_told_with_its_line(prepare: Prepare, tmp_path: Path) -> None:
    """And not as a wrong parameter of the suite."""
    own = tmp_path / "own.py"
    own.write_text("def checks(responses):\n    return None + 1\n", encoding="utf-8")
    done = run(prepare(rows(5, 5), [{"type": "python", "file": str(own), "function": "checks"}]))
    assert done.returncode == 2
    assert "the function 'checks' failed: TypeError: unsupported operand" in done.stderr
    assert f"(line 2 of {own})" in done.stderr
    assert "wrong parameter" not in done.stderr


def test_a_report_takes_the_place_of_an_earlier_one(prepare: Prepare) -> None:
    """Whoever opens it sees what is so now."""
    folder = prepare(rows(60, 6), [{"type": "duplicates"}], title="first")
    other = prepare(rows(60, 6), [{"type": "duplicates"}], title="second")
    responses, _, output = folder.arguments
    done = run_with(*folder.arguments, responses, other.arguments[1], output)
    assert done.returncode == 0, done.stderr
    assert "<title>second</title>" in folder.page.read_text(encoding="utf-8")
    assert sorted(file.name for file in folder.page.parent.iterdir()) == ["report.html", "report.json"]


def test_arguments_come_in_threes() -> None:
    """Else it says how it is called."""
    done = run_with("responses.csv")
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "usage")
