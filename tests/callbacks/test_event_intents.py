"""The event is on disk before a provider is called, or no provider is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import litellm
import pytest
from litellm.integrations.custom_logger import CustomLogger

from callbacks.events import hook
from inferspect.context import RequestContext
from inferspect.events.event import GatewayEvent
from inferspect.events.spool import Spool
from inferspect.refusal import Refusal

HELLO = [{"role": "user", "content": "hello"}]


class Attempts(CustomLogger):
    """Counts deployments that LiteLLM was about to call."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def async_pre_call_deployment_hook(self, *_: Any, **__: Any) -> None:
        self.count += 1


@pytest.fixture
def attempts() -> Iterator[Attempts]:
    before, counting = litellm.callbacks, Attempts()
    litellm.callbacks = [counting, hook]
    yield counting
    litellm.callbacks = before


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
    await fill(spool)
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


async def fill(spool: Spool) -> None:
    """Let the file of the spool grow no more."""
    await spool._submit(lambda database: database.execute("PRAGMA max_page_count=1").fetchall())  # noqa: SLF001
