"""What a scorer is: a class that gives an answer one score, or says why it has none.

Scorers run in processes of their own, which import nothing of LiteLLM: see ``docs/quality.md``.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Direction = Literal["higher", "lower", "neither"]
Cost = Literal["microseconds", "milliseconds", "model"]
Need = Literal["question", "context", "answer"]
UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class Response:
    """One answered request as scorers see it: texts as the guardrails left them, each cut to the settings' length.

    Attributes:
        question: what the user asked last, without the context that came with it.
        context: documents that came with the request, such as search results.
        answer: the text of the answer; empty where there is none, as in a call of a tool.
        prose: the answer without blocks of code.
        language: ISO 639-1 code of the prose; ``und`` where it is too short to tell.
        language_confidence: from 0 to 1.
        question_language: as ``language``, of the question; ``context_language`` of the context.
        response_format: the form that was asked for, as in OpenAI's ``response_format``.
        seconds: until the last byte was sent.
        pii_found: personal data that the guardrails found in the answer; ``None`` where they did not look.
        cut: the answer is longer than what is seen of it.
        kept: the texts are kept; where they are not, a response has scores of its figures only.
        event: of the request's event ``model``, ``model_served``, ``call_type``, ``stream``, ``finish_reason``.
    """

    question: str = ""
    context: str = ""
    answer: str = ""
    prose: str = ""
    language: str = UNDETERMINED
    language_confidence: float = 0.0
    question_language: str = UNDETERMINED
    context_language: str = UNDETERMINED
    response_format: Mapping[str, Any] | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int = 0
    seconds: float | None = None
    pii_found: int | None = None
    cut: bool = False
    kept: bool = True
    event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """A score, and what it stands for where a number does not say it, such as which language."""

    value: float
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a response has no score of this name; a word or a few, joined by underscores."""

    reason: str


class Scorer(ABC):
    """Gives each answer one score. Made once in each process; keeps nothing of one response for another.

    Attributes:
        name: of the score; never changes, as stored scores are found by it.
        low: least score; ``high``: greatest, ``None`` where there is no bound.
        direction: which scores are better.
        cost: what a response takes of a processor.
        needs: texts without which there is no score.
        languages: those of answers that it can judge; ``None`` for all.
        version: grows when the method changes, as its scores do not compare with earlier ones then.
    """

    name: ClassVar[str]
    low: ClassVar[float] = 0.0
    high: ClassVar[float | None] = 1.0
    direction: ClassVar[Direction] = "higher"
    cost: ClassVar[Cost] = "microseconds"
    needs: ClassVar[tuple[Need, ...]] = ("answer",)
    languages: ClassVar[frozenset[str] | None] = None
    version: ClassVar[int] = 1

    def applies(self, response: Response) -> Skip | None:
        """Why the response has no such score, or ``None``."""
        for need in self.needs:
            if not getattr(response, need):
                return Skip(f"no_{need}")
        if self.languages is not None and response.language not in self.languages:
            return Skip("language_unsupported")
        return None

    @abstractmethod
    def score(self, response: Response) -> Score | Skip:
        """The score of a response that it applies to."""


def load_scorer(dotted: str) -> type[Scorer]:
    """The class of a name such as ``my_company.quality:Politeness``.

    Raises:
        ValueError: it is not written so, or names nothing that is a scorer; the message tells which.
    """
    module, _, name = dotted.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(f"a scorer is named as package.module:Class, not {dotted!r}")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except Exception as error:  # whatever the module raises
        raise ValueError(f"the scorer {dotted} cannot be imported: {type(error).__name__}: {error}") from error
    if found is None:
        raise ValueError(f"there is no {name} in {module}")
    if not (isinstance(found, type) and issubclass(found, Scorer)):
        raise ValueError(f"{dotted} is no subclass of inferspect.observation.scorer.Scorer")  # noqa: TRY004  the value is wrong
    _check(dotted, found)
    return found


def _check(dotted: str, scorer: type[Scorer]) -> None:
    name = getattr(scorer, "name", None)
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(f"the scorer {dotted} has no `name`, which is a text of printable characters")
    if not isinstance(scorer.version, int):
        raise ValueError(f"the scorer {dotted} has a `version` that is no whole number")  # noqa: TRY004  as above
    bounds = (scorer.low,) if scorer.high is None else (scorer.low, scorer.high)
    if not all(isinstance(bound, int | float) for bound in bounds):
        raise ValueError(f"the scorer {dotted} has a `low` or a `high` that is no number")
    if scorer.high is not None and scorer.high <= scorer.low:
        raise ValueError(f"the scorer {dotted} has a `high` that is not above its `low`")
    try:
        scorer()
    except Exception as error:  # whatever its constructor raises
        raise ValueError(f"the scorer {dotted} cannot be made: {type(error).__name__}: {error}") from error
