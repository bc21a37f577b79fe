"""Which recognizers a policy needs, and the plan made of them: in the gateway's worker and in pool processes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import regex

from guardrails.content_safety.recognizers import content_safety_recognizers
from guardrails.pii.custom import load_custom_recognizers
from guardrails.pii.ner import load_ner_recognizers
from guardrails.pii.packs import pack_recognizers
from guardrails.pii.person import PERSON
from guardrails.pii.recognizers import GENERAL
from guardrails.pii.vietnam import VIETNAM
from guardrails.prompt_injection.recognizers import prompt_injection_recognizers
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold
from guardrails.scanning.plan import Keep, Plan
from guardrails.scanning.recognizer import Recognizer
from guardrails.secrets import SECRETS
from inferspect.tenancy.entities import ENTITIES

LONGEST_MATCH_OF_ALLOWED = 0.1  # seconds
PLANS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one guardrail leaves alone: values, and patterns that match a whole value."""

    guardrail: str
    values: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """All that decides what is found in a text; small, hashable, and sent to pool processes in place of the plan.

    Attributes:
        thresholds: least score by entity; the entities are those looked for.
        yielding: entities that are only told of; what is changed wins where they overlap.
        words: a tenant's own words, found as ``CONTENT_CUSTOM``.
        custom: file of the operator's own recognizers.
        ner: file that configures the operator's model for names, in Presidio's form.
    """

    thresholds: tuple[tuple[str, float], ...]
    allowed: tuple[Allowed, ...] = ()
    words: tuple[str, ...] = ()
    yielding: tuple[str, ...] = ()
    custom: Path | None = None
    ner: Path | None = None


@lru_cache(maxsize=PLANS_KEPT)
def plan_of(spec: PlanSpec) -> Plan:
    """The plan of a policy.

    Raises:
        ValueError: the operator's file of recognizers is wrong.
        OSError: one of the operator's files cannot be read.
    """
    thresholds = dict(spec.thresholds)
    recognizers = [recognizer for recognizer in _all(spec) if recognizer.entity in thresholds]
    return Plan(recognizers, thresholds, keep=_keep(spec.allowed), version=repr(spec), yielding=spec.yielding)


def _all(spec: PlanSpec) -> Iterator[Recognizer]:
    packs = {ENTITIES[name].pack for name, _ in spec.thresholds if name in ENTITIES}
    yield from GENERAL
    yield PERSON
    yield from VIETNAM if "vn" in packs else ()
    for pack in sorted(packs - {"general", "vn"}):
        yield from pack_recognizers(pack)
    yield from SECRETS
    yield from content_safety_recognizers(spec.words)
    yield from prompt_injection_recognizers()
    yield from _of_file(load_custom_recognizers, spec.custom)
    yield from _of_file(load_ner_recognizers, spec.ner)


@cache
def _of_file(load: Callable[[Path], tuple[Recognizer, ...]], file: Path | None) -> tuple[Recognizer, ...]:
    return () if file is None else load(file)


def _keep(allowed: tuple[Allowed, ...]) -> Keep | None:
    """Whether a finding counts: not where its guardrail's allow-list has its value."""
    values = {each.guardrail: frozenset(fold(value.strip()) for value in each.values) for each in allowed}
    patterns = {each.guardrail: [regex.compile(pattern) for pattern in each.patterns] for each in allowed}
    if not any(values.values()) and not any(patterns.values()):
        return None
    guardrail_of = {name: entity.guardrail for name, entity in ENTITIES.items()}

    def keep(finding: Finding, value: str) -> bool:
        guardrail = guardrail_of.get(finding.entity, "pii")
        if fold(value) in values.get(guardrail, ()):
            return False
        # A pattern that takes too long raises TimeoutError, and the text counts as not scanned.
        return not any(
            pattern.fullmatch(value, timeout=LONGEST_MATCH_OF_ALLOWED) for pattern in patterns.get(guardrail, ())
        )

    return keep
