"""Scripted answers: rules over the conversation and the model, of which the first that fits answers."""

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
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from .conversation import Conversation


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
    """A rule applies where all its expressions fit, and then with the probability `chance`.

    `match` is searched in the last user message, `system` in the messages of the system and of developers, `history` in
    all other messages before the last one of the user; `model` must fit the whole model name.
    """

    match: re.Pattern[str] | None = None
    system: re.Pattern[str] | None = None
    history: re.Pattern[str] | None = None
    model: re.Pattern[str] | None = None
    chance: float = Field(default=1.0, ge=0, le=1)
    answer: ScriptedAnswer

    @field_validator("answer", mode="before")
    @classmethod
    def _text_alone(cls, answer: object) -> object:
        return {"text": answer} if isinstance(answer, str) else answer

    @model_validator(mode="after")
    def _some_condition(self) -> Rule:
        if self.match is None and self.model is None and self.system is None and self.history is None:
            raise ValueError("a rule needs match, system, history or model")
        return self

    def fits(self, conversation: Conversation) -> bool:
        """Whether every expression that the rule has fits; `chance` is not asked."""
        searched = (
            (self.match, conversation.last_user_message),
            (self.system, conversation.system),
            (self.history, conversation.history),
        )
        return (self.model is None or self.model.fullmatch(conversation.model) is not None) and all(
            expression is None or expression.search(text) is not None for expression, text in searched
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

    def find(self, conversation: Conversation, draw: Callable[[], float]) -> Rule | None:
        """The first rule that applies; `draw` gives a number from 0 up to 1 for each rule with a `chance` that fits."""
        for rule in self.rules:
            if rule.fits(conversation) and (rule.chance == 1 or draw() < rule.chance):
                return rule
        return None
