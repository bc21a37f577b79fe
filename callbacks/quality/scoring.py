"""Scores one response by all scorers; what a process of the pool does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callbacks.quality.languages import Identifier
from callbacks.quality.processor_time import OverdueError
from callbacks.quality.reading import ContentCutError, read_input, read_output
from callbacks.quality.scorers import OWN
from callbacks.quality.words import without_code
from inferspect.observation.scorer import Response, Score, Scorer, Skip, load_scorer

NO_ANSWER = "no_answer"
MISSING = frozenset({NO_ANSWER, "no_question", "no_context"})
NOT_KEPT = "no_content"
CUT = "content_cut"
LONGEST_WORD = 64
DIGITS = 6
TOLD = ("model", "model_served", "call_type", "stream", "finish_reason")


Limited = Callable[[Callable[[], Score | Skip]], Score | Skip]


@dataclass(slots=True)
class Scored:
    """Scores, labels and skips of one response, by name: each scorer is in ``scores`` or in ``skips``."""

    scores: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    skips: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


def _unlimited(call: Callable[[], Score | Skip]) -> Score | Skip:
    return call()


class Scoring:
    """All scorers, made once.

    Args:
        own: dotted names of the operator's.
        max_characters: of a question, a context, an answer that are looked at.
        limited: runs one scorer and raises :class:`callbacks.quality.processor_time.OverdueError` where it takes too
            long; none by default.
    """

    def __init__(self, own: Iterable[str] = (), max_characters: int = 20_000, limited: Limited = _unlimited) -> None:
        self._scorers: Sequence[Scorer] = [made() for made in [*OWN, *map(load_scorer, own)]]
        self._identifier = Identifier()
        self._max_characters = max_characters
        self._limited = limited

    def score(self, response: Response) -> Scored:
        """The scores of a response: each scorer gives one, or a reason for none."""
        scored = Scored()
        for scorer in self._scorers:
            if scorer.version != 1:
                scored.versions[scorer.name] = scorer.version
            result = self._result(scorer, response)
            if isinstance(result, Skip):
                scored.skips[scorer.name] = result.reason
                continue
            scored.scores[scorer.name] = result.value
            if result.label is not None:
                scored.labels[scorer.name] = result.label
        return scored

    def _result(self, scorer: Scorer, response: Response) -> Score | Skip:
        try:
            return self._limited(lambda: _as_stored(scorer, _returned(scorer, response)))
        except OverdueError:
            return Skip("timeout")
        except Exception:  # noqa: BLE001  an operator's scorer may do anything; the message may quote the text
            return Skip("error")

    def read(self, event: Mapping[str, Any], asked: str | None, answered: str | None) -> Response:
        """The response as scorers see it.

        Args:
            event: what :func:`callbacks.quality.figures.figures_of` says of its event.
            asked: what is kept of the request, as JSON.
            answered: what is kept of the answer, as JSON.
        """
        most = self._max_characters
        found = read_input(asked)
        question, context = _readable(found.question[:most]), _readable("\n".join(found.contexts)[:most])
        try:
            answer, is_cut = read_output(answered), False
        except ContentCutError:
            answer, is_cut = "", True
        is_cut = is_cut or len(answer) > most
        answer = _readable(answer[:most])
        prose = without_code(answer)
        language, confidence = self._identifier.identify(prose)
        return Response(
            question=question,
            context=context,
            answer=answer,
            prose=prose,
            language=language,
            language_confidence=confidence,
            question_language=self._identifier.identify(question)[0],
            context_language=self._identifier.identify(context)[0],
            response_format=event.get("response_format"),
            completion_tokens=event.get("completion_tokens"),
            reasoning_tokens=event.get("reasoning_tokens") or 0,
            seconds=event.get("seconds"),
            pii_found=event.get("pii_found"),
            cut=is_cut,
            kept=asked is not None or answered is not None,
            event={name: event.get(name) for name in TOLD},
        )


def _readable(text: str) -> str:
    """Without halves of characters, which JSON can write and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _word(said: object) -> str:
    """A label or reason of an operator's scorer as the store takes it."""
    return _readable(str(said)[:LONGEST_WORD]).replace("\0", "")


def _returned(scorer: Scorer, response: Response) -> Score | Skip:
    skip = scorer.applies(response)
    if skip is None:
        return scorer.score(response)
    if skip.reason in MISSING and not response.kept:
        return Skip(NOT_KEPT)
    return Skip(CUT) if skip.reason == NO_ANSWER and response.cut else skip


def _as_stored(scorer: Scorer, result: Score | Skip) -> Score | Skip:
    """What a scorer returned, as the store takes it: numbers of other libraries become floats, labels texts.

    Raises:
        ValueError: it is no number, or lies outside of the scorer's range.
    """
    if isinstance(result, Skip):
        return Skip(_word(result.reason))
    value = round(float(result.value), DIGITS)
    is_within = scorer.low <= value and (scorer.high is None or value <= scorer.high)
    if not (math.isfinite(value) and is_within):
        raise ValueError(f"{value} is outside of the range of {scorer.name}")
    return Score(value, None if result.label is None else _word(result.label))
