"""Detection against Presidio's AnalyzerEngine and LLM Guard's regex scanner; `python -m tests.benchmarks detection`.

The sides take turns on the same texts, in processor time of one thread, without any cache. Presidio has its own
recognizers for exactly the entities that ours look for; LLM Guard takes part where it can be imported.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from guardrails.accuracy import Accuracy, Found
from guardrails.pii.recognizers import GENERAL
from guardrails.scanning.budget import Budget
from guardrails.scanning.plan import Plan
from guardrails.scanning.whole import whole_findings
from tests.benchmarks.labelled import labelled
from tests.benchmarks.llm_guard import regex_scanner, scanned
from tests.benchmarks.presidio import engine
from tests.benchmarks.tables import ratios, spread, table

SAME_MEANING = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "IP_ADDRESS",
    "US_SSN",
    "CRYPTO",
    "MAC_ADDRESS",
    "UUID",
)
"""Presidio's `URL` is any URL and its `DATE_TIME` any date: such work would not be the same, so it is not timed."""
WIDER = {"URL": "URL", "DATE_TIME": "DATE_OF_BIRTH"}
"""Presidio's entities that contain ours; their recall can be compared, their precision cannot."""
THRESHOLD = 0.35
ROUNDS = 9
SIZES = (50, 500, 5_000, 50_000)
CHARACTERS_A_ROUND = 20_000
OURS, PRESIDIO, LLM_GUARD = "InferSpect", "Presidio", "LLM Guard"
UNLIMITED = Budget(60.0, 1.0)

PARAGRAPH = (
    "The meeting of March 14, 2025 began at 10:30 and dealt with the budget, which grew by 4.5 % to $1,250,000. "
    "Our colleague asked whether version 2.13 of the report could be ready by Friday; nobody objected. "
    "There were 37 questions (see pages 12-19), most of them about hiring, travel and the new office. "
)
VALUES = (
    "Write to jane.doe@example.com or call (212) 555-0123. Her card is 4111 1111 1111 1111, her bank wants "
    "DE89370400440532013000, the server is 192.0.2.17 and her social security number 219-09-9998. "
)
TEXTS = {
    "plain": "A sentence with no digits at all, as most of them are in letters, stories and in questions to a model. ",
    "ordinary": VALUES + PARAGRAPH * 7,
    "dense": VALUES + PARAGRAPH,
    "values only": VALUES,
}
"""Repeated up to the length that is asked for: no value, one in about 370 characters, in 80, and in 30."""

Find = Callable[[str], Any]


def report() -> str:
    """Measure speed and accuracy and describe them in Markdown."""
    sides = sides_for(SAME_MEANING)
    return "\n\n".join([speed(sides), *accuracy()])


def sides_for(entities: tuple[str, ...]) -> dict[str, Find]:
    """What looks through a text, by side."""
    plan, presidio, scanner = plan_for(entities), engine(entities), regex_scanner()
    sides: dict[str, Find] = {
        OURS: lambda text: whole_findings(plan, text, UNLIMITED),
        PRESIDIO: lambda text: presidio.analyze(
            text=text, language="en", entities=list(entities), score_threshold=THRESHOLD
        ),
    }
    return sides if scanner is None else {**sides, LLM_GUARD: partial(scanned, scanner)}


def plan_for(entities: tuple[str, ...]) -> Plan:
    return Plan([recognizer for recognizer in GENERAL if recognizer.entity in entities], threshold=THRESHOLD)


def speed(sides: dict[str, Find]) -> str:
    lines = []
    for kind, sentence in TEXTS.items():
        for size in SIZES:
            text = (sentence * (size // len(sentence) + 1))[:size]
            lines.append(f"| {kind}, {size / 1000:g} KB | {' | '.join(cells(timed(sides, text)))} |")
    others = [side for side in sides if side != OURS]
    head = ["milliseconds of processor time", *sides, *(f"times faster than {side} (rounds)" for side in others)]
    return table(" | ".join(head), lines)


def timed(sides: dict[str, Find], text: str) -> dict[str, list[float]]:
    """Milliseconds that each side takes for a text, in each round."""
    calls = max(1, CHARACTERS_A_ROUND // len(text))
    times: dict[str, list[float]] = {side: [] for side in sides}
    for find in sides.values():
        find(text)
    for number in range(ROUNDS):
        for side in sorted(sides, reverse=bool(number % 2)):
            began = time.thread_time()
            for _ in range(calls):
                sides[side](text)
            times[side].append((time.thread_time() - began) * 1000 / calls)
    return times


def cells(times: dict[str, list[float]]) -> list[str]:
    faster = [ratios(values, times[OURS]) for side, values in times.items() if side != OURS]
    return [
        *(f"{statistics.median(values):.3g}" for values in times.values()),
        *(f"**{statistics.median(values):.1f}** ({spread(values, '.1f')})" for values in faster),
    ]


def accuracy() -> list[str]:
    """Recall and precision of both sides over the labelled sentences, by entity."""
    finders = (plan_finds(), presidio_finds())
    lines = []
    for entities, is_wider in ((SAME_MEANING, False), (tuple(WIDER.values()), True)):
        ours, theirs = (measured(finds, entities).by_entity for finds in finders)
        for entity in entities:
            recall = f"{ours[entity].recall:.2f} | {theirs[entity].recall:.2f}"
            precision = "- | -" if is_wider else f"{ours[entity].precision:.2f} | {theirs[entity].precision:.2f}"
            lines.append(f"| {entity} | {ours[entity].labelled} | {recall} | {precision} |")
    head = f"entity | labels | recall: {OURS} | {PRESIDIO} | precision: {OURS} | {PRESIDIO}"
    return [table(head, lines)]


def measured(finds: Callable[[str], list[Found]], entities: tuple[str, ...]) -> Accuracy:
    """Over the sentences with these entities, and those with none."""
    accuracy = Accuracy()
    for example in labelled():
        if all(label.label in entities for label in example.labels):
            accuracy.add(example, finds(example.text), entities, {})
    return accuracy


def plan_finds() -> Callable[[str], list[Found]]:
    plan = plan_for((*SAME_MEANING, *WIDER.values()))

    def finds(text: str) -> list[Found]:
        found = [finding for finding, _ in whole_findings(plan, text, UNLIMITED)]
        return [Found(finding.entity, finding.start, finding.end) for finding in found]

    return finds


def presidio_finds() -> Callable[[str], list[Found]]:
    presidio = engine((*SAME_MEANING, *WIDER))

    def finds(text: str) -> list[Found]:
        results = presidio.analyze(text=text, language="en", score_threshold=THRESHOLD)
        return [Found(WIDER.get(each.entity_type, each.entity_type), each.start, each.end) for each in results]

    return finds
