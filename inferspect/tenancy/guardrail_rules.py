"""What a tenant's guardrails look for, and what they do about it."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from inferspect.tenancy.entities import ENTITIES, PACKS, Guardrail
from inferspect.tenancy.rule_types import Pattern, Rules


def _off(value: Any) -> Any:
    """YAML reads a bare ``off`` as false."""
    return "off" if value is False else value


Action = Annotated[Literal["mask", "reversible", "hash", "block", "report", "off"], BeforeValidator(_off)]
Direction = Literal["input", "output", "both"]
Unreadable = Literal["pass", "report", "block"]
Score = Annotated[float, Field(ge=0, le=1)]


def _pack(name: str) -> str:
    if name not in PACKS:
        raise ValueError(f"no country pack of this name; there are {', '.join(sorted(PACKS))}")
    return name


def _says_something(words: str) -> str:
    if not any(character.isalnum() for character in words):
        raise ValueError("needs a letter or a digit")
    return words


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


def _shorthand(value: Any) -> Any:
    return {"action": value} if isinstance(value, str) or value is False else value


class EntityRule(Rules):
    """What happens to one entity. An action alone, such as `"block"`, stands for `{"action": "block"}`."""

    action: Action | None = Field(default=None, description="Instead of the guardrail's `action`.")
    direction: Direction = Field(default="both", description="Whether it is looked for in requests, answers or both.")
    score_threshold: Score | None = Field(default=None, description="Instead of the guardrail's `score_threshold`.")


def _name_in(guardrail: Guardrail) -> AfterValidator:
    def check(name: str) -> str:
        known = [entity.name for entity in ENTITIES.values() if entity.guardrail == guardrail]
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            meant = f"; did you mean {' or '.join(close)}" if close else ""
            raise ValueError(f"no entity of {guardrail}{meant}; docs/guardrails/entities.md has all")
        return name

    return AfterValidator(check)


ActionOrRule = Annotated[EntityRule, BeforeValidator(_shorthand)]
PiiEntities = dict[Annotated[str, _name_in("pii")], ActionOrRule]
SecretEntities = dict[Annotated[str, _name_in("secrets")], ActionOrRule]
SafetyEntities = dict[Annotated[str, _name_in("content_safety")], ActionOrRule]
InjectionEntities = dict[Annotated[str, _name_in("prompt_injection")], ActionOrRule]


class GuardrailRules(Rules):
    """What all guardrails have in common."""

    enabled: bool = Field(default=True, description="Whether this guardrail looks at this tenant's requests.")
    dry_run: bool = Field(
        default=False, description="Only report what would have been done; nothing is changed or refused."
    )
    input: bool = Field(default=True, description="Whether requests are scanned.")
    output: bool = Field(default=True, description="Whether answers are scanned.")
    score_threshold: Score = Field(default=0.35, description="Findings with a lower confidence are ignored.")


class AllowRules(Rules):
    """What is left alone although it looks like a finding."""

    values: tuple[Pattern, ...] = Field(default=(), description="Values, compared without regard to case.")
    patterns: tuple[Annotated[Pattern, AfterValidator(_compiles)], ...] = Field(
        default=(), description="Regular expressions that match a whole value, such as `.*@example\\.com`."
    )


class PiiRules(GuardrailRules):
    """What happens to personal data in requests and answers."""

    action: Action = Field(
        default="mask",
        description="What happens to a value: `mask` replaces it by `<ENTITY>`; `reversible` by a placeholder such as "
        "`<ENTITY_x2k7…>` that the answer's reader sees as the value again; `hash` by a keyed hash; `block` refuses "
        "the request; `report` only counts; `off` does not look.",
    )
    packs: tuple[Annotated[str, AfterValidator(_pack)], ...] = Field(
        default=("vn",), description="Country packs whose entities are looked for: see docs/guardrails/entities.md."
    )
    entities: PiiEntities = Field(
        default_factory=dict, description="By entity, where it differs: an action, or an object."
    )
    allow: AllowRules = AllowRules()
    token_ids: Unreadable = Field(
        default="report", description="What happens to token ids, which cannot be read, in place of text."
    )
    images: Unreadable = Field(default="pass", description="What happens to images, audio and files.")


class SecretRules(GuardrailRules):
    """What happens to keys, tokens and passwords in requests and answers."""

    action: Literal["mask", "hash", "block", "report"] = Field(default="mask", description="As for `pii`.")
    entities: SecretEntities = Field(
        default_factory=dict, description="By kind of secret, where it differs: an action, or an object."
    )
    allow: AllowRules = AllowRules()


class JudgeRules(Rules):
    """A model of the gateway that is asked about a text."""

    model: Pattern = Field(description="Name of the model, as a client would call it.")
    threshold: Score = Field(default=0.5, description="Least probability, as the judge gives it, that counts.")
    timeout: Annotated[float, Field(gt=0, le=60)] = Field(default=10, description="Seconds that an answer may take.")


class ContentSafetyRules(GuardrailRules):
    """What happens to content that should not be asked for or said."""

    dry_run: bool = Field(default=True, description="Only report what would have been done; on until you turn it off.")
    score_threshold: Score = Field(default=0.5, description="Findings with a lower confidence are ignored.")
    action: Literal["mask", "block", "report"] = Field(default="block", description="As for `pii`.")
    entities: SafetyEntities = Field(
        default_factory=dict, description="By category, where it differs: an action, or an object."
    )
    words: tuple[Annotated[Pattern, AfterValidator(_says_something)], ...] = Field(
        default=(), description="Words and phrases of your own, found as CONTENT_CUSTOM in every inflection."
    )
    allow: AllowRules = AllowRules()
    judge: JudgeRules | None = Field(default=None, description="Ask a model about each request, too.")


class PromptInjectionRules(GuardrailRules):
    """What happens to texts that try to take over the model."""

    dry_run: bool = Field(default=True, description="Only report what would have been done; on until you turn it off.")
    output: Literal[False] = Field(default=False, description="Attacks come with requests; answers are not scanned.")
    score_threshold: Score = Field(default=0.7, description="Least score of what a user wrote, from all its findings.")
    untrusted_threshold: Score = Field(
        default=0.4, description="Least score of what came from tools and documents, from all its findings."
    )
    action: Literal["mask", "block", "report"] = Field(default="block", description="As for `pii`.")
    entities: InjectionEntities = Field(
        default_factory=dict, description="By kind of attack, where it differs: an action, or an object."
    )
    allow: AllowRules = AllowRules()
    judge: JudgeRules | None = Field(default=None, description="Ask a model about each request, too.")
