from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langfuse.model import TemplateParser

from callbacks.langfuse_tracing.prompts import (
    Prompt,
    PromptLibrary,
    PromptNotFoundError,
    PromptUnavailableError,
    Wanted,
)
from inferspect.observation.langfuse import Project
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.langfuse import Prompt as Kept
from tests.callbacks.langfuse_tracing.conftest import PUBLIC, SECRET


@pytest.fixture
def project(langfuse: LangfuseCollector) -> Project:
    langfuse._project(PUBLIC).prompts.clear()  # noqa: SLF001
    langfuse.add_prompt(Kept("greeting", "Greet {{name}}.", version=1, labels=["production"]))
    langfuse.add_prompt(Kept("greeting", "Greet {{ name }} well.", version=2, labels=["latest", "staging"]))
    langfuse.add_prompt(Kept("team/with a slash?", "Hello", version=7))
    return Project(langfuse.url, PUBLIC, SECRET)


@pytest.fixture
async def library() -> AsyncIterator[PromptLibrary]:
    opened = PromptLibrary(60)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ({"name": "greeting"}, 1),
        ({"name": "greeting", "label": "staging"}, 2),
        ({"name": "greeting", "version": 2}, 2),
        ({"name": "greeting", "version": 1, "label": "staging"}, 1),
        ({"name": "team/with a slash?"}, 7),
    ],
)
async def test_a_prompt_is_found(
    project: Project, library: PromptLibrary, wanted: dict[str, Any], version: int
) -> None:
    """By its name and version or label, in production unless told."""
    found = await library.find(Wanted(project, **wanted))
    assert (found.name, found.version) == (wanted["name"], version)


async def test_a_prompt_is_asked_for_once(
    langfuse: LangfuseCollector, project: Project, library: PromptLibrary
) -> None:
    """However many requests want it, also at the same time."""
    found = await asyncio.gather(*(library.find(Wanted(project, "greeting")) for _ in range(20)))
    await library.find(Wanted(project, "greeting"))
    assert {prompt.version for prompt in found} == {1}
    assert langfuse.requests == 1


async def test_a_remembered_prompt_is_used_while_langfuse_is_away(
    langfuse: LangfuseCollector, project: Project
) -> None:
    """No request waits for it or fails; afterwards the new version is taken over."""
    library = PromptLibrary(0.000001)
    wanted = Wanted(project, "greeting", version=None)
    await library.find(wanted)
    langfuse.behave("error-500")
    assert (await library.find(wanted)).version == 1
    while library._fetching:  # noqa: SLF001  the refresh in the background
        await asyncio.sleep(0)
    assert langfuse.requests == 2
    assert (await library.find(wanted)).version == 1
    assert langfuse.requests == 2  # asked now and then, not each time
    langfuse.recover()
    library._remembered[wanted].fresh_until = 0.0  # noqa: SLF001  as if that time were over
    langfuse._project(PUBLIC).prompts[0].version = 3  # noqa: SLF001
    await library.find(wanted)
    while library._fetching:  # noqa: SLF001
        await asyncio.sleep(0)
    assert (await library.find(wanted)).version == 3
    await library.close()


@pytest.mark.parametrize("command", ["error-500", "error-401", "drop", "redirect-http://127.0.0.1:1/"])
async def test_a_prompt_that_cannot_be_fetched_is_unavailable(
    langfuse: LangfuseCollector, project: Project, library: PromptLibrary, command: str
) -> None:
    """And is asked for again by the next request."""
    langfuse.behave(command)
    with pytest.raises(PromptUnavailableError):
        await library.find(Wanted(project, "greeting"))
    langfuse.recover()
    assert (await library.find(Wanted(project, "greeting"))).version == 1


async def test_a_prompt_that_is_not_there_is_not_asked_for_again_at_once(
    langfuse: LangfuseCollector, project: Project, library: PromptLibrary
) -> None:
    """A client that asks for it in a loop does not trouble Langfuse."""
    for _ in range(3):
        with pytest.raises(PromptNotFoundError):
            await library.find(Wanted(project, "absent"))
    assert langfuse.requests == 1


TEXTS = ["Greet {{name}}.", "{{ name }}{{other}}", "{{}} {{{name}}} {{name", "}}{{name}}", "{{\nname\n}}", "none"]


@pytest.mark.parametrize("text", TEXTS)
def test_variables_are_filled_in_as_the_sdk_does(text: str) -> None:
    """Those that are given; the others stay."""
    for variables in ({"name": "An"}, {"name": None, "": "x"}, {"name": 5}, {"other": "{{name}}", "name": "x"}):
        [message] = Prompt("p", 1, text).messages(variables)
        assert message == {"role": "system", "content": TemplateParser.compile_template(text, variables)}


def test_a_chat_prompt_is_messages() -> None:
    """With placeholders for messages of the request."""
    template: list[dict[str, Any]] = [
        {"type": "chatmessage", "role": "system", "content": "Be {{how}}."},
        {"type": "placeholder", "name": "history"},
        {"type": "placeholder", "name": "absent"},
        {"role": "user", "content": "{{question}}"},
    ]
    history = [{"role": "assistant", "content": "Hi {{how}}"}, "odd"]
    assert Prompt("p", 1, template).messages({"how": "brief", "history": history}) == [
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": "Hi {{how}}"},
        {"role": "user", "content": "{{question}}"},
    ]
