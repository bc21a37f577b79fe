"""The form of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from guardrails.scanning.recognizer import Reading
from inferspect.configuration_file import ConfigurationError, PathInFile, Problem, read_mapping
from inferspect.tenancy.entities import Entity

FLAGS = {
    "ignore_case": regex.IGNORECASE,
    "ascii": regex.ASCII,
    "multiline": regex.MULTILINE,
    "dotall": regex.DOTALL,
    "verbose": regex.VERBOSE,
}
DOCUMENTED = "see docs/guardrails/recognizers.md"


class RecognizersFileError(ConfigurationError, ValueError):
    """The file of recognizers cannot be used; the message lists every problem for a person to mend."""


def _compiles(pattern: str) -> str:
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    if compiled.fullmatch(""):
        raise ValueError("matches an empty text")
    return pattern


Text = Annotated[str, Field(min_length=1, max_length=1000)]


class _Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PatternDefinition(_Definition):
    """What a value looks like."""

    regex: Annotated[Text, AfterValidator(_compiles)] = Field(
        description="A regular expression of the `regex` module; all that it matches is the value."
    )
    score: float = Field(gt=0, le=1, description="Confidence in what matches, without a context word.")
    flags: list[Literal["ignore_case", "ascii", "multiline", "dotall", "verbose"]] = Field(
        default_factory=list, description="None are set by default: capitals are capitals."
    )

    def compiled(self) -> Any:
        """The pattern, as the ``regex`` module compiles it."""
        return regex.compile(self.regex, self.compiled_flags)

    @property
    def compiled_flags(self) -> int:
        return sum(FLAGS[flag] for flag in set(self.flags))


class RecognizerDefinition(_Definition):
    """A recognizer."""

    entity: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,40}\z", description="Name, in capitals; one that is not there yet.")
    description: Text = Field(description="What it is, in a few words.")
    patterns: list[PatternDefinition] = Field(min_length=1, description="What a value looks like.")
    context: list[Text] = Field(
        default_factory=list, description="Words before a value that raise its score by 0.35, to 0.4 at least."
    )
    validator: Text | None = Field(
        default=None, description="A check: `luhn`, `mod11`, `iban`, or a function of yours, `package.module:function`."
    )
    trigger: Text | None = Field(default=None, description="What begins a value; needed where it cannot be derived.")
    reads: Reading = Field(default="text", description="`folded` for small letters without diacritics.")
    examples: list[Text] = Field(min_length=1, description="Texts in which a value must be found.")
    counter_examples: list[Text] = Field(default_factory=list, description="Texts in which none must be found.")

    def as_entity(self) -> Entity:
        return Entity(self.entity, "pii", self.description, self.examples[0])


class RecognizersFile(_Definition):
    """The whole file."""

    recognizers: list[RecognizerDefinition] = Field(min_length=1)


def read_definitions(path: Path) -> tuple[list[RecognizerDefinition], dict[PathInFile, int]]:
    """What the file declares, and the line of each path in it.

    Raises:
        RecognizersFileError: it cannot be read, or is not of the form.
    """
    try:
        content, lines = read_mapping(path)
    except ConfigurationError as error:
        problems = [Problem(p.path, p.message, p.remedy if p.path else DOCUMENTED) for p in error.problems]
        raise RecognizersFileError(path, problems) from None
    try:
        definitions = RecognizersFile.model_validate(content).recognizers
    except ValidationError as error:
        problems = [Problem(each["loc"], _message(each["msg"]), DOCUMENTED) for each in error.errors()]
        raise RecognizersFileError(path, problems, lines) from None
    twice = list(_given_twice(definitions))
    if twice:
        raise RecognizersFileError(path, twice, lines)
    return definitions, lines


def _message(message: str) -> str:
    return message.removeprefix("Value error, ")


def _given_twice(definitions: list[RecognizerDefinition]) -> Iterator[Problem]:
    counted = Counter(definition.entity for definition in definitions)
    for index, definition in enumerate(definitions):
        if counted[definition.entity] > 1:
            place = ("recognizers", index, "entity")
            yield Problem(place, f"{definition.entity} is there twice", "list all of its patterns in one recognizer")
