from __future__ import annotations

import json
from pathlib import Path

from evals.suites.expanded import chosen, write_tests
from evals.suites.suite import Case, Suite, SuiteOptions

GREETS = Case("Greets by name", 1, 1.0, {"description": "Greets by name", "metadata": {"why": "hand"}}, Path("a.yaml"))
REFUSES = Case("refuses", 3, 0.6, {"description": "refuses", "vars": {"q": "no"}}, Path("a.yaml"))


def test_a_repeated_case_is_there_several_times(tmp_path: Path) -> None:
    """As often as it asks for or the run does, whichever is more, each knowing its case and run."""
    path = tmp_path / "tests.json"
    for at_least, runs in ((1, [(0, 1), (1, 1), (1, 2), (1, 3)]), (2, [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)])):
        write_tests([GREETS, REFUSES], at_least, path)
        tests = json.loads(path.read_text(encoding="utf-8"))
        marks = [test["metadata"]["inferspect"] for test in tests]
        assert [(mark["case"], mark["run"]) for mark in marks] == runs
    assert tests[0] == {
        "description": "Greets by name",
        "metadata": {"why": "hand", "inferspect": {"case": 0, "run": 1}},
    }
    assert tests[-1]["vars"] == {"q": "no"}


def test_cases_are_chosen_by_a_part_of_their_name() -> None:
    """Whatever the case of the letters; all where nothing is asked for."""
    suite = Suite("support", Path(), SuiteOptions(), (GREETS, REFUSES))
    assert chosen(suite, "NAME") == (GREETS,)
    assert chosen(suite, None) == (GREETS, REFUSES)
    assert chosen(suite, "absent") == ()


def test_a_case_with_an_id_is_found_by_its_description_too() -> None:
    """As promoted cases are, whose ids are digits."""
    promoted = Case("promoted-3f9a1c", 1, 1.0, {"description": "promoted: How long?"}, Path("a.yaml"))
    suite = Suite("support", Path(), SuiteOptions(), (GREETS, promoted))
    assert chosen(suite, "how LONG") == chosen(suite, "3F9A") == (promoted,)
