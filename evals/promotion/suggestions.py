"""Assertions that an answer fails which was bad in production: offline, and few, for a person to go on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.promotion.candidates import Candidate
from evals.promotion.case import Assertion
from evals.promotion.words import PLACEHOLDER, is_vietnamese, most_telling, normal, refusal_in, telling_words
from inferspect.events.event import GatewayEvent

SHARED = "file://../../shared/"
MOST_WORDS = 6
LONGEST_EQUAL = 200  # characters of an answer that a person still reads in an assertion
ANY_ANSWER = "String(output).trim() !== ''"
PLENTY, ENOUGH = 0.5, 0.3
JSON_FORMS = frozenset({"json_object", "json_schema"})
TEMPLATE_MARKS = ("{{", "{%", "{#")
READ_FROM_ELSEWHERE = ("file://", "package:")


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """What is known of an answer, all texts redacted.

    Attributes:
        question: what was asked; ``answer``: what came, empty where nothing did.
        event: the request; ``None`` where only a text was handed in.
        scores: all that the answer has, by name.
        form: the ``response_format`` that was asked for, empty where there was none.
        context: name of the suite's variable with documents, ``None`` where it has none.
        given: assertions that the suite has for each case, as text, so that none is suggested twice.
        shared: names of the assertions in files that the suite can use.
    """

    candidate: Candidate
    question: str
    answer: str
    event: GatewayEvent | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    context: str | None = None
    given: str = ""
    shared: frozenset[str] = frozenset()

    def is_bad_by(self, score: str, is_bad: Callable[[float], bool]) -> bool:
        """Whether it was found by this score, or has a bad one of this name."""
        value = self.scores.get(score)
        return self.candidate.score == score or (value is not None and is_bad(value))


def suggested(bad: BadAnswer) -> tuple[Assertion, ...]:
    """Assertions that the answer of then fails, the most telling first; where none fits, one for any answer."""
    if bad.candidate.cause == "blocked":
        return (Assertion("It was blocked and should not have been: no guardrail refuses it.", "guardrails"),)
    found = tuple(each for suggest in SUGGESTING for each in suggest(bad) if _is_there(each, bad))
    if found:
        return found
    return (
        Assertion("There is an answer; say here what a good one holds.", "javascript", "String(output).trim() !== ''"),
    )


def _any_answer(bad: BadAnswer) -> Iterator[Assertion]:
    if not bad.answer and bad.candidate.cause == "failed":
        yield Assertion("The request failed then; an error is no pass.", "javascript", ANY_ANSWER)


def _json(bad: BadAnswer) -> Iterator[Assertion]:
    if bad.form.get("type") not in JSON_FORMS or not bad.is_bad_by("JSON validity", lambda value: value < 1):
        return
    told = bad.form.get("json_schema")
    schema = (told if isinstance(told, Mapping) else bad.form).get("schema")
    if isinstance(schema, Mapping) and not _is_run(schema):
        yield _shared("It was not the JSON that the request asked for.", "json_schema.py", {"schema": schema})
    else:
        yield Assertion("It was no JSON, which the request asked for.", "is-json")


def _language(bad: BadAnswer) -> Iterator[Assertion]:
    if bad.answer and is_vietnamese(bad.question) and not is_vietnamese(bad.answer):
        yield _shared("The question is Vietnamese, and the answer was not.", "language.py", {"language": "vi"})


def _grounded(bad: BadAnswer) -> Iterator[Assertion]:
    of_context = ("Grounded in Context", "Grounded in Context (judge)")
    if bad.context is None:
        return
    if any(bad.is_bad_by(name, lambda value: value < PLENTY) for name in of_context):
        config = None if bad.context == "context" else {"context": bad.context}
        yield _shared("It said what does not stand in the documents.", "grounded.mjs", config)


def _relevant(bad: BadAnswer) -> Iterator[Assertion]:
    names = ("Relevance", "Relevance (judge)", "Relevance (embeddings)")
    if not bad.answer or not any(bad.is_bad_by(name, lambda value: value < ENOUGH) for name in names):
        return
    said = normal(bad.answer)
    words = [word for word in telling_words(bad.question) if word not in said][:MOST_WORDS]
    if words and len(words) == len(telling_words(bad.question)[:MOST_WORDS]):
        yield Assertion("It missed the question: it had none of its words.", "icontains-any", words)


def _not_evading(bad: BadAnswer) -> Iterator[Assertion]:
    refusal = refusal_in(bad.answer)
    if refusal and (
        bad.candidate.cause == "disliked" or bad.is_bad_by("Avoided Answer", lambda value: value >= PLENTY)
    ):
        yield Assertion("It evaded the question with these words.", "not-icontains", refusal)


def _personal(bad: BadAnswer) -> Iterator[Assertion]:
    if bad.is_bad_by("PII found", lambda value: value > 0):
        yield _shared("It held personal data.", "no-personal-data.mjs")


def _quick(bad: BadAnswer) -> Iterator[Assertion]:
    seconds = None if bad.event is None else bad.event.seconds_total
    if bad.candidate.score == "Response Time" and seconds:
        half = max(1, round(seconds * 500))
        yield Assertion(f"It took {seconds:.3g} seconds: half of it, in milliseconds.", "latency", threshold=half)


def _brief(bad: BadAnswer) -> Iterator[Assertion]:
    if bad.candidate.score in {"Token Efficiency", "Text Length"} and len(bad.answer) > 1:
        half = len(bad.answer) // 2
        yield Assertion(
            f"It had {len(bad.answer)} characters: half of them at most.",
            "javascript",
            f"String(output).length <= {half}",
        )


def _not_the_same(bad: BadAnswer) -> Iterator[Assertion]:
    """The answer of then itself: its most telling sentence, or all of it where it is short."""
    if not bad.answer:
        return
    sentence = most_telling(bad.answer, [bad.question])
    if sentence is not None and not _is_run(sentence):
        yield Assertion("It said this.", "not-icontains", sentence)
    elif len(bad.answer) <= LONGEST_EQUAL and not _is_run(bad.answer) and not PLACEHOLDER.search(bad.answer):
        yield Assertion("It said only this.", "not-equals", bad.answer)


SUGGESTING = (
    _any_answer, _json, _language, _grounded, _relevant, _not_evading, _personal, _quick, _brief, _not_the_same,
)  # fmt: skip


def _shared(comment: str, name: str, config: Mapping[str, Any] | None = None) -> Assertion:
    kind = "python" if name.endswith(".py") else "javascript"
    return Assertion(comment, kind, f"{SHARED}{name}", config=config)


def _is_there(assertion: Assertion, bad: BadAnswer) -> bool:
    """Whether the suite can use an assertion, and has not got it for all its cases."""
    if not isinstance(assertion.value, str) or not assertion.value.startswith(SHARED):
        return True
    name = assertion.value.removeprefix(SHARED)
    return name in bad.shared and name not in bad.given


def _is_run(value: Any) -> bool:
    """Whether Promptfoo would take something within for a template, or for what is to be read from elsewhere."""
    if isinstance(value, str):
        return value.lstrip().startswith(READ_FROM_ELSEWHERE) or any(mark in value for mark in TEMPLATE_MARKS)
    if isinstance(value, Mapping):
        return "$ref" in value or any(_is_run(member) for pair in value.items() for member in pair)
    return isinstance(value, list) and any(map(_is_run, value))
