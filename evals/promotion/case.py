"""A test as promotion writes it: a case of Promptfoo with where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.promotion.words import normal

ID_DIGITS = 12
LONGEST_DESCRIPTION = 70

Value = str | int | float | Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The request that a case came from; ``promoted_at`` is a time in ISO 8601."""

    request_id: str
    promoted_at: str
    why: str

    def as_yaml(self) -> dict[str, str]:
        return {"request_id": self.request_id, "promoted_at": self.promoted_at, "why": self.why}


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion of Promptfoo, and in a comment why it is suggested."""

    comment: str
    type: str
    value: Value | None = None
    threshold: float | None = None
    config: Mapping[str, Any] | None = None

    def as_yaml(self) -> dict[str, Any]:
        told = {"type": self.type, "value": self.value, "threshold": self.threshold, "config": self.config}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PromotedCase:
    """A case with its variables, redacted, and suggested assertions.

    Attributes:
        question: what it is about, for its description.
    """

    variables: Mapping[str, Any]
    question: str
    assertions: tuple[Assertion, ...]
    sources: tuple[Source, ...]

    @property
    def id(self) -> str:
        """The same for inputs that differ in case and white space only."""
        digest = hashlib.sha256(input_key(self.variables).encode("utf-8", "surrogatepass")).hexdigest()
        return f"promoted-{digest[:ID_DIGITS]}"

    @property
    def description(self) -> str:
        """One line that no other case has, as the identity begins it; and that Promptfoo takes for no file to read."""
        words = " ".join(self.question.split())
        short = words if len(words) <= LONGEST_DESCRIPTION else words[: LONGEST_DESCRIPTION - 1].rstrip() + "…"
        return f"promoted {self.id.removeprefix('promoted-')[:6]}: {short}"

    def with_source(self, other: Source) -> PromotedCase:
        """The same case, which a further request stands for."""
        return replace(self, sources=(*self.sources, other))

    def as_yaml(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "vars": dict(self.variables),
            "assert": [assertion.as_yaml() for assertion in self.assertions],
            "metadata": {"id": self.id, "source": [source.as_yaml() for source in self.sources]},
        }


def input_key(variables: Mapping[str, Any]) -> str:
    """The same for variables that say the same in another case or with other white space."""
    return json.dumps(_normal(variables), sort_keys=True, ensure_ascii=False, default=str)


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return normal(value)
    if isinstance(value, Mapping):
        return {str(name): _normal(member) for name, member in value.items()}
    return [_normal(member) for member in value] if isinstance(value, list | tuple) else value
