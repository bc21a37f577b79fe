"""The hook as LiteLLM calls it: requests and answers with all the copies that LiteLLM keeps of them."""

import datetime as dt
import json
from typing import Any

import httpx
import litellm
import pytest
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.utils import ProxyLogging
from litellm.types.utils import (
    CallTypes,
    Choices,
    HiddenParams,
    Message,
    ModelResponse,
    TextChoices,
    TextCompletionResponse,
)

from guardrails.pipeline import hook
from guardrails.pipeline.service import GuardrailService, install
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect import runtime
from inferspect.context import RequestContext, Verdict
from inferspect.refusal import Refusal
from inferspect.settings import GuardrailSettings, Settings
from inferspect.tenancy import InvalidRules, TenantDirectory
from inferspect.testing.upstream import UpstreamSimulator

JANE = "jane.doe@example.com"
CARD = "4111 1111 1111 1111"
MASKED = "<EMAIL_ADDRESS>"
TEXT_PART = [{"type": "text", "text": JANE}]
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("acompletion", {"messages": [{"role": "user", "content": JANE}, {"role": "tool", "content": TEXT_PART}]}),
    "completions": ("atext_completion", {"prompt": JANE}),
    "completions, many": ("atext_completion", {"prompt": ["x", JANE]}),
    "embeddings": ("aembedding", {"input": JANE}),
    "embeddings, many": ("aembedding", {"input": [JANE]}),
    "responses": ("aresponses", {"input": JANE, "instructions": JANE}),
    "responses, items": ("aresponses", {"input": [{"role": "user", "content": TEXT_PART}]}),
    "anthropic": ("anthropic_messages", {"system": JANE, "messages": [{"role": "user", "content": TEXT_PART}]}),
}


@pytest.fixture(autouse=True)
def _started() -> None:
    settings = GuardrailSettings()
    finder = Finder(FindingsCache(settings.cache_bytes, settings.cache_for))
    install(GuardrailService(settings, Policies(settings), finder, TenantKeys("salt of a test")))


def key(**pii: Any) -> UserAPIKeyAuth:
    return UserAPIKeyAuth(team_id="team-1", team_metadata={"inferspect": {"pii": pii}} if pii else {})


def as_litellm_has_it(call_type: str, body: dict[str, Any]) -> dict[str, Any]:
    """A request as the proxy holds it before the first hook: with the body's snapshot and LiteLLM's logging object."""
    data = {"model": "gpt-4o-mini", "metadata": {}, "litellm_call_id": "1", **json.loads(json.dumps(body))}
    data["proxy_server_request"] = {"url": "/", "method": "POST", "body": dict(data)}
    logging_object, data = litellm.utils.function_setup(
        original_function=call_type,
        rules_obj=litellm.utils.Rules(),
        start_time=dt.datetime.now(dt.UTC),
        **data,
    )
    data["litellm_logging_obj"] = logging_object
    return data


def places_of(secret: str, value: Any, path: str = "", seen: set[int] | None = None) -> list[str]:
    """Where ``secret`` is to be found in a request and in everything of LiteLLM's that hangs on it."""
    seen = set() if seen is None else seen
    if isinstance(value, str):
        return [path] if secret in value else []
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, dict):
        members: Any = value.items()
    elif isinstance(value, list | tuple | set):
        members = enumerate(value)
    elif type(value).__module__.startswith("litellm") and hasattr(value, "__dict__"):
        members = vars(value).items()
    else:
        return []
    return [place for name, member in members for place in places_of(secret, member, f"{path}/{name}", seen)]


async def before_call(data: dict[str, Any], auth: UserAPIKeyAuth, call_type: str = "acompletion") -> None:
    await hook.async_pre_call_hook(user_api_key_dict=auth, cache=None, data=data, call_type=call_type)


async def after_call(response: Any, auth: UserAPIKeyAuth, data: dict[str, Any] | None = None) -> Any:
    return await hook.async_post_call_success_hook(data=data or {}, user_api_key_dict=auth, response=response)


async def after_deployment(response: Any, data: dict[str, Any] | None = None) -> None:
    data = {} if data is None else data
    await hook.async_post_call_success_deployment_hook(data, response, CallTypes.acompletion)


def answer(text: str = f"write to {JANE}", **choice: Any) -> ModelResponse:
    return ModelResponse(choices=[Choices(message=Message(content=text), **choice)])


def text_of(response: ModelResponse) -> Any:
    return response.choices[0].message.content


def without_time(verdicts: list[Verdict]) -> list[tuple[str, str, dict[str, int], str | None]]:
    """The verdicts about personal data."""
    return [(v.decision, v.direction, v.counts, v.code) for v in verdicts if v.guardrail == "pii"]


class Unreadable(dict[str, Any]):
    """A part of a message that fails to be read, and quotes the content when it does."""

    def items(self) -> Any:
        raise ValueError(JANE)


@pytest.mark.parametrize("name", BODIES)
async def test_request_and_all_that_litellm_keeps_of_it_are_masked(name: str, context: RequestContext) -> None:
    """After the hook the raw value is nowhere: not in the body, its snapshot, or the logging object."""
    call_type, body = BODIES[name]
    data = as_litellm_has_it(call_type, body)
    assert places_of(JANE, data)
    await before_call(data, key(), call_type)
    assert places_of(JANE, data) == []
    assert all(data[field] == json.loads(json.dumps(value).replace(JANE, MASKED)) for field, value in body.items())
    found = json.dumps(body).count(JANE)
    assert without_time(context.verdicts) == [("modify", "input", {"EMAIL_ADDRESS": found}, None)]


@pytest.mark.parametrize("name", BODIES)
async def test_blocked_request_is_refused_and_logged_without_the_value(name: str, context: RequestContext) -> None:
    """The refusal names the entity and never the value, and LiteLLM's failure log has nothing to leak."""
    call_type, body = BODIES[name]
    data = as_litellm_has_it(call_type, body)
    with pytest.raises(Refusal) as raised:
        await before_call(data, key(entities={"EMAIL_ADDRESS": "block"}), call_type)
    assert (raised.value.status_code, raised.value.code) == (400, "pii_blocked")
    assert "EMAIL_ADDRESS" in raised.value.message
    assert JANE not in str(raised.value.detail)
    assert places_of(JANE, data) == []
    assert context.refusal is raised.value
    assert context.verdicts[0].decision == "block"


async def test_clean_request_stays_as_it_is(context: RequestContext) -> None:
    """A request without personal data is not touched, and the verdict says that it was looked at."""
    data = {"messages": [{"role": "user", "content": "Hello there"}]}
    await before_call(data, key())
    assert data == {"messages": [{"role": "user", "content": "Hello there"}]}
    assert without_time(context.verdicts) == [("pass", "input", {}, None)]


@pytest.mark.parametrize("pii", [{"enabled": False}, {"input": False}])
async def test_tenant_can_switch_scanning_off(pii: dict[str, Any], context: RequestContext) -> None:
    """Rules decide whether requests are scanned at all."""
    data = {"prompt": JANE}
    await before_call(data, key(**pii))
    assert data == {"prompt": JANE}
    assert without_time(context.verdicts) == []


async def test_invalid_rules_refuse() -> None:
    """A tenant whose rules do not validate is not served with half of them."""
    with pytest.raises(InvalidRules):
        await before_call({"prompt": JANE}, key(colour="red"))


async def test_without_a_context_the_key_decides() -> None:
    """Outside of our middleware the rules of the key's team hold, and masking goes on."""
    data = {"prompt": f"{JANE} {CARD}"}
    await before_call(data, key(entities={"EMAIL_ADDRESS": "off"}))
    assert data == {"prompt": f"{JANE} <CREDIT_CARD>"}
    response = answer()
    await after_deployment(
        response, {"metadata": {"user_api_key_team_metadata": {"inferspect": {"pii": {"output": False}}}}}
    )
    assert text_of(response) == f"write to {JANE}"
    await after_deployment(response)
    assert text_of(response) == f"write to {MASKED}"


async def test_unscannable_request_fails_closed_without_its_content(
    context: RequestContext, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong while scanning, the request is refused, and neither message, log nor copies quote it."""
    data = as_litellm_has_it("acompletion", {"messages": [{"role": "user", "content": JANE}]})
    data["messages"].insert(0, Unreadable(role="user", content=JANE))
    with pytest.raises(Refusal) as raised:
        await before_call(data, key())
    assert (raised.value.status_code, raised.value.code) == (500, "guardrail_error")
    logged = capsys.readouterr().out
    assert JANE not in str(raised.value.detail) + logged
    assert "ValueError" in logged
    assert places_of(JANE, data) == []
    assert without_time(context.verdicts) == [("block", "input", {}, "guardrail_error")]


async def test_a_streamed_answer_is_kept_out_of_the_cache(context: RequestContext) -> None:
    """LiteLLM caches a stream as the provider wrote it, and no hook comes before that."""
    data: dict[str, Any] = {"prompt": "x", "stream": True, "cache": {"use-cache": True}}
    await before_call(data, key())
    assert data["cache"] == {"use-cache": True, "no-store": True}


async def test_a_streamed_answer_is_redacted_for_loggers(context: RequestContext) -> None:
    """What LiteLLM has put together of the provider's chunks is redacted in copies; raw ones are withheld."""
    await before_call({"prompt": "x", "stream": True}, key())
    response = answer()
    kwargs = {
        "stream": True,
        "async_complete_streaming_response": response,
        "original_response": f"data: {JANE}",
        "standard_logging_object": {"response": response.model_dump()},
    }
    given, result = await hook.async_logging_hook(kwargs, response, "acompletion")
    assert text_of(result) == f"write to {MASKED}"
    assert places_of(JANE, {"kwargs": given["standard_logging_object"], "raw": given["original_response"]}) == []
    assert text_of(given["async_complete_streaming_response"]) == f"write to {MASKED}"
    assert text_of(response) == f"write to {JANE}"


async def test_a_streamed_answer_that_cannot_be_looked_through_is_withheld_from_loggers(
    context: RequestContext,
) -> None:
    """A logger gets nothing that was not looked through."""
    await before_call({"prompt": "x", "stream": True}, key())
    response = {"content": [Unreadable(type="text", text=JANE)]}
    kwargs = {"stream": True, "complete_streaming_response": response}
    given, result = hook.logging_hook(kwargs, response, "acompletion")
    assert JANE not in repr(given) + repr(result)


async def test_answer_is_masked_before_litellm_caches_and_logs_it(context: RequestContext) -> None:
    """The deployment hook masks the answer, its tool calls, the raw copy and the tokens of the log probabilities."""
    await before_call({"prompt": "x"}, key())
    tools = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"to": JANE})}}]
    response = ModelResponse(choices=[
        Choices(
            message=Message(content=f"write to {JANE}", tool_calls=tools, reasoning_content=f"is it {CARD}?"),
            logprobs={"content": [{"token": "jane.doe", "logprob": -1.0, "bytes": None, "top_logprobs": []}]},
        )
    ])  # fmt: skip
    request = as_litellm_has_it("acompletion", {"messages": []})
    request["litellm_logging_obj"].model_call_details["original_response"] = response.model_dump_json()
    await after_deployment(response, request)
    assert places_of("jane.doe", {"response": response.model_dump(), "request": request}) == []
    arguments = response.choices[0].message.tool_calls[0].function.arguments
    assert json.loads(arguments) == {"to": MASKED}
    assert response.choices[0].message.reasoning_content == "is it <CREDIT_CARD>?"
    assert without_time(context.verdicts)[1:] == [("modify", "output", {"EMAIL_ADDRESS": 2, "CREDIT_CARD": 1}, None)]


async def test_answer_as_litellm_received_it_is_masked(context: RequestContext) -> None:
    """LiteLLM logs `/v1/messages` from the HTTP response and keeps raw completions in hidden parameters."""
    await before_call({"prompt": "x"}, key())
    anthropic = {"type": "message", "content": [{"type": "text", "text": JANE}]}
    request = as_litellm_has_it("anthropic_messages", {"messages": []})
    details = request["litellm_logging_obj"].model_call_details
    details["httpx_response"] = httpx.Response(200, headers={"request-id": "1"}, json=anthropic)
    await after_deployment(anthropic, request)
    assert details["httpx_response"].json() == {"type": "message", "content": [{"type": "text", "text": MASKED}]}
    assert details["httpx_response"].headers["request-id"] == "1"
    completion = TextCompletionResponse(choices=[TextChoices(text=JANE)])
    for hidden in ({"original_response": JANE}, HiddenParams(original_response={"text": JANE})):
        completion.choices[0].text = JANE
        context.notes.clear()
        completion._hidden_params = hidden  # noqa: SLF001  # LiteLLM's place for it
        await after_deployment(completion)
        assert JANE not in repr(hidden)


async def test_one_answer_is_scanned_once(context: RequestContext) -> None:
    """The second hook passes over what the first has dealt with, also in a copy, so nothing is counted twice."""
    auth = key(entities={"EMAIL_ADDRESS": "report"})
    await before_call({"prompt": "x"}, auth)
    response = answer()
    await after_deployment(response)
    again = await after_call(response.model_copy(deep=True), auth)
    assert text_of(again) == f"write to {JANE}"
    assert without_time(context.verdicts)[1:] == [("report", "output", {"EMAIL_ADDRESS": 1}, None)]


async def test_answer_from_the_cache_is_scanned(context: RequestContext) -> None:
    """An answer that no deployment hook has seen is masked by the last hook."""
    assert text_of(await after_call(answer(), key())) == f"write to {MASKED}"
    completion = TextCompletionResponse(choices=[TextChoices(text=JANE)])
    assert (await after_call(completion, key())).choices[0].text == MASKED
    anthropic = {
        "type": "message",
        "content": [{"type": "text", "text": JANE}, {"type": "tool_use", "input": {"id": JANE}}],
    }
    masked = await after_call(anthropic, key())
    assert masked["content"] == [{"type": "text", "text": MASKED}, {"type": "tool_use", "input": {"id": MASKED}}]


async def test_blocked_answer_is_taken_away_at_once_and_refused_later(context: RequestContext) -> None:
    """LiteLLM swallows what the deployment hook raises: it empties the answer, and the next hook refuses."""
    auth = key(entities={"EMAIL_ADDRESS": "block"})
    await before_call({"prompt": "x"}, auth)
    response, request = answer(), {"cache": {"ttl": 5}}
    await after_deployment(response, request)
    assert JANE not in response.model_dump_json()
    assert request["cache"] == {"ttl": 5, "no-store": True}
    with pytest.raises(Refusal) as raised:
        await after_call(response, auth)
    assert raised.value.code == "pii_blocked"
    assert JANE not in raised.value.message


async def test_unscannable_answer_fails_closed(context: RequestContext) -> None:
    """An answer that could not be scanned is emptied before it is logged, and never given."""
    await before_call({"prompt": "x"}, key())
    response = {"content": [Unreadable(type="text", text=JANE)]}
    await after_deployment(response)
    assert places_of(JANE, response) == []
    with pytest.raises(Refusal) as raised:
        await after_call(response, key())
    assert raised.value.code == "guardrail_error"


async def test_without_a_runtime_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which InferSpect was not started does not pass requests unscanned."""
    monkeypatch.setattr(runtime, "_installed", [])
    with pytest.raises(RuntimeError, match="inferspect serve"):
        await before_call({"prompt": JANE}, key())


def test_litellm_calls_the_hook_on_its_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM finds the input hook in the class itself, and does not take the callback for one of its guardrails."""
    monkeypatch.setattr(litellm, "callbacks", [hook])
    capabilities = ProxyLogging.callback_capabilities()
    assert capabilities.has_pre_call_override
    assert not capabilities.has_guardrail
    assert capabilities.has_iterator_override


async def test_through_litellm_the_provider_and_the_log_see_no_value(
    context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With LiteLLM calling the hook, the provider receives masked text and the caller gets a masked answer."""
    runtime.install(runtime.Runtime(settings=Settings(), tenants=TenantDirectory({})))
    monkeypatch.setattr(litellm, "callbacks", [hook])
    data: dict[str, Any] = {"messages": [{"role": "user", "content": JANE}]}
    await before_call(data, key())
    with UpstreamSimulator(script=[{"match": ".", "answer": f"Sent to {JANE}"}]) as upstream:
        response = await litellm.acompletion(
            model="openai/demo", api_base=f"{upstream.url}/v1", api_key="sk-any", **data
        )
        assert MASKED in str(upstream.received[0])
        assert JANE not in str(upstream.received[0])
    assert text_of(response) == f"Sent to {MASKED}"
    assert text_of(await after_call(response, key())) == f"Sent to {MASKED}"
    assert without_time(context.verdicts) == [
        ("modify", "input", {"EMAIL_ADDRESS": 1}, None),
        ("modify", "output", {"EMAIL_ADDRESS": 1}, None),
    ]
