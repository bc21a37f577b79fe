"""Scripted answers: rules over the last user message and the model, of which the first that matches answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .conversation import CHARACTERS_PER_TOKEN, ToolCall
from .tokens import NO_TOKENS, ScriptedTokens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class ScriptError(ValueError):
    """A script that cannot be used; the message names the rule and the field."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScriptedToolCall(_Strict):
    """A call of the function `name` with `arguments`: an object, or JSON text that is sent as it stands."""

    name: str
    arguments: dict[str, Any] | str = Field(default_factory=dict)


class ScriptedError(_Strict):
    """An HTTP error instead of an answer; `retry_after` in seconds; `type` and `code` default to the API's own."""

    status: int = Field(ge=400, le=599)
    message: str = "This error was scripted."
    type: str | None = None
    code: str | None = None
    retry_after: int | None = Field(default=None, ge=0)


class ScriptedAnswer(_Strict):
    """Text, tool calls, or both, after `reasoning`; or an error and nothing else.

    A stream sends `piece_characters` an event. `tokens` are told beside those of the texts.
    """

    text: str = ""
    reasoning: str = ""
    piece_characters: int = Field(default=CHARACTERS_PER_TOKEN, ge=1)
    tool_calls: tuple[ScriptedToolCall, ...] = ()
    tokens: ScriptedTokens = NO_TOKENS
    error: ScriptedError | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> ScriptedAnswer:
        if self.error is not None and (self.text or self.reasoning or self.tool_calls or self.tokens != NO_TOKENS):
            raise ValueError("an answer is an error or has text, reasoning, tool_calls and tokens, not both")
        return self

    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls with their arguments as JSON text."""
        return tuple(
            ToolCall(
                call.name,
                call.arguments if isinstance(call.arguments, str) else orjson.dumps(call.arguments).decode(),
            )
            for call in self.tool_calls
        )


class Rule(_Strict):
    """`match` is searched in the last user message, `model` must fit the whole model name; both are expressions."""

    match: re.Pattern[str] | None = None
    model: re.Pattern[str] | None = None
    answer: ScriptedAnswer

    @field_validator("answer", mode="before")
    @classmethod
    def _text_alone(cls, answer: object) -> object:
        return {"text": answer} if isinstance(answer, str) else answer

    @model_validator(mode="after")
    def _some_condition(self) -> Rule:
        if self.match is None and self.model is None:
            raise ValueError("a rule needs match or model")
        return self

    def fits(self, model: str, last_user_message: str) -> bool:
        """Whether every condition that the rule has is met."""
        return (self.model is None or self.model.fullmatch(model) is not None) and (
            self.match is None or self.match.search(last_user_message) is not None
        )


@dataclass(frozen=True, slots=True)
class Script:
    """Rules in the order in which they are tried."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Rule | dict[str, Any]]) -> Script:
        """A script of rules, or of objects in the form that a script file has.

        Raises:
            ScriptError: A rule is not valid.
        """
        valid: list[Rule] = []
        for number, rule in enumerate(rules, start=1):
            try:
                valid.append(rule if isinstance(rule, Rule) else Rule.model_validate(rule))
            except ValidationError as error:
                problems = "; ".join(
                    f"{'.'.join(map(str, problem['loc'])) or 'rule'}: {problem['msg']}" for problem in error.errors()
                )
                raise ScriptError(f"rule {number}: {problems}") from error
        return cls(tuple(valid))

    @classmethod
    def parse(cls, text: str | bytes) -> Script:
        """A script from YAML or JSON: a list of rules, or an object with the list under `rules`.

        Raises:
            ScriptError: The text is not YAML, or a rule is not valid.
        """
        try:
            content = yaml.safe_load(text)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ScriptError(f"the script is not YAML: {error}") from error
        rules = content.get("rules") if isinstance(content, dict) else content
        if not isinstance(rules, list):
            raise ScriptError("a script is a list of rules, or an object with the list under 'rules'")
        return cls.of(rules)

    @classmethod
    def load(cls, path: Path) -> Script:
        """The script in a file.

        Raises:
            ScriptError: As `parse`.
            OSError: The file cannot be read.
        """
        return cls.parse(path.read_bytes())

    def find(self, model: str, last_user_message: str) -> ScriptedAnswer | None:
        """The answer of the first rule that fits."""
        for rule in self.rules:
            if rule.fits(model, last_user_message):
                return rule.answer
        return None
