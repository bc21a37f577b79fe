"""Assertions that the answer of then fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from evals.promotion.candidates import Candidate
from evals.promotion.suggestions import BadAnswer, suggested
from tests.spans.events import event

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SHARED = frozenset({"grounded.mjs", "json_schema.py", "language.py", "no-personal-data.mjs"})
QUESTION = "How long can I return a jacket?"


def bad(
    answer: str, question: str = QUESTION, *, score: str | None = None, cause: Any = None, **told: Any
) -> BadAnswer:
    value = told.get("scores", {}).get(score)
    candidate = Candidate("a", NOW, cause or ("score" if score else "named"), "why", score, value)
    return BadAnswer(candidate, question, answer, **{"shared": SHARED, **told})


def types(one: BadAnswer) -> list[tuple[str, Any]]:
    return [(each.type, each.value) for each in suggested(one)]


def test_an_answer_beside_the_question_has_to_name_what_it_is_about() -> None:
    found = types(bad("Umbrellas are sold out until spring.", score="Relevance"))
    assert found == [
        ("icontains-any", ["long", "return", "jacket"]),
        ("not-icontains", "Umbrellas are sold out until spring."),
    ]


def test_words_that_the_answer_had_are_not_asked_for() -> None:
    assert [kind for kind, _ in types(bad("A jacket is warm and nice.", score="Relevance"))] == ["not-icontains"]


def test_an_evasion_may_not_be_said_again() -> None:
    found = types(bad("I'm sorry, but I can't help with that.", score="Avoided Answer", scores={"Avoided Answer": 1.0}))
    assert ("not-icontains", "i can't") in found


def test_json_has_to_be_json_and_of_the_schema_that_was_asked_for() -> None:
    assert ("is-json", None) in types(bad("Sure: {", score="JSON validity", form={"type": "json_object"}))
    schema = {"type": "object", "required": ["days"]}
    form = {"type": "json_schema", "json_schema": {"name": "days", "schema": schema}}
    (found, *_) = suggested(bad("{}", score="JSON validity", form=form))
    assert (found.type, found.value, found.config) == (
        "python",
        "file://../../shared/json_schema.py",
        {"schema": schema},
    )


@pytest.mark.parametrize(
    "schema", [{"$ref": "file:///etc/passwd"}, {"a": [{"$ref": "http://x"}]}, {"title": "{{ env }}"}]
)
def test_no_schema_makes_promptfoo_read_from_elsewhere(schema: dict[str, Any]) -> None:
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    assert types(bad("{}", score="JSON validity", form=form))[0] == ("is-json", None)


def test_a_vietnamese_question_wants_a_vietnamese_answer() -> None:
    found = suggested(bad("You can return it.", "Tôi có thể đổi áo trong bao lâu?", cause="disliked"))
    assert ("python", {"language": "vi"}) in [(each.type, each.config) for each in found]


def test_made_up_facts_are_held_against_the_documents_where_the_suite_has_them() -> None:
    answer = "The warranty is seven years."
    with_context = types(bad(answer, score="Grounded in Context", context="context"))
    assert with_context[0] == ("javascript", "file://../../shared/grounded.mjs")
    assert with_context[1:] == types(bad(answer, score="Grounded in Context"))


@pytest.mark.parametrize(
    "told", [{"given": '[{"value": "file://../../shared/grounded.mjs"}]'}, {"shared": frozenset()}]
)
def test_what_the_suite_has_for_all_cases_or_has_not_at_all_is_not_suggested(told: dict[str, Any]) -> None:
    found = types(bad("The warranty is seven years.", score="Grounded in Context", context="context", **told))
    assert [kind for kind, _ in found] == ["not-icontains"]


def test_a_slow_answer_gets_half_its_time_and_a_long_one_half_its_length() -> None:
    (slow, *_) = suggested(bad("Yes.", score="Response Time", event=event(seconds_total=8.0)))
    assert (slow.type, slow.threshold) == ("latency", 4000)
    (long, *_) = types(bad("word " * 100, score="Token Efficiency"))
    assert long == ("javascript", "String(output).length <= 250")


def test_a_short_answer_may_not_be_given_again() -> None:
    assert types(bad("Nope.")) == [("not-equals", "Nope.")]


def test_a_blocked_request_is_not_to_be_refused() -> None:
    assert types(bad("", cause="blocked")) == [("guardrails", None)]


def test_a_failed_one_is_to_be_answered() -> None:
    assert types(bad("", cause="failed")) == [("javascript", "String(output).trim() !== ''")]


@pytest.mark.parametrize(
    "answer", ["{{ env.EVAL_KEY }} is what you asked for.", "file:///etc/passwd has it all.", "{% raw %}"]
)
def test_nothing_that_promptfoo_would_run_gets_into_an_assertion(answer: str) -> None:
    shown = repr([each.as_yaml() for each in suggested(bad(answer))])
    assert "{{" not in shown
    assert "{%" not in shown
    assert "file:" not in shown


def test_of_a_redacted_answer_only_what_stands_beside_placeholders_is_compared() -> None:
    (found,) = types(bad("Please write to <EMAIL_ADDRESS> about umbrellas in the cellar."))
    assert found == ("not-icontains", "about umbrellas in the cellar.")
    assert types(bad("<PERSON>")) == [("javascript", "String(output).trim() !== ''")]
