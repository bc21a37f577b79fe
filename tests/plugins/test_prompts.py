"""What the hook makes of requests, and what it refuses; through the running gateway: tests/gateway/test_prompts.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inferspect.context import RequestContext
from inferspect.prompts.library import PromptFolder, PromptLibrary
from inferspect.refusal import Refusal
from inferspect.runtime import Runtime
from inferspect.runtime import install as install_runtime
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory
from plugins.prompts import hook
from plugins.prompts.service import install
from tests.prompts.conftest import prompt_text

BODY = "# system\n\nGreet {{ name }}.\n"
ASKED = {"role": "user", "content": "Hi"}


@pytest.fixture
async def prompts(tmp_path: Path) -> None:
    """Two versions of a greeting, and a third whose file is wrong."""
    for version, body in ((1, "# user\n\nHello\n"), (2, BODY), (3, "none")):
        file = tmp_path / "greeting" / f"v{version}.md"
        file.parent.mkdir(exist_ok=True)
        text = prompt_text("greeting", version, body, parameters="{temperature: 0.5, max_tokens: 50}")
        file.write_text(text, encoding="utf-8")
    library = PromptLibrary(PromptFolder(tmp_path))
    await library.open()
    install(library)
    install_runtime(Runtime(Settings(), TenantDirectory({})))


async def ask(data: dict[str, Any], call_type: str = "acompletion", **rules: Any) -> dict[str, Any] | None:
    key = SimpleNamespace(team_id="team-1", team_alias="One", team_metadata={"inferspect": rules}, token="hash")
    return await hook.async_pre_call_hook(key, None, data, call_type)  # type: ignore[arg-type]


async def test_a_prompt_stands_before_the_request_s_messages(context: RequestContext, prompts: None) -> None:
    """With its variables and its parameters, where the request has none; the newest version that is right."""
    data = {
        "prompt_id": "greeting",
        "prompt_variables": {"name": "An"},
        "messages": [ASKED],
        "model": "demo",
        "temperature": 1,
    }
    assert await ask(data) == {
        "messages": [{"role": "system", "content": "Greet An."}, ASKED],
        "model": "demo",
        "temperature": 1,
        "max_tokens": 50,
    }
    assert (context.trace.prompt_name, context.trace.prompt_version) == ("greeting", 2)


@pytest.mark.parametrize(
    "data", [{}, {"prompt_id": None}, {"prompt_id": "absent"}, {"prompt_id": 5}, {"prompt_id": []}]
)
async def test_what_names_no_file_is_left_to_others(
    context: RequestContext, prompts: None, data: dict[str, Any]
) -> None:
    """Untouched, with whatever stands beside it: the prompt may be Langfuse's."""
    data = {**data, "prompt_label": "staging", "prompt_version": "1"}
    before = dict(data)
    assert await ask(data) is None
    assert data == before
    assert context.trace.prompt_name is None


async def test_without_a_folder_nothing_is_ours(context: RequestContext) -> None:
    install(None)
    assert await ask({"prompt_id": "greeting"}) is None


@pytest.mark.parametrize(
    ("fields", "rules", "refusal"),
    [
        ({"prompt_version": 9}, {}, (404, "prompt_not_found", "prompt_version")),
        ({"prompt_version": 3}, {}, (503, "prompt_unavailable", "prompt_id")),
        ({"prompt_version": "1"}, {}, (400, "prompt_invalid", "prompt_version")),
        ({"prompt_label": "production"}, {}, (400, "prompt_invalid", "prompt_label")),
        ({"prompt_variables": {}}, {}, (400, "prompt_invalid", "prompt_variables")),
        ({"prompt_variables": {"name": ["An"]}}, {}, (400, "prompt_invalid", "prompt_variables")),
        ({"prompt_variables": "An"}, {}, (400, "prompt_invalid", "prompt_variables")),
        ({}, {"prompts": {"allowed": []}}, (403, "prompt_not_allowed", "prompt_id")),
        ({"prompt_version": 9}, {"prompts": {"allowed": ["other-*"]}}, (403, "prompt_not_allowed", "prompt_id")),
        ({"prompt_version": 9}, {"access": {"addresses": ["10.0.0.0/8"]}}, (403, "address_not_allowed", None)),
        ({"prompt_version": 9}, {"parameters": {"denied": ["prompt_id"]}}, (400, "parameter_not_allowed", "prompt_id")),
        ({}, {"prompts": {"allow": []}}, (403, "tenant_rules_invalid", None)),
    ],
)
async def test_what_cannot_be_used_is_refused(
    context: RequestContext,
    prompts: None,
    fields: dict[str, Any],
    rules: dict[str, Any],
    refusal: tuple[int, str, str | None],
) -> None:
    """With its field; who may not ask at all does not learn which versions there are. The trace has its name."""
    with pytest.raises(Refusal) as refused:
        await ask({"prompt_id": "greeting", "messages": [], **fields}, **rules)
    assert (refused.value.status_code, refused.value.code, refused.value.param) == refusal
    if fields.get("prompt_version") == "1":
        assert refused.value.message == "'prompt_version' must be a whole number from 1, without quotes."
    assert context.refusal is refused.value
    fits_no_variables = fields.get("prompt_variables") in ({}, {"name": ["An"]})
    named = ("greeting", 2 if fits_no_variables else None)
    assert (context.trace.prompt_name, context.trace.prompt_version) == named


async def test_globs_allow(context: RequestContext, prompts: None) -> None:
    data = {"prompt_id": "greeting", "prompt_version": 1, "messages": []}
    assert await ask(data, prompts={"allowed": ["greet*"]})


async def test_an_endpoint_without_messages_takes_no_prompt(context: RequestContext, prompts: None) -> None:
    """It would be ignored in silence otherwise."""
    with pytest.raises(Refusal) as refused:
        await ask({"prompt_id": "greeting", "input": "Hi"}, "aembedding")
    assert (refused.value.status_code, refused.value.code) == (400, "prompt_invalid")
