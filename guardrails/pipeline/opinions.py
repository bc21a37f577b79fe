"""Opinions on whole texts, which have no place in them: of the operator's classifier, and of a model as judge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from guardrails.content import Source
from guardrails.content_safety.classifier import classified
from guardrails.judge import Kind, is_asking
from guardrails.pipeline.service import GuardrailService
from guardrails.redaction.redaction import JUDGED, Redaction
from inferspect.tenancy.guardrail_rules import JudgeRules

Said = tuple[Source, str]
"""A text as the provider is to get it, and who wrote it."""
ENTITY_PREFIX: dict[Kind, str] = {"content_safety": "CONTENT_", "prompt_injection": "INJECTION_"}
# What the judge says where it sees an attack and no kind of it.
UNNAMED: dict[Kind, str] = {"content_safety": "CONTENT_ILLICIT", "prompt_injection": "INJECTION_OVERRIDE"}


async def ask_opinions(service: GuardrailService, redaction: Redaction, texts: Iterable[Said]) -> None:
    """Count what classifier and judges object to; they see the redacted texts, and none that is refused anyway.

    Raises:
        JudgeUnavailable: a judge gave no answer, so nothing is known of the texts.
        ValueError: the classifier gives something else than it should.
    """
    texts = [(source, text) for source, text in texts if text.strip()]
    if redaction.refusal() is not None or is_asking() or not texts:
        return
    if service.classifier is not None and "content_safety" in redaction.policy.guardrails:
        for _, text in texts:
            for finding in await asyncio.to_thread(classified, service.classifier, text):
                redaction.weigh(finding)
    rules = redaction.policy.rules
    kinds: tuple[tuple[Kind, JudgeRules | None], ...] = (
        ("content_safety", rules.content_safety.judge),
        ("prompt_injection", rules.prompt_injection.judge),
    )
    await asyncio.gather(
        *(
            _judge(service, redaction, kind, judge, texts)
            for kind, judge in kinds
            if judge is not None and kind in redaction.policy.guardrails
        )
    )


async def _judge(
    service: GuardrailService, redaction: Redaction, kind: Kind, rules: JudgeRules, texts: Iterable[Said]
) -> None:
    said = "\n\n".join(text for source, text in texts if kind == "content_safety" or source in JUDGED)
    if not said:
        return
    judgement = await service.judge.judge(rules.model, kind, said, rules.timeout)
    if judgement.probability >= rules.threshold:
        named = ENTITY_PREFIX[kind] + judgement.category.upper()
        redaction.object_to(named if named in redaction.policy.treatments else UNNAMED[kind])
