"""How well findings agree with labels: precision, recall and F1, by entity and over all.

A finding is right where it has the entity of a label and overlaps it by at least half of what both cover together:
an intersection over union (IoU, the Jaccard index; https://en.wikipedia.org/wiki/Jaccard_index) of 0.5 or more. One
label makes one finding right and no more; where several could be, those that overlap most are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from guardrails.labelled import Example

LEAST_OVERLAP = 0.5
AROUND = 30  # characters


class Found(NamedTuple):
    """A value of an entity in a text, as a label or as a finding."""

    entity: str
    start: int
    end: int


@dataclass(slots=True)
class Figures:
    """Counts of one entity, or of all.

    Attributes:
        labelled: labels, which is also called support.
        found: findings.
        right: findings that agree with a label.
        exact: those of them that begin and end where their label does.
    """

    labelled: int = 0
    found: int = 0
    right: int = 0
    exact: int = 0

    @property
    def precision(self) -> float | None:
        """Part of the findings that is right; ``None`` where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Part of the labels that was found; ``None`` where there is none."""
        return self.right / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, 2 right / (labelled + found); ``None`` where there is neither."""
        return 2 * self.right / (self.labelled + self.found) if self.labelled + self.found else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A label that was missed, or a finding that no label agrees with.

    Attributes:
        place: of its text in the file, such as ``line 3``.
        before: up to 30 characters of the text before the value; ``after`` likewise.
        taken_for: of a miss: the entity that was found in its place.
    """

    kind: Literal["miss", "false alarm"]
    entity: str
    place: str
    value: str
    before: str
    after: str
    taken_for: str | None = None


@dataclass(slots=True)
class Accuracy:
    """What came of comparing.

    Attributes:
        overall: of all entities, each value counting the same (the micro average).
        not_looked_for: labels, with their number, that the figures leave out because nothing looks for them.
    """

    texts: int = 0
    overall: Figures = field(default_factory=Figures)
    by_entity: defaultdict[str, Figures] = field(default_factory=lambda: defaultdict(Figures))
    mistakes: list[Mistake] = field(default_factory=list)
    not_looked_for: Counter[str] = field(default_factory=Counter)

    def add(
        self, example: Example, found: Sequence[Found], looked_for: Iterable[str], names: Mapping[str, str]
    ) -> None:
        """Compare the findings of one text with its labels.

        Args:
            looked_for: the entities that would have been found.
            names: by label, the entity that it stands for; the label itself where it is not named.
        """
        self.texts += 1
        known = frozenset(looked_for)
        labels: list[Found] = []
        for name, start, end in example.labels:
            entity = names.get(name, name)
            if entity in known:
                labels.append(Found(entity, start, end))
            else:
                self.not_looked_for[name] += 1
        right = _matched(labels, found)
        for index, label in enumerate(labels):
            self._count(label.entity, "labelled")
            if index in right:
                self._count(label.entity, "right")
                if found[right[index]] == label:
                    self._count(label.entity, "exact")
            else:
                taken_for = next((other.entity for other in found if overlap(label, other) >= LEAST_OVERLAP), None)
                self.mistakes.append(_mistake("miss", example, label, taken_for))
        agreed = set(right.values())
        for index, finding in enumerate(found):
            self._count(finding.entity, "found")
            if index not in agreed:
                self.mistakes.append(_mistake("false alarm", example, finding))

    def as_json(self, shown: Sequence[Mistake]) -> dict[str, Any]:
        """All figures, and of the mistakes those that are to be shown."""
        return {
            "texts": self.texts,
            "overall": self.overall.as_json(),
            "entities": {entity: figures.as_json() for entity, figures in sorted(self.by_entity.items())},
            "not_looked_for": dict(sorted(self.not_looked_for.items())),
            "mistakes": len(self.mistakes),
            "shown": [asdict(mistake) for mistake in shown],
        }

    def _count(self, entity: str, what: Literal["labelled", "found", "right", "exact"]) -> None:
        for figures in (self.by_entity[entity], self.overall):
            setattr(figures, what, getattr(figures, what) + 1)


def overlap(one: Found, other: Found) -> float:
    """Intersection over union of two places, from 0 to 1."""
    both = min(one.end, other.end) - max(one.start, other.start)
    return both / (one.end - one.start + other.end - other.start - both) if both > 0 else 0.0


def _matched(labels: Sequence[Found], found: Sequence[Found]) -> dict[int, int]:
    """By label, the finding that agrees with it; both by their index."""
    pairs = [
        (shared, i, j)
        for i, label in enumerate(labels)
        for j, finding in enumerate(found)
        if label.entity == finding.entity and (shared := overlap(label, finding)) >= LEAST_OVERLAP
    ]
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if i not in matched and j not in taken:
            matched[i] = j
            taken.add(j)
    return matched


def _mistake(
    kind: Literal["miss", "false alarm"], example: Example, where: Found, taken_for: str | None = None
) -> Mistake:
    text = example.text
    return Mistake(
        kind,
        where.entity,
        example.place,
        text[where.start : where.end],
        text[max(0, where.start - AROUND) : where.start],
        text[where.end : where.end + AROUND],
        taken_for,
    )
