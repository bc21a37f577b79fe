"""The front matter of a prompt's file: YAML between two lines of three hyphens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from inferspect.prompts.endpoints import LARGEST_VERSION
from inferspect.prompts.mistake import Mistake, PromptFileError
from inferspect.prompts.parameters import Parameters

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NOT_TAKEN = (yaml.AnchorToken, yaml.AliasToken, yaml.TagToken)  # a wrong tag gets no error of YAML's but Python's


def _one_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be a line of text")
    return value


Line = Annotated[str, AfterValidator(_one_line), Field(max_length=500)]


class FrontMatter(BaseModel):
    """What is known of a version beside its text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)]
    model: Line
    parameters: Parameters = Parameters()
    owner: Line
    changelog: Line


def read_front_matter(file: Path, text: str) -> FrontMatter:
    """The front matter, which begins on line 2 of the file.

    Raises:
        PromptFileError: with every mistake in it.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        refused = next((token for token in yaml.scan(text) if isinstance(token, NOT_TAKEN)), None)
        if refused is not None:
            message = "has no anchors, aliases and tags: write values out, or quote them"
            raise PromptFileError([Mistake(file, message, refused.start_mark.line + 2)])
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"no valid YAML: {error.problem}; quote texts with signs in them"
        raise PromptFileError([Mistake(file, reason, mark.line + 2 if mark else 1)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, PromptFileError):
            raise
        raise PromptFileError([Mistake(file, f"no valid YAML: {' '.join(str(error).split())}", 1)]) from None
    if not isinstance(content, dict) or not isinstance(root, yaml.MappingNode):
        raise PromptFileError([Mistake(file, f"the front matter has to name {', '.join(FrontMatter.model_fields)}", 1)])
    lines: dict[tuple[str, ...], int] = {}
    mistakes = [Mistake(file, "is given twice", line, field) for field, line in _keys(root, (), lines)]
    try:
        found = FrontMatter.model_validate(content)
    except ValidationError as error:
        mistakes += [_mistake(file, detail, lines) for detail in error.errors()]
    if mistakes:
        raise PromptFileError(mistakes)
    return found


def _keys(
    node: yaml.MappingNode, path: tuple[str, ...], lines: dict[tuple[str, ...], int]
) -> Iterator[tuple[str, int]]:
    """Keys given twice, of which YAML would keep the last in silence; notes the lines of all."""
    for key, value in node.value:
        place = (*path, str(key.value))
        line = key.start_mark.line + 2
        if place in lines:
            yield ".".join(place), line
        lines[place] = line
        if isinstance(value, yaml.MappingNode):
            yield from _keys(value, place, lines)


def _mistake(file: Path, detail: Any, lines: dict[tuple[str, ...], int]) -> Mistake:
    path = tuple(map(str, detail["loc"]))
    place = path
    while place and place not in lines:
        place = place[:-1]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        known = Parameters if path[0] == "parameters" else FrontMatter
        message = f"is not known; known are {', '.join(known.model_fields)}"
    elif detail["type"] == "missing":
        message = "is missing"
    return Mistake(file, message[0].lower() + message[1:], lines.get(place, 1), ".".join(path))
