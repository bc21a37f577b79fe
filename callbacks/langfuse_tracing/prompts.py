"""Prompts that are kept in Langfuse, remembered by each worker, so that no request waits for Langfuse a second time."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inferspect.observation.langfuse import Project

log = structlog.get_logger("inferspect.langfuse")

PATH = "/api/public/v2/prompts/"
PATIENCE = 3.0  # seconds that a request waits for a prompt
ABSENT_FOR = 10.0  # seconds for which a prompt that is not there is not asked for again
MOST_REMEMBERED = 2048
NOT_FOUND = 404
VARIABLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class PromptNotFoundError(LookupError):
    """The project has no such prompt."""


class PromptUnavailableError(OSError):
    """Langfuse does not answer, or not with a prompt, and none is remembered."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A prompt of a project, by name and version or label; Langfuse's ``production`` where it has neither."""

    project: Project
    name: str
    label: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A version of a prompt.

    Attributes:
        template: a text, or messages with ``role`` and ``content``, or ``type: placeholder`` and ``name``.
    """

    name: str
    version: int
    template: str | list[dict[str, Any]]

    def messages(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The prompt with its variables, as Langfuse's SDK fills them in; a text becomes a system message.

        A variable that is not given stays as it is written; a placeholder stands for a list of messages, or none.
        """
        if isinstance(self.template, str):
            return [{"role": "system", "content": _filled(self.template, variables)}]
        found: list[dict[str, Any]] = []
        for message in self.template:
            if message.get("type") == "placeholder":
                given = variables.get(str(message.get("name")))
                found += [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
            else:
                role, content = str(message.get("role") or "user"), message.get("content")
                found.append({"role": role, "content": _filled(str(content or ""), variables)})
        return found


@dataclass(slots=True)
class _Remembered:
    prompt: Prompt | None
    fresh_until: float


class PromptLibrary:
    """Fetches prompts.

    Args:
        fresh_for: seconds for which a prompt is not asked for again. After that it is, in the background, and the
            remembered one is used until the answer is there: so it is while Langfuse is away.
    """

    def __init__(self, fresh_for: float) -> None:
        self._fresh_for = fresh_for
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False)
        self._remembered: dict[Wanted, _Remembered] = {}
        self._fetching: dict[Wanted, asyncio.Task[Prompt]] = {}

    async def find(self, wanted: Wanted) -> Prompt:
        """The prompt.

        Raises:
            PromptNotFoundError: there is none.
            PromptUnavailableError: Langfuse is away, or answers something else.
        """
        known = self._remembered.get(wanted)
        is_fresh = known is not None and time.monotonic() < known.fresh_until
        if known is not None and known.prompt is None and is_fresh:
            raise PromptNotFoundError(wanted.name)
        fetching = None if is_fresh else self._fetch(wanted)
        if known is not None and known.prompt is not None:
            return known.prompt
        if fetching is None:
            raise PromptNotFoundError(wanted.name)
        return await asyncio.shield(fetching)  # others may wait for the same

    async def close(self) -> None:
        await self._client.aclose()

    def _fetch(self, wanted: Wanted) -> asyncio.Task[Prompt]:
        if wanted not in self._fetching:
            task = asyncio.get_running_loop().create_task(self._ask(wanted))
            self._fetching[wanted] = task
            task.add_done_callback(lambda done: self._done(wanted, done))
        return self._fetching[wanted]

    def _done(self, wanted: Wanted, task: asyncio.Task[Prompt]) -> None:
        del self._fetching[wanted]
        if not task.cancelled() and isinstance(error := task.exception(), PromptUnavailableError):
            log.warning("a prompt cannot be fetched", prompt=wanted.name, reason=str(error))

    async def _ask(self, wanted: Wanted) -> Prompt:
        query: dict[str, str] = {}
        if wanted.version is not None:
            query = {"version": str(wanted.version)}
        elif wanted.label is not None:
            query = {"label": wanted.label}
        url = wanted.project.host + PATH + quote(wanted.name, safe="")
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self._client.get(url, params=query, headers=wanted.project.headers())
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError) as error:
            self._keep_stale(wanted)
            raise PromptUnavailableError(f"Langfuse does not answer ({type(error).__name__})") from error
        if response.status_code == NOT_FOUND:
            self._remember(wanted, None, ABSENT_FOR)
            raise PromptNotFoundError(wanted.name)
        prompt = _prompt(response)
        if prompt is None:
            self._keep_stale(wanted)
            raise PromptUnavailableError(f"Langfuse answers {response.status_code}")
        self._remember(wanted, prompt, self._fresh_for)
        return prompt

    def _remember(self, wanted: Wanted, prompt: Prompt | None, seconds: float) -> None:
        self._remembered.pop(wanted, None)
        while len(self._remembered) >= MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[wanted] = _Remembered(prompt, time.monotonic() + seconds)

    def _keep_stale(self, wanted: Wanted) -> None:
        """While Langfuse is away it is asked now and then, not for each request."""
        if (known := self._remembered.get(wanted)) is not None:
            known.fresh_until = time.monotonic() + ABSENT_FOR


def _prompt(response: httpx.Response) -> Prompt | None:
    if not response.is_success:
        return None
    try:
        said = orjson.loads(response.content)
        name, version, template = str(said["name"]), int(said["version"]), said["prompt"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(template, list):
        template = [message for message in template if isinstance(message, dict)]
    return Prompt(name, version, template) if isinstance(template, str | list) else None


def _filled(text: str, variables: Mapping[str, Any]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name not in variables:
            return found[0]
        return "" if variables[name] is None else str(variables[name])

    return VARIABLE.sub(value, text)
