"""Personal data and secrets in every place of a request that is to reach a model, and in what comes back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.notifications import MailSink, NotificationSink
from inferspect.testing.otlp import OtlpCollector
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.planting import Planter

CHAT = "/v1/chat/completions"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def of_user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


@dataclass
class Scene:
    """A gateway and all that receives from it."""

    gateway: GatewayProcess
    upstream: UpstreamSimulator
    langfuse: LangfuseCollector
    collector: OtlpCollector
    sink: NotificationSink
    mail: MailSink
    planter: Planter = field(default_factory=Planter)
    kept: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, set[int]] = field(default_factory=dict)

    def ask(self, place: str, path: str = CHAT, *, key: str = "tenant", headers: Any = None, **body: Any) -> None:
        """Send a request."""
        body = {"model": "sim/echo", "messages": of_user("Hello"), "num_retries": 0, **body}
        body = {name: value for name, value in body.items() if value is not None}
        with self.gateway.client(self.keys[key]) as client:
            response = client.post(path, json=body, headers=headers)
        self.note(place, response)

    def note(self, place: str, response: httpx.Response) -> None:
        self.statuses.setdefault(place, set()).add(response.status_code)


Step = Callable[[], None]


def in_content(scene: Scene) -> Iterator[Step]:
    """Whatever the model is given, in all APIs, whole and streamed, and in whatever form."""
    for key, stream in itertools.product(("tenant", "hashing", "reversible"), (False, True)):

        def ask(
            path: str, place: str, make: Callable[[str], dict[str, Any]], *, key: str = key, stream: bool = stream
        ) -> Step:
            planted = scene.planter.plant(f"{place}, {key}, stream {stream}")
            body = {"stream": stream or None, **make(planted.text)}
            return partial(scene.ask, f"{place}, {key}, stream {stream}", path, key=key, **body)

        yield ask(CHAT, "content", lambda text: {"messages": of_user(text)})
        yield ask(
            CHAT, "parts", lambda text: {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}
        )
        yield ask(CHAT, "system", lambda text: {"messages": [{"role": "system", "content": text}, *of_user("Hello")]})
        yield ask(CHAT, "tool call", lambda text: {"messages": tool_talk(text)})
        yield ask(CHAT, "tools", lambda text: {"tools": [tool(text)]})
        yield ask(CHAT, "response_format", lambda text: {"response_format": schema(text)})
        yield ask("/v1/completions", "prompt", lambda text: {"prompt": text, "messages": None})
        yield ask("/v1/responses", "input", lambda text: {"input": text, "instructions": text, "messages": None})
        yield ask(
            "/v1/messages", "messages", lambda text: {"system": text, "max_tokens": 99, "messages": of_user(text)}
        )
        yield ask(CHAT, "for Anthropic", lambda text: {"model": "sim-anthropic/echo", "messages": of_user(text)})
    for path, name in (("embeddings", "input"), ("moderations", "input"), ("images/generations", "prompt")):
        planted = scene.planter.plant(path)
        yield partial(scene.ask, path, f"/v1/{path}", messages=None, model="demo-embedding", **{name: planted.text})
    planted = scene.planter.plant("rerank")
    yield partial(
        scene.ask,
        "rerank",
        "/v1/rerank",
        messages=None,
        query=planted.text,
        documents=[{"text": planted.text}],
    )
    cached = scene.planter.plant("cached").text
    for _ in range(3):
        yield partial(scene.ask, "cached", messages=of_user(cached), cache={"use-cache": True})


def tool(text: str) -> dict[str, Any]:
    properties = {"x": {"type": "string", "description": text, "enum": [text], "default": text}}
    function = {"name": "find", "description": text, "parameters": {"type": "object", "properties": properties}}
    return {"type": "function", "function": function}


def tool_talk(text: str) -> list[dict[str, Any]]:
    call = {"name": "find", "arguments": json.dumps({"q": text, "deep": {"list": [text]}, text: 1})}
    return [
        *of_user("Hello"),
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": "c1", "content": text},
    ]


def schema(text: str) -> dict[str, Any]:
    described = {"type": "object", "description": text, "properties": {"x": {"type": "string", "enum": [text]}}}
    return {"type": "json_schema", "json_schema": {"name": "answer", "description": text, "schema": described}}


def in_identifiers(scene: Scene) -> Iterator[Step]:
    """What tells users, sessions and traces apart, each value by itself: body, metadata, headers and address."""
    metadata = (
        "user_id", "session_id", "trace_name", "generation_name", "trace_user_id", "trace_id", "trace_release",
        "existing_trace_id", "environment", "trace_metadata", "note", "requester_ip_address", "user_api_key_alias",
    )  # fmt: skip
    fields = (
        "user", "safety_identifier", "prompt_cache_key", "litellm_session_id", "litellm_trace_id", "service_tier",
        "reasoning_effort", "stop", "seed", "temperature", "own_field", "api_key", "api_base", "mock_response",
        "prompt_id", "previous_response_id", "n", "max_tokens", "verbosity", "voice",
    )  # fmt: skip
    headers = (
        "x-session-id", "x-litellm-session-id", "x-claude-code-session-id", "x-litellm-end-user-id", "x-litellm-tags",
        "x-litellm-customer-id", "x-litellm-trace-id", "x-litellm-call-id", "x-litellm-spend-logs-metadata",
        "x-litellm-agent-id", "x-litellm-timeout", "langfuse_trace_name", "langfuse-trace-user-id", "langfuse_tags",
        "langfuse_session_id", "langfuse_trace_release", "langfuse_trace_environment", "langfuse_trace_metadata",
        "langfuse_trace_id", "langfuse_parent_observation_id", "traceparent", "tracestate", "baggage", "user-agent",
        "x-request-id", "x-forwarded-for", "referer", "cookie", "x-own", "idempotency-key", "openai-organization",
        "x-forwarded-user", "x-openwebui-user-email", "content-language",
    )  # fmt: skip
    for name in metadata:
        for value in values(scene, f"metadata.{name}"):
            yield partial(scene.ask, f"metadata.{name}", metadata={name: value})
    for value in values(scene, "tags"):
        yield partial(scene.ask, "tags", metadata={"tags": [value]}, tags=[value])
        yield partial(scene.ask, "key of metadata", metadata={value: {value: [value]}})
    for name in fields:
        for value in values(scene, f"field {name}"):
            yield partial(scene.ask, f"field {name}", **{name: value})
    for name in headers:
        for value in values(scene, f"header {name}"):
            sent = {"traceparent": PARENT} if name == "tracestate" else {}
            sent[name] = f"vendor={value}" if name == "tracestate" else value
            yield partial(scene.ask, f"header {name}", headers=sent)
    for value in values(scene, "query"):
        yield partial(scene.ask, "query", f"{CHAT}?note={value}&{value}=1")


def values(scene: Scene, place: str) -> tuple[str, ...]:
    planted = scene.planter.plant(place)
    return planted.mail, planted.card, planted.token, planted.phone, planted.text


def in_names(scene: Scene) -> Iterator[Step]:
    """Names of models, tools, fallbacks and routes."""
    for value in values(scene, "model of a wildcard")[:4]:
        yield partial(scene.ask, "model of a wildcard", model=f"sim/{value}")
    for value in values(scene, "streamed model of a wildcard")[:4]:
        yield partial(scene.ask, "streamed model", model=f"sim/{value}", stream=True)
    for key in ("tenant", "one model", "few models", "invalid", "nobody"):
        for value in values(scene, f"unknown model, {key}"):
            yield partial(scene.ask, f"unknown model, {key}", key=key, model=value)
    for value in values(scene, "fallbacks"):
        yield partial(scene.ask, "fallbacks", model="sim/error-503", fallbacks=[value, f"sim/{value}"])
    for value in values(scene, "name of a tool"):
        called = {"type": "function", "function": {"name": value}}
        yield partial(scene.ask, "tool", tools=[called], tool_choice=called)


def in_routes(scene: Scene) -> Iterator[Step]:
    """Paths: of a model that the client names, closed, mistyped, and none at all."""
    for path in (
        "/openai/deployments/{}/chat/completions", "/engines/{}/chat/completions", "/v1beta/models/{}:generateContent",
        "/v1/responses/{}/cancel", "/v1/{}", "/nothing/{}", "/openai/{}", "/v1/files/{}", "/{}/mcp", "/nothing/key/{}",
        "/v1/chat/completions/{}", "/anthropic/v1/{}", "/api/v1/{}",
    ):  # fmt: skip
        for value in values(scene, f"route {path}")[:4]:
            yield partial(scene.ask, f"route {path}", path.format(value))
    for path in ("/v1/models/{}", "/v1/responses/{}", "/nothing/{}", "/v1/models?x={}"):
        for value in values(scene, f"GET {path}")[:4]:
            yield partial(get, scene, path.format(value))


def get(scene: Scene, path: str) -> None:
    with scene.gateway.client(scene.keys["tenant"]) as client:
        scene.note(f"GET {path}", client.get(path))


def in_answers(scene: Scene) -> Iterator[Step]:
    """What a provider says: in answers, in errors that quote the request, and when it says nothing."""
    said_whole = {name: scene.planter.plant(f"answer {name}") for name in ("text", "tool", "reasoning")}
    errors = {status: scene.planter.plant(f"error {status}") for status in (400, 401, 403, 404, 429, 500, 503)}
    scene.upstream.script = [
        {"model": "says-text", "answer": said_whole["text"].text},
        {"model": "says-tool", "answer": {"tool_calls": [{"name": "f", "arguments": {"x": said_whole["tool"].text}}]}},
        {"model": "says-reasoning", "answer": {"text": "Yes", "reasoning": said_whole["reasoning"].text}},
        *(
            {
                "model": f"fails-{status}",
                "answer": {"error": {"status": status, "message": of.text, "type": of.mail, "code": of.token}},
            }
            for status, of in errors.items()
        ),
    ]
    models = [*(f"says-{name}" for name in said_whole), *(f"fails-{status}" for status in errors)]
    for model, stream, of in itertools.product(models, (False, True), ("sim", "sim-anthropic")):
        asked = {"model": f"{of}/{model}", "stream": stream or None, "max_tokens": 900}
        yield partial(scene.ask, f"answer {asked}", **asked)
        yield partial(scene.ask, f"messages {asked}", "/v1/messages", **asked)
    endings = (
        "error-400", "error-429", "error-500", "fail-mid-stream", "echo+cut-stream-after-1", "unheard-of",
    )  # fmt: skip
    for model, stream in itertools.product(endings, (False, True)):
        text = scene.planter.plant(f"prompt of {model}, stream {stream}").text
        yield partial(suppressed, scene, model, model=f"sim/{model}", stream=stream or None, messages=of_user(text))
    slow, failing, gone = (scene.planter.plant(place).text for place in ("timeout", "failed fallbacks", "aborted"))
    yield partial(scene.ask, "timeout", model="sim/hang", timeout=1, messages=of_user(slow))
    yield partial(scene.ask, "fallen", model="sim/error-503", fallbacks=["sim/error-500"], messages=of_user(failing))
    yield partial(leave, scene, gone)


def suppressed(scene: Scene, place: str, **body: Any) -> None:
    with suppress(httpx.TransportError):  # the stream is cut off
        scene.ask(place, **body)


def leave(scene: Scene, text: str) -> None:
    """Go away in the middle of an answer."""
    body = {"model": "sim/echo+hang-stream-after-9", "stream": True, "messages": of_user(text)}
    with (
        scene.gateway.client(scene.keys["tenant"]) as client,
        client.stream("POST", CHAT, json=body) as response,
    ):
        assert next(response.iter_lines())
