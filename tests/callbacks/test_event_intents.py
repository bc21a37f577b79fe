"""The event is on disk before a provider is called, or no provider is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import litellm
import pytest
from litellm.caching.caching import DualCache
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.utils import ProxyLogging

from callbacks.events import hook
from inferspect.context import Outcome, RequestContext
from inferspect.events.event import GatewayEvent
from inferspect.events.spool import Spool
from inferspect.refusal import Refusal

NOW = datetime.now(UTC)
HELLO = [{"role": "user", "content": "hello"}]


class Attempts(CustomLogger):
    """Counts deployments that LiteLLM was about to call."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def async_pre_call_deployment_hook(self, *_: Any, **__: Any) -> None:
        self.count += 1


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Attempts:
    """Called beside the hook; routers and calls add to LiteLLM's lists, which are as before afterwards."""
    counting = Attempts()
    for name in ("input", "success", "failure", "_async_success", "_async_failure"):
        monkeypatch.setattr(litellm, f"{name}_callback", [])
    monkeypatch.setattr(litellm, "callbacks", [counting, hook])
    return counting


@pytest.fixture
def router() -> litellm.Router:
    """Two deployments and a fallback, which are tried again and rest after one failure."""
    models = [
        {
            "model_name": group,
            "litellm_params": {"model": "openai/gpt-4o", "api_key": "none", "mock_response": "hi"},
            "model_info": {"id": f"{group}-{number}"},
        }
        for group in ("one", "other")
        for number in range(2)
    ]
    return litellm.Router(models, num_retries=2, allowed_fails=0, fallbacks=[{"one": ["other"]}])


async def test_where_the_intent_cannot_be_written_no_provider_is_called(
    context: RequestContext, spool: Spool, attempts: Attempts, router: litellm.Router
) -> None:
    """The request is refused at once: nothing is tried again, and no deployment rests, as none has failed."""
    context.request_id, context.recorded = str(uuid.uuid4()), True
    fill(spool)
    with pytest.raises(Refusal) as raised:
        await router.acompletion("one", HELLO, reasoning={"effort": "x" * 8000})
    assert raised.value.code == "event_spool_unavailable"
    assert context.refusal is not None
    assert (context.refusal.status_code, context.refusal.code) == (503, "event_spool_unavailable")
    assert (attempts.count, context.attempts) == (1, [])
    serving, all_of_it = await router._async_get_healthy_deployments("one", None)  # noqa: SLF001  the only way to see
    assert len(serving) == len(all_of_it) == 2


async def test_a_provider_is_called_once_the_intent_is_on_disk(
    context: RequestContext, spool: Spool, attempts: Attempts, router: litellm.Router
) -> None:
    """Of a process that dies from here on, it is known that the provider may have been called."""
    context.request_id, context.recorded = str(uuid.uuid4()), True
    await router.acompletion("one", HELLO)
    (event,) = [GatewayEvent.from_json(spooled.body) for spooled in await spool.ripe(10, 10**12)]
    assert (event.result, event.complete, attempts.count) == ("unknown", False, 1)


async def test_a_tool_of_an_mcp_server_is_called_once_the_intent_is_on_disk(
    context: RequestContext, spool: Spool
) -> None:
    """After the guardrails have been over the call as it came."""
    context.request_id, context.recorded = str(uuid.uuid4()), True
    await hook.async_pre_call_hook(UserAPIKeyAuth(), None, {"name": "note", "arguments": {}}, "call_mcp_tool")  # type: ignore[arg-type]
    assert await spool.depth() == 0
    await hook.async_pre_call_hook(UserAPIKeyAuth(), None, made_up_chat(), "call_mcp_tool")  # type: ignore[arg-type]
    (event,) = [GatewayEvent.from_json(spooled.body) for spooled in await spool.ripe(10, 10**12)]
    assert (event.result, event.call_type) == ("unknown", "call_mcp_tool")


async def test_where_the_intent_cannot_be_written_no_tool_is_called(context: RequestContext, spool: Spool) -> None:
    """The refusal goes to the client in place of a result."""
    context.request_id, context.recorded = str(uuid.uuid4()), True
    context.parameters = {"text": "x" * 8000}
    fill(spool)
    with pytest.raises(Refusal):
        await hook.async_pre_call_hook(UserAPIKeyAuth(), None, made_up_chat(), "call_mcp_tool")  # type: ignore[arg-type]
    assert context.refusal is not None
    assert context.refusal.code == "event_spool_unavailable"


def made_up_chat() -> dict[str, Any]:
    """What LiteLLM makes of a call of a tool."""
    logging = ProxyLogging(DualCache())  # type: ignore[arg-type]
    call: dict[str, Any] = {"name": "note", "arguments": {"to": "jane"}, "server_name": "notes"}
    chat: dict[str, Any] = logging.convert_mcp_to_llm_format(logging.create_mcp_request_object_from_kwargs(call), call)
    return chat


async def test_an_answer_that_was_kept_is_not_counted_again(context: RequestContext, spool: Spool) -> None:
    """Whoever reads or deletes it makes an event, without the tokens, cost and content of the one it was made in."""
    context.request_id, context.method, context.recorded, context.status = str(uuid.uuid4()), "GET", True, 200
    response = litellm.ModelResponse(usage=litellm.Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7))
    response._hidden_params = {"response_cost": 0.5}  # noqa: SLF001  where LiteLLM keeps it
    payload = {"standard_logging_object": {"response_cost": 0.5, "prompt_tokens": 3, "response": {"output": ["hi"]}}}
    await hook.async_log_success_event(payload, None, NOW, NOW)
    await hook.async_post_call_success_hook({}, UserAPIKeyAuth(), response)
    assert context.settled
    assert (context.outcome, context.output) == (Outcome(), None)


def fill(spool: Spool) -> None:
    """Let the file of the spool grow no more."""
    for database in (spool._database, spool._at_once):  # noqa: SLF001  a limit is a connection's own
        database.execute("PRAGMA max_page_count=1").fetchall()
