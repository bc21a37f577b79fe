from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.suites.promptfoo_results import ResultsError, read_results
from evals.suites.results import Identity
from evals.suites.suite import Case

CASES = [Case("greets", 1, 1.0, {}, Path("a.yaml")), Case("refuses", 1, 0.5, {}, Path("a.yaml"))]
GATEWAY = {"id": "file://../../providers/gateway.mjs", "label": "gateway"}


def result(case: int, **changes: Any) -> dict[str, Any]:
    """One result as Promptfoo writes it, with fields that nobody reads."""
    return {
        "success": True,
        "score": 1,
        "latencyMs": 42,
        "cost": 0.001,
        "failureReason": 0,
        "gradingResult": {"pass": True, "score": 1, "reason": "All assertions passed"},
        "provider": GATEWAY,
        "prompt": {"raw": "[]", "label": "support"},
        "promptId": "0" * 64,
        "testCase": {"metadata": {"inferspect": {"case": case, "run": 1}, "source": "hand"}, "vars": {}},
        "vars": {},
    } | changes


def written(folder: Path, *results: dict[str, Any], version: int = 3) -> Path:
    path = folder / "support.json"
    content = {"evalId": "eval", "results": {"version": version, "stats": {}, "prompts": [], "results": list(results)}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_runs_are_gathered_by_case_prompt_and_provider(tmp_path: Path) -> None:
    """Repeats are runs of one case; another prompt or provider is another result."""
    other = {"raw": "[]", "label": "support@2"}
    path = written(tmp_path, result(1), result(0), result(1, success=False, score=0), result(0, prompt=other))
    found = read_results(path, CASES)
    assert [(one.identity, len(one.runs), one.passes) for one in found] == [
        (Identity("greets", "support", "gateway"), 1, 1),
        (Identity("greets", "support@2", "gateway"), 1, 1),
        (Identity("refuses", "support", "gateway"), 2, 1),
    ]
    assert found[2].passed
    assert (found[2].score, found[2].cost, found[2].latency) == (1.0, 0.001, 42)


def test_an_error_is_no_failure_and_no_pass(tmp_path: Path) -> None:
    """Where a run has an error its case has not passed, whatever its threshold is."""
    path = written(tmp_path, result(0), result(1), result(1, success=False, score=0, failureReason=2, error="503 busy"))
    case = read_results(path, CASES)[1]
    assert (case.errors, case.passes, case.passed) == (1, 1, False)
    assert case.reason == "1 of 2 runs passed: 503 busy"


def test_a_reason_is_that_of_the_assertions_that_did_not_hold(tmp_path: Path) -> None:
    """In one line, without those that held, sets of assertions opened."""
    grading = {
        "pass": False,
        "reason": "the first of them",
        "componentResults": [
            {"pass": True, "reason": "Assertion passed"},
            {"pass": False, "reason": 'Expected output\nto contain "yes"'},
            {"pass": False, "reason": "set", "componentResults": [{"pass": False, "reason": "too dear"}]},
        ],
    }
    failed = result(0, success=False, score=0.3, failureReason=1, error="Expected", gradingResult=grading)
    case = read_results(written(tmp_path, failed, result(1)), CASES)[0]
    assert (case.errors, case.passed) == (0, False)
    assert case.reason == 'Expected output to contain "yes"; too dear'


def test_a_provider_without_label_is_named_by_its_file(tmp_path: Path) -> None:
    """No path of a machine is part of an identity."""
    provider = {"id": "file:///elsewhere/promptfoo/providers/gateway.mjs"}
    path = written(tmp_path, result(0, provider=provider), result(1, provider={"id": "openai:gpt-4o"}))
    assert [one.identity.provider for one in read_results(path, CASES)] == ["gateway", "openai:gpt-4o"]


def test_a_cost_is_known_of_all_runs_or_not_at_all(tmp_path: Path) -> None:
    """A mean over some runs would not be comparable."""
    path = written(tmp_path, result(0, cost=None), result(1), result(1, cost=None))
    assert [one.cost for one in read_results(path, CASES)] == [None, None]


@pytest.mark.parametrize(
    ("results", "version", "said"),
    [
        ([result(0)], 3, "no result of 1 cases, such as 'refuses'"),
        ([], 3, "no result of 2 cases"),
        ([result(0), result(2)], 3, "a case that was not run"),
        ([result(0), result(1, testCase={})], 3, "a case that was not run"),
        ([result(0), result(1, success="perhaps")], 3, "results.results.1.success"),
        ([result(0), result(1)], 4, "format 4"),
        ([result(0), result(1, score=json.loads("[" * 300 + "]" * 300))], 3, "not what Promptfoo should write"),
    ],
)
def test_incomplete_or_strange_results_are_an_error(
    tmp_path: Path, results: list[dict[str, Any]], version: int, said: str
) -> None:
    """What is not there has not passed."""
    with pytest.raises(ResultsError, match=said):
        read_results(written(tmp_path, *results, version=version), CASES)


def test_a_run_without_a_result_is_an_error(tmp_path: Path) -> None:
    """Each prompt and provider of a case has as many results as it has runs."""
    cases = [Case("greets", 2, 1.0, {}, Path("a.yaml"))]
    path = written(tmp_path, result(0), result(0))
    assert len(read_results(path, cases)[0].runs) == 2
    with pytest.raises(ResultsError, match="2 results of 3 runs of 'greets'"):
        read_results(path, cases, at_least=3)
    with pytest.raises(ResultsError, match="1 results of 2 runs of 'greets'"):
        read_results(written(tmp_path, result(0), result(0), result(0, prompt={"label": "other"})), cases)


def test_half_a_character_makes_no_results_unreadable(tmp_path: Path) -> None:
    """JavaScript cuts texts where a character outside of the first plane stands; whole ones stay."""
    failed = result(0, success=False, failureReason=2, error="too long \U0001f600 \ud83d")
    case = read_results(written(tmp_path, failed, result(1)), CASES)[0]
    assert case.reason == "too long \U0001f600 \ufffd"


def test_no_results_are_an_error(tmp_path: Path) -> None:
    """A missing or broken file is told."""
    with pytest.raises(ResultsError, match="wrote no results"):
        read_results(tmp_path / "absent.json", CASES)
    (tmp_path / "half.json").write_text('{"results": {"vers', encoding="utf-8")
    with pytest.raises(ResultsError, match="not what Promptfoo should write"):
        read_results(tmp_path / "half.json", CASES)


def test_an_errors_stack_is_left_out(tmp_path: Path) -> None:
    """What is wrong is told, without the places in Promptfoo's code and the machine's paths."""
    error = "Error: Unknown assertion type: iregex\n    at run (file:///elsewhere/x.js:1:2)\n    at next (file:///y.js)"
    path = written(tmp_path, result(0, success=False, failureReason=2, error=error), result(1))
    assert read_results(path, CASES)[0].reason == "Error: Unknown assertion type: iregex"
