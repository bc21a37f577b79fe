"""Limits, missing values, outliers, what is repeated, what leaks."""

from __future__ import annotations

from typing import Any

from tests.evals.deepchecks.conftest import Folder, Prepare, rows, run


def failed(folder: Folder) -> list[str]:
    """Names of the conditions that failed."""
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return [each["name"] for each in folder.conditions("failed")]


def limit(column: str, **values: Any) -> dict[str, Any]:
    return {"column": column, "of": "mean", **values}


def test_figures_are_held_against_their_limits(prepare: Prepare) -> None:
    """Mean and percentile, too low and too high; a figure that equals its limit is good."""
    window = [{"id": str(number), "skipped": "", "Relevance": float(number)} for number in range(101)]
    limits = [
        limit("Relevance", min=50),
        limit("Relevance", min=51),
        limit("Relevance", max=49, source="rules of the tenant"),
        limit("Relevance", of=10, min=10),
        limit("Relevance", of=90, max=80),
        limit("Relevance", min=99, at_least=102),
        limit("No Such Score", min=99),
    ]
    folder = prepare(window, [{"type": "thresholds", "limits": limits}])
    assert failed(folder) == [
        "mean of Relevance is at least 51",
        "mean of Relevance is at most 49 (rules of the tenant)",
        "90th percentile of Relevance is at most 80",
    ]
    (first, *_) = folder.conditions("failed")
    assert (first["value"], first["threshold"], first["column"]) == (50.0, 51, "Relevance")
    assert len(folder.conditions("not run")) == 2


def test_missing_values_count_of_what_was_scored(prepare: Prepare) -> None:
    """Responses outside of the sample are no reason for an alarm; a scorer that stopped is."""
    before = [{"id": f"b{number}", "skipped": "", "Sentiment": 0.5, "Relevance": 0.5} for number in range(100)]
    now = [
        {"id": str(number), "skipped": "", "Sentiment": 0.5 if number < 40 else "", "Relevance": 0.5}
        for number in range(100)
    ]
    now += [{"id": f"s{number}", "skipped": "sampled_out", "Sentiment": "", "Relevance": ""} for number in range(900)]
    checks = [{"type": "missing", "max_share": 0.5}, {"type": "missing_more", "max_rise": 0.5}]
    folder = prepare(now, checks, before)
    assert failed(folder) == [
        "Sentiment is missing in at most 50%",
        "Sentiment is missing no more often than in the baseline",
    ]


def test_a_column_that_a_suite_names_and_nobody_has_is_told(prepare: Prepare) -> None:
    """Else a slip of the pen would pass for ever; a score that stopped altogether is missing in all."""
    columns = ["Relevence", "Relevance"]
    kinds = ("drift", "outliers", "missing_more")
    checks = [*({"type": kind, "columns": columns} for kind in kinds), {"type": "missing", "max_share": 0.5}]
    checks[-1]["columns"] = columns
    folder = prepare(rows(300, 1), checks, rows(300, 2))
    assert failed(folder) == ["Relevence is missing in at most 50%"]
    assert [each["column"] for each in folder.conditions("not run")] == ["Relevence"] * 3
    assert {each["message"] for each in folder.conditions("not run")} == {"no response has Relevence"}


def test_a_topic_without_words_is_not_named_by_those_of_another(prepare: Prepare) -> None:
    """Such as of questions in numbers."""
    window, before = rows(100, 1), rows(100, 2)
    about = ["12 34 ??"] * 60 + ["Please reset the router password"] * 90 + ["Refund this invoice"] * 50
    asked = zip([*window, *before], about, strict=True)
    questions = [
        {"part": "window" if place < len(window) else "baseline", "id": row["id"], "text": text}
        for place, (row, text) in enumerate(asked)
    ]
    folder = prepare(window, [{"type": "drift", "columns": ["Topic"]}], before, tables={"questions": questions})
    assert failed(folder) == ["Topic is distributed as in the baseline"]
    assert "no word in common" in folder.page.read_text(encoding="utf-8")


def test_outliers_are_counted_against_the_baseline(prepare: Prepare) -> None:
    """A tenth of the answers took ten times as long."""
    before, now = rows(300, 1), rows(300, 2)
    now = [{**row, "Response Time": 100.0 if place % 8 == 0 else row["Response Time"]} for place, row in enumerate(now)]
    assert failed(prepare(now, [{"type": "outliers"}], before)) == ["at most 10% of Response Time are outliers"]
    assert failed(prepare(rows(300, 3), [{"type": "outliers"}], before)) == []


def test_repeated_responses_are_counted(prepare: Prepare) -> None:
    """Prompt and answer both; the first of them is no repetition."""
    once = rows(100, 4)
    twice = [{**row, "id": row["id"] + "-again"} for row in once]
    thrice = [{**row, "id": row["id"] + "-and-again"} for row in once]
    other = [{**row, "answer_hash": row["answer_hash"] + "-other"} for row in once]
    name = "at most 50% of the responses repeat an earlier one"
    assert failed(prepare([*once, *twice], [{"type": "duplicates"}])) == []
    assert failed(prepare([*once, *other], [{"type": "duplicates"}])) == []
    assert failed(prepare([*once, *twice, *thrice], [{"type": "duplicates"}])) == [name]


CONFLICTS = [
    ("Yes, you can return it within the period.", "No, you cannot return it within the period.", True),
    ("Có, bạn được đổi hàng.", "Không, bạn không được đổi hàng.", True),
    ("It opens at 9 and closes at 17.", "It opens at 10 and closes at 18.", True),
    ("It costs 15 euros a year.", "A year costs you 15 euros.", False),
    ("The card is free for children.", "The card is free for all children.", False),
    ("Paris", "The capital of France is Paris.", False),
    ("Our warehouse ships parcels daily.", "Reset the router before calling support.", True),
]


def answers(one: str, other: str) -> dict[str, list[dict[str, str]]]:
    """Both, to each of ten prompts."""
    texts = enumerate((one, other))
    return {
        "answers": [{"prompt_hash": f"p{n}", "id": f"{n}-{k}", "text": text} for k, text in texts for n in range(10)]
    }


def test_answers_that_contradict_each_other(prepare: Prepare) -> None:
    """By yes and no, by numbers, by words; they are quoted only where that is allowed."""
    checks = [{"type": "conflicts"}]
    folders = [prepare(rows(5, 5), checks, tables=answers(one, other)) for one, other, _ in CONFLICTS]
    quoting = prepare(rows(5, 5), checks, tables=answers(*CONFLICTS[0][:2]), show_texts=True)
    done = run(*folders, quoting)
    assert done.returncode == 0, done.stderr
    found = [bool(folder.conditions("failed")) for folder in folders]
    assert found == [conflict for _, _, conflict in CONFLICTS]
    assert CONFLICTS[0][0] not in folders[0].page.read_text(encoding="utf-8")
    assert CONFLICTS[0][0] in quoting.page.read_text(encoding="utf-8")


def test_cases_that_are_examples_leak(prepare: Prepare) -> None:
    """Word for word, and with a word changed; not what is only about the same."""
    examples = [
        {"source": "prompts/support/v1.md", "text": "How can I return a broken kettle that I bought last week?"}
    ]
    cases = [
        {"source": "suite: same", "text": "how can i return a broken kettle, that I bought last week"},
        {"source": "suite: other", "text": "How can I repair the handle of a kettle at home?"},
        {"source": "suite: short", "text": "kettle"},
    ]
    folder = prepare([], [{"type": "leakage"}], tables={"examples": examples, "cases": cases})
    assert failed(folder) == ["no case of a suite is an example in a prompt"]
    assert "suite: same is prompts/support/v1.md" in folder.conditions("failed")[0]["message"]
    assert "suite: other" not in folder.conditions("failed")[0]["message"]
    clean = prepare([], [{"type": "leakage"}], tables={"examples": examples, "cases": cases[1:]})
    assert failed(clean) == []
