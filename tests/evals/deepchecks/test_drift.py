"""Drift: found and named where it is, not seen where it is not."""

from __future__ import annotations

import random

from tests.evals.deepchecks.conftest import Prepare, rows, run

DRIFT = [{"type": "drift"}]
DRAWS = 20


def test_planted_drift_is_found_and_only_that_is_named(prepare: Prepare) -> None:
    """In each kind of column, one at a time."""
    before = rows(600, 1)
    planted = {
        "Relevance": lambda value: value * 0.8,
        "Avoided Answer": lambda value: 1.0 if random.Random(repr(value)).random() < 0 else value,
        "Response Time": lambda value: value * 1.5,
        "Language": lambda value: value,
    }
    folders = {}
    for number, column in enumerate(("Relevance", "Response Time")):
        now = [{**row, column: planted[column](row[column])} for row in rows(600, 100 + number)]
        folders[column] = prepare(now, DRIFT, before)
    now = [{**row, "Language": "vi" if place % 3 == 0 else row["Language"]} for place, row in enumerate(rows(600, 3))]
    folders["Language"] = prepare(now, DRIFT, before)
    now = [
        {**row, "Avoided Answer": 1.0 if place % 4 == 0 else row["Avoided Answer"]}
        for place, row in enumerate(rows(600, 4))
    ]
    folders["Avoided Answer"] = prepare(now, DRIFT, before)
    done = run(*folders.values())
    assert done.returncode == 0, done.stderr
    for column, folder in folders.items():
        assert [each["column"] for each in folder.conditions("failed")] == [column]
        (failed,) = folder.conditions("failed")
        assert column in failed["message"]
        assert failed["value"] > failed["threshold"]


def test_halves_of_one_sample_are_alike(prepare: Prepare) -> None:
    """At most one false alarm in twenty draws, of all columns together."""
    sample = rows(1200, 5)
    questions = [{"part": "", "id": row["id"], "text": _question(row["id"])} for row in sample]
    folders = []
    for draw in range(DRAWS):
        shuffled = random.Random(draw).sample(sample, len(sample))
        folders.append(prepare(shuffled[:600], DRIFT, shuffled[600:], {"questions": questions}))
    done = run(*folders)
    assert done.returncode == 0, done.stderr
    looked_at = {each["column"] for each in folders[0].conditions("passed")}
    assert {"Relevance", "Cost", "Prompt Tokens", "Language", "Topic"} <= looked_at
    alarms = [folder.conditions("failed") for folder in folders]
    assert sum(map(bool, alarms)) <= 1, alarms


def test_a_new_topic_is_drift_of_topics(prepare: Prepare) -> None:
    """By the words of questions alone."""
    before, now = rows(300, 6), rows(300, 7)
    questions = [{"part": "baseline", "id": row["id"], "text": _question(row["id"])} for row in before]
    questions += [
        {
            "part": "window",
            "id": row["id"],
            "text": "how do I cook rice with vegetables" if place % 2 else _question(row["id"]),
        }
        for place, row in enumerate(now)
    ]
    folder = prepare(now, DRIFT, before, {"questions": questions})
    assert run(folder).returncode == 0
    assert [each["column"] for each in folder.conditions("failed")] == ["Topic"]


def test_differences_too_small_to_matter_are_none(prepare: Prepare) -> None:
    """However many responses prove them."""
    before, now = rows(8000, 8), rows(8000, 9)
    now = [{**row, "Relevance": row["Relevance"] * 0.99} for row in now]
    folder = prepare(now, [{"type": "drift", "columns": ["Relevance"]}], before)
    assert run(folder).returncode == 0
    assert folder.conditions("failed") == []


def test_too_few_values_are_said_to_be_too_few(prepare: Prepare) -> None:
    """Nothing passes that was not looked at."""
    folder = prepare(rows(30, 10), DRIFT, rows(600, 11))
    assert run(folder).returncode == 0
    assert folder.report["passed"] == folder.report["failed"] == 0
    assert folder.report["not_run"] == len(folder.report["conditions"]) > 10
    assert "30 values in the window, fewer than the 50" in folder.report["conditions"][0]["message"]


def test_without_a_baseline_drift_is_not_run(prepare: Prepare) -> None:
    """As there is nothing to compare with."""
    folder = prepare(rows(100, 12), DRIFT)
    assert run(folder).returncode == 0
    assert {each["status"] for each in folder.report["conditions"]} == {"not run"}
    assert "no baseline" in folder.report["conditions"][0]["message"]


def _question(name: str) -> str:
    dice = random.Random(name)
    subjects = ("invoice payment amount", "parcel delivery tracking", "router wifi connection")
    return f"question about {dice.choice(subjects)} {dice.choice(('today', 'please', 'again'))}"
