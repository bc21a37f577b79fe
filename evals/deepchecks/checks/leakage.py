"""Leakage: cases that a prompt is tested with and that stand in a prompt as an example already."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from typing import Any

import pandas as pd

from evals.deepchecks.checks.base import WindowCheck
from evals.deepchecks.condition import Figure, Figures
from evals.deepchecks.responses import Responses

WORD = re.compile(r"\w+")
TOGETHER = 3  # words
FEWEST_WORDS = 4  # a shorter text is the same as another by chance
SHOWN = 20
SHOWN_CHARACTERS = 80


class Leakage(WindowCheck):
    """Cases that are also examples: word for word, or alike by the sequences of three words that they share."""

    NAME = "no case of a suite is an example in a prompt"

    def __init__(self, responses: Responses, *, similarity: float = 0.8, max_cases: int = 0) -> None:
        self.similarity = similarity
        self.max_cases = max_cases
        super().__init__(responses, [self.NAME])

    def figures(self) -> tuple[Figures, list[Any]]:
        """One figure, and which case is which example."""
        examples, cases = self.responses.examples, self.responses.cases
        if examples is None or cases is None:
            return {self.NAME: Figure("there are no prompts and suites to look at", None)}, []
        known = [(source, _shingles(text)) for source, text in _rows(examples)]
        by_shingle: dict[str, set[int]] = defaultdict(set)
        for number, (_, shingles) in enumerate(known):
            for shingle in shingles:
                by_shingle[shingle].add(number)
        found: list[dict[str, str]] = []
        for source, text in _rows(cases):
            shingles = _shingles(text)
            near = {number for shingle in shingles for number in by_shingle.get(shingle, ())}
            for number in sorted(near):
                example, theirs = known[number]
                likeness = len(shingles & theirs) / len(shingles | theirs)
                if likeness >= self.similarity:
                    found.append(_row(source, example, likeness, text))
        cases_found = len({each["case"] for each in found})
        message = f"{cases_found} of {len(cases)} texts of cases are among {len(examples)} examples"
        if found:
            message += ": " + "; ".join(f"{each['case']} is {each['example']}" for each in found[:3])
        figure = Figure(message, cases_found <= self.max_cases, float(cases_found), float(self.max_cases))
        return {self.NAME: figure}, [pd.DataFrame(found[:SHOWN])] if found else []


def _rows(table: pd.DataFrame) -> list[tuple[str, str]]:
    known = table.dropna(subset=["text"])
    return list(zip(known["source"].astype(str), known["text"].astype(str), strict=True))


def _shingles(text: str) -> set[str]:
    words = [word.casefold() for word in WORD.findall(text)]
    if len(words) < FEWEST_WORDS:
        return set()
    return {" ".join(words[place : place + TOGETHER]) for place in range(len(words) - TOGETHER + 1)}


def _row(case: str, example: str, likeness: float, text: str) -> dict[str, str]:
    return {
        "case": html.escape(case),
        "example": html.escape(example),
        "alike": f"{likeness:.0%}",
        "text": html.escape(text[:SHOWN_CHARACTERS]),
    }
