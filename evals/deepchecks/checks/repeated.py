"""What came more than once: the same answer to the same prompt, and answers to a prompt that contradict each other."""

from __future__ import annotations

import html
import re
from itertools import combinations
from typing import Any

import pandas as pd

from evals.deepchecks.checks.base import WindowCheck, too_few
from evals.deepchecks.condition import Figure, Figures
from evals.deepchecks.responses import Responses

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
WORD = re.compile(r"[^\W\d_]+")
YES = re.compile(r"\W*(?:yes|yeah|correct|certainly|vâng|có|đúng)\b", re.IGNORECASE)
NO = re.compile(r"\W*(?:no|nope|incorrect|không|sai|chưa)\b", re.IGNORECASE)
SHOWN = 10
SHOWN_CHARACTERS = 200
SHOWN_DIGITS = 12
MOST_ANSWERS = 10  # of one prompt that are compared, each with each


class Duplicates(WindowCheck):
    """Share of responses that repeat an earlier one, prompt and answer."""

    NAME = "at most {share:.0%} of the responses repeat an earlier one"

    def __init__(self, responses: Responses, *, max_share: float = 0.5, at_least: int = 50) -> None:
        self.max_share = max_share
        self.at_least = at_least
        self.condition = self.NAME.format(share=max_share)
        super().__init__(responses, [self.condition])

    def figures(self) -> tuple[Figures, list[Any]]:
        """One figure, and what is repeated most."""
        table = self.responses.window
        if not {"prompt_hash", "answer_hash"} <= set(table):
            return {self.condition: Figure("no prompts and answers are kept", None)}, []
        known = table.dropna(subset=["prompt_hash", "answer_hash"])
        if len(known) < self.at_least:
            return {self.condition: too_few(len(known), self.at_least, "responses with content")}, []
        share = float(known.duplicated(["prompt_hash", "answer_hash"]).mean())
        figure = Figure(f"{share:.1%} of {len(known)}", share <= self.max_share, share, self.max_share)
        counts = known.groupby(["prompt_hash", "answer_hash"]).agg(responses=("id", "size"), first=("id", "first"))
        most = counts[counts["responses"] > 1].nlargest(SHOWN, "responses").reset_index()
        most["prompt_hash"] = most["prompt_hash"].str[:SHOWN_DIGITS]
        return {self.condition: figure}, [most.drop(columns="answer_hash")] if len(most) else []


class Conflicts(WindowCheck):
    """Share of the prompts that came more than once whose answers contradict each other.

    Two answers do where one begins with a yes and the other with a no, where both have numbers and none in common, or
    where they share less than ``similarity`` of their words.
    """

    NAME = "at most {share:.0%} of the repeated prompts have conflicting answers"

    def __init__(
        self, responses: Responses, *, max_share: float = 0.1, similarity: float = 0.15, at_least: int = 10
    ) -> None:
        self.max_share = max_share
        self.similarity = similarity
        self.at_least = at_least
        self.condition = self.NAME.format(share=max_share)
        super().__init__(responses, [self.condition])

    def figures(self) -> tuple[Figures, list[Any]]:
        """One figure, and pairs of answers that conflict."""
        answers = self.responses.answers
        if answers is None:
            return {self.condition: Figure("no answers are kept", None)}, []
        prompts = answers["prompt_hash"].nunique()
        found: list[dict[str, str]] = []
        for prompt, group in answers.dropna(subset=["text"]).groupby("prompt_hash"):
            conflict = self._conflict(str(prompt), group.head(MOST_ANSWERS))
            found += [conflict] if conflict else []
        if prompts < self.at_least:
            return {self.condition: too_few(prompts, self.at_least, "prompts came more than once")}, []
        share = len(found) / prompts
        figure = Figure(f"{share:.1%} of {prompts} prompts", share <= self.max_share, share, self.max_share)
        return {self.condition: figure}, [pd.DataFrame(found[:SHOWN])] if found else []

    def _conflict(self, prompt: str, group: pd.DataFrame) -> dict[str, str] | None:
        rows = list(zip(group["id"], group["text"], strict=True))
        for (first, one), (second, other) in combinations(rows, 2):
            why = conflict_between(one, other, self.similarity)
            if why:
                found = {"prompt_hash": prompt[:SHOWN_DIGITS], "one": str(first), "other": str(second), "why": why}
                texts = {"answer": one, "other answer": other} if self.responses.show_texts else {}
                return found | {name: html.escape(text[:SHOWN_CHARACTERS]) for name, text in texts.items()}
        return None


def conflict_between(one: str, other: str, similarity: float) -> str | None:
    """Why two answers to one prompt contradict each other; ``None`` where they do not seem to."""
    if (YES.match(one) and NO.match(other)) or (NO.match(one) and YES.match(other)):
        return "yes and no"
    numbers, others = set(NUMBER.findall(one)), set(NUMBER.findall(other))
    if numbers and others and not numbers & others:
        return "other numbers"
    words, theirs = _words(one), _words(other)
    if words and theirs and len(words & theirs) < similarity * min(len(words), len(theirs)):
        return "other words"
    return None


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}
