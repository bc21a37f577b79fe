"""A version of a prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from inferspect.prompts.parameters import Parameters
from inferspect.prompts.rendering import MOST_STEPS, RenderError, Rendering, TooMuchError
from inferspect.prompts.template import Template

Role = Literal["system", "user", "assistant"]
INLINE_STEPS = 400  # about a millisecond: more is rendered outside of the event loop


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a prompt as it is written; ``line`` is its template's first in the file."""

    role: Role
    source: str
    template: Template
    line: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A checked version: what its file says.

    Attributes:
        model: what it was written for; a request names its own.
        parameters: defaults for requests that do not say otherwise.
        changelog: what changed since the version before.
        variables: the names that its messages use.
        source: the whole file.
    """

    name: str
    version: int
    model: str
    parameters: Parameters
    owner: str
    changelog: str
    messages: tuple[Message, ...]
    variables: tuple[str, ...]
    file: Path
    source: str

    def render(self, variables: Mapping[str, Any], steps: int = MOST_STEPS) -> list[dict[str, Any]]:
        """The messages with their variables; variables that it does not use are ignored.

        Raises:
            RenderError: a variable is missing or of the wrong kind, or it gets too long; the line is the file's.
        """
        rendering = Rendering(variables, steps)
        messages: list[dict[str, Any]] = []
        for message in self.messages:
            try:
                messages.append({"role": message.role, "content": rendering.render(message.template)})
            except RenderError as error:
                error.line += message.line - 1
                raise
        return messages

    async def rendered(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As :meth:`render`, without holding up the event loop."""
        try:
            return self.render(variables, INLINE_STEPS)
        except TooMuchError:
            return await asyncio.to_thread(self.render, variables)

    def as_json(self) -> dict[str, Any]:
        """What is told of it by commands and by the API."""
        return {
            "name": self.name,
            "version": self.version,
            "model": self.model,
            "parameters": self.parameters.written(),
            "owner": self.owner,
            "changelog": self.changelog,
            "variables": list(self.variables),
            "messages": [{"role": message.role, "content": message.source} for message in self.messages],
        }
