from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import callbacks.langfuse_tracing
from callbacks.langfuse_tracing.prompting import PromptHook
from inferspect.context import RequestContext, activate, deactivate
from inferspect.observation.langfuse import KEY_VARIABLES
from inferspect.refusal import Refusal
from inferspect.runtime import Runtime, install
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory
from inferspect.testing.langfuse import LangfuseCollector, Prompt
from tests.callbacks.langfuse_tracing.conftest import OWN_KEYS, OWN_PUBLIC, OWN_SECRET, PUBLIC
from tests.spans.events import REQUEST_ID


@pytest.fixture
def served() -> Iterator[RequestContext]:
    opened = RequestContext(REQUEST_ID, "/v1/chat/completions", "POST", "192.0.2.1")
    token = activate(opened)
    yield opened
    deactivate(token)


@pytest.fixture
def prompts(langfuse: LangfuseCollector) -> LangfuseCollector:
    """A prompt in the gateway's project and one in the tenant's own."""
    for public in (PUBLIC, OWN_PUBLIC):
        langfuse._project(public).prompts.clear()  # noqa: SLF001
    langfuse.add_prompt(Prompt("shared-greeting", "Greet {{name}}.", version=3), PUBLIC)
    langfuse.add_prompt(Prompt("secret", "The secret.", version=1), PUBLIC)
    langfuse.add_prompt(Prompt("own", "Of our own.", version=2), OWN_PUBLIC)
    install(Runtime(Settings.model_validate({"langfuse": {"shared_prompts": ["shared-*"]}}), TenantDirectory({})))
    return langfuse


async def ask(
    data: dict[str, Any], call_type: str = "acompletion", *, own: dict[str, str] | None = None
) -> dict[str, Any] | None:
    rules = {"inferspect": {"observation": {"langfuse": own}}} if own else {}
    key = SimpleNamespace(team_id="team-1", team_alias="Team One", team_metadata=rules)
    return await PromptHook().async_pre_call_hook(key, None, data, call_type)


async def test_a_prompt_stands_before_the_request_s_messages(
    served: RequestContext, prompts: LangfuseCollector
) -> None:
    """With its variables; LiteLLM is not told of it, and the trace names it."""
    asked = {"role": "user", "content": "Hi"}
    data = {"prompt_id": "shared-greeting", "prompt_variables": {"name": "An"}, "messages": [asked], "model": "demo"}
    assert await ask(data) == {
        "messages": [{"role": "system", "content": "Greet An."}, asked],
        "model": "demo",
    }
    assert (served.trace.prompt_name, served.trace.prompt_version) == ("shared-greeting", 3)


async def test_a_tenant_uses_prompts_of_its_own_project(served: RequestContext, prompts: LangfuseCollector) -> None:
    """And not those of the gateway's, even shared ones: names are looked up in one project."""
    found = await ask({"prompt_id": "own", "messages": []}, own=OWN_KEYS)
    assert found == {"messages": [{"role": "system", "content": "Of our own."}]}
    with pytest.raises(Refusal) as refused:
        await ask({"prompt_id": "shared-greeting", "messages": []}, own=OWN_KEYS)
    assert (refused.value.status_code, refused.value.code) == (404, "prompt_not_found")


async def test_a_slow_file_of_a_key_holds_up_no_other_request(
    served: RequestContext, prompts: LangfuseCollector, tmp_path: Path
) -> None:
    """Secrets may lie on a network's disk: here somebody writes the key only after another task had its turn."""
    os.mkfifo(tmp_path / "public")
    os.mkfifo(tmp_path / "secret")
    rules = {"public_key": f"file:{tmp_path}/public", "secret_key": f"file:{tmp_path}/secret"}
    settings = {"langfuse": {"tenant_secrets": [f"file:{tmp_path}/*"]}}
    install(Runtime(Settings.model_validate(settings), TenantDirectory({})))
    asking = asyncio.create_task(ask({"prompt_id": "own", "messages": []}, own=rules))
    for name, key in (("public", OWN_PUBLIC), ("secret", OWN_SECRET)):
        await asyncio.to_thread((tmp_path / name).write_text, key)
    assert await asking == {"messages": [{"role": "system", "content": "Of our own."}]}


async def test_without_a_prompt_nothing_changes(served: RequestContext) -> None:
    """No runtime, no Langfuse is needed."""
    assert await ask({"messages": []}) is None


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ({"prompt_id": "secret"}, (403, "prompt_not_allowed")),
        ({"prompt_id": "absent"}, (403, "prompt_not_allowed")),
        ({"prompt_id": "shared-absent"}, (404, "prompt_not_found")),
        ({"prompt_id": "shared-greeting", "prompt_label": "absent"}, (404, "prompt_not_found")),
        ({"prompt_id": 5}, (400, "prompt_invalid")),
        ({"prompt_id": ""}, (400, "prompt_invalid")),
        ({"prompt_id": "p" * 500}, (400, "prompt_invalid")),
        ({"prompt_id": "shared-greeting", "prompt_version": True}, (400, "prompt_invalid")),
        ({"prompt_id": "shared-greeting", "prompt_version": "1"}, (400, "prompt_invalid")),
        ({"prompt_id": "shared-greeting", "prompt_label": ["a"]}, (400, "prompt_invalid")),
        ({"prompt_id": "shared-greeting", "prompt_variables": "name"}, (400, "prompt_invalid")),
    ],
)
async def test_what_cannot_be_used_is_refused(
    served: RequestContext, prompts: LangfuseCollector, data: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """With a reason; whether a prompt that is not shared exists is not told."""
    with pytest.raises(Refusal) as refused:
        await ask(data)
    assert (refused.value.status_code, refused.value.code) == refusal
    assert served.refusal is refused.value


async def test_without_langfuse_there_is_no_prompt_of_the_name(
    served: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever mistypes the name of a file is not sent to ask for a project."""
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    install(Runtime(Settings(), TenantDirectory({})))
    with pytest.raises(Refusal, match="GET /api/v1/prompts") as refused:
        await ask({"prompt_id": "custmer-support"})
    assert (refused.value.status_code, refused.value.code) == (404, "prompt_not_found")


async def test_an_endpoint_without_messages_takes_no_prompt(served: RequestContext, prompts: LangfuseCollector) -> None:
    """It would be ignored in silence otherwise."""
    with pytest.raises(Refusal) as refused:
        await ask({"prompt_id": "shared-greeting", "input": "Hi"}, "aembedding")
    assert (refused.value.status_code, refused.value.code) == (400, "prompt_invalid")


async def test_a_prompt_of_a_langfuse_that_is_away_is_refused(
    served: RequestContext, prompts: LangfuseCollector
) -> None:
    """A request without its instructions would be another request."""
    prompts.behave("error-500")
    with pytest.raises(Refusal) as refused:
        await ask({"prompt_id": "shared-greeting", "messages": []})
    assert (refused.value.status_code, refused.value.code) == (503, "prompt_unavailable")


@pytest.mark.parametrize("call_type", ["aresponses", "anthropic_messages"])
@pytest.mark.parametrize("content", [{"content": [{"type": "text", "text": "S"}]}, {"content": None}, {}])
async def test_a_placeholder_brings_instructions_as_text(
    served: RequestContext, prompts: LangfuseCollector, call_type: str, content: dict[str, Any]
) -> None:
    """Where they become the API's instructions; what the client puts there instead is refused, with the place."""
    prompts.add_prompt(Prompt("shared-talk", [{"type": "placeholder", "name": "said"}]), PUBLIC)
    data = {"prompt_id": "shared-talk", "prompt_variables": {"said": [{"role": "system", **content}]}, "messages": []}
    with pytest.raises(Refusal) as refused:
        await ask(data, call_type)
    assert (refused.value.status_code, refused.value.code) == (400, "prompt_invalid")
    assert refused.value.param == "prompt_variables"


def test_litellm_finds_the_hook_by_its_name() -> None:
    """``callbacks.langfuse_tracing.hook``, as the configuration names it."""
    assert isinstance(callbacks.langfuse_tracing.hook, PromptHook)
    with pytest.raises(AttributeError, match="nothing"):
        _ = callbacks.langfuse_tracing.nothing
