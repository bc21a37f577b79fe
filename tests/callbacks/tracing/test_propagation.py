from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import litellm
import pytest
from litellm.caching.caching import Cache

import callbacks.tracing
from callbacks.tracing.propagation import PropagationHook
from inferspect.context import RequestContext, Trace, activate, deactivate
from inferspect.runtime import Runtime, install
from inferspect.settings import Settings
from inferspect.spans.builder import spans_of
from inferspect.spans.sessions import SessionTraces
from inferspect.tenancy import TenantDirectory
from tests.spans.events import PARENT, REQUEST_ID, event

CALL = {"model": "hosted_vllm/llama", "model_info": {"id": "own-1"}, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def served() -> Iterator[RequestContext]:
    """A request being served, by its UUID."""
    opened = RequestContext(REQUEST_ID, "/v1/chat/completions", "POST", "192.0.2.1")
    token = activate(opened)
    yield opened
    deactivate(token)


def configure(*propagate: str, **tracing: Any) -> None:
    settings = Settings.model_validate({"tracing": {"propagate": propagate, **tracing}})
    install(Runtime(settings, TenantDirectory({})))


async def headers(**call: Any) -> dict[str, str] | None:
    changed = await PropagationHook().async_pre_call_deployment_hook({**CALL, **call}, None)
    return None if changed is None else changed["extra_headers"]


async def test_a_provider_continues_the_trace(served: RequestContext) -> None:
    """Its parent is the span of the call, as it will be sent later."""
    configure("hosted_vllm")
    call = next(span for span in spans_of(event()) if span.is_call)
    expected = f"00-{uuid.UUID(REQUEST_ID).hex}-{call.span_id.hex()}-01"
    assert await headers(extra_headers={"x-own": "1"}) == {"x-own": "1", "traceparent": expected}
    assert await headers(extra_headers="odd") == {"traceparent": expected}


async def test_a_caller_s_trace_and_state_go_on(served: RequestContext) -> None:
    """With the caller's flags; the span in between is ours."""
    configure("*")
    served.trace = Trace(parent=f"{PARENT[:-2]}00", state="vendor=1")
    found = await headers(extra_headers={"traceparent": "of the client's body"})
    assert found is not None
    assert found["tracestate"] == "vendor=1"
    assert found["traceparent"].startswith(PARENT[:36])
    assert found["traceparent"].endswith("-00")
    assert PARENT[36:52] not in found["traceparent"]


async def test_a_session_s_trace_goes_on(served: RequestContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Langfuse has one trace of a session, a provider joins that one; a collector has one of each request."""
    monkeypatch.setenv("LITELLM_SALT_KEY", "a salt key")
    served.trace, served.team_id = Trace(session_id="conversation"), "team-1"
    settings = {"tracing": {"propagate": ["*"]}, "langfuse": {"traces_by": "session"}}
    install(Runtime(Settings.model_validate(settings), TenantDirectory({})))
    found = await headers()
    assert found is not None
    assert found["traceparent"][3:35] == SessionTraces("a salt key").id_of("team-1", "conversation").hex()
    settings["tracing"]["endpoint"] = "http://127.0.0.1:1"  # type: ignore[assignment]
    install(Runtime(Settings.model_validate(settings), TenantDirectory({})))
    found = await headers()
    assert found is not None
    assert found["traceparent"][3:35] == uuid.UUID(REQUEST_ID).hex


async def test_what_is_not_sampled_says_so(served: RequestContext) -> None:
    """So that a provider need not record what nobody will look at."""
    configure("*", sample_rate=0)
    found = await headers()
    assert found is not None
    assert found["traceparent"].endswith("-00")


@pytest.mark.parametrize(
    ("propagate", "call", "accepted"),
    [
        ((), {}, False),
        (("openai",), {}, False),
        (("hosted_*",), {}, True),
        (("own-1",), {}, True),
        (("openai",), {"custom_llm_provider": "openai"}, True),
        (("hosted_vllm",), {"custom_llm_provider": "openai"}, False),
        (("*",), {"model": None, "model_info": "odd"}, True),
    ],
)
async def test_only_those_named_get_it(
    served: RequestContext, propagate: tuple[str, ...], call: dict[str, Any], accepted: bool
) -> None:
    """Ids of traces go to no provider unless the operator says so."""
    configure(*propagate)
    assert (await headers(**call) is not None) is accepted


async def test_outside_of_a_request_there_is_no_trace() -> None:
    """A health check of LiteLLM's, for instance."""
    configure("*")
    assert await headers() is None


async def test_the_cache_s_key_stays_the_same(served: RequestContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests for the same have different ids and one answer in the cache; also by LiteLLM's flag for all keys."""
    configure("*")
    key = Cache().get_cache_key(**CALL)
    for flag in (False, True):
        monkeypatch.setattr(litellm, "enable_caching_on_provider_specific_optional_params", flag)
        changed = await PropagationHook().async_pre_call_deployment_hook(dict(CALL), None)
        assert (changed is None) is flag
        if changed is not None:
            assert Cache().get_cache_key(**changed) == key


def test_consumers_need_no_litellm() -> None:
    """LiteLLM finds the hook by its name; a process that only consumes events does not load LiteLLM."""
    assert isinstance(callbacks.tracing.hook, PropagationHook)
    with pytest.raises(AttributeError, match="nothing"):
        _ = callbacks.tracing.nothing
    program = "import sys, callbacks.tracing.extension; print('litellm' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
