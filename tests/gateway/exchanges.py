"""A request as its client, the provider, Langfuse and LiteLLM's spend log saw it, and what must be the same in all."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.langfuse.records import Observation, Score, Trace
from inferspect.testing.upstream import Received, UpstreamSimulator

APIS = ("chat/completions", "responses", "messages")
PRICES = {
    "input_cost_per_token": 0.00001,
    "cache_read_input_token_cost": 0.000001,
    "cache_creation_input_token_cost": 0.00002,
    "input_cost_per_audio_token": 0.00004,
    "output_cost_per_token": 0.00003,
    "output_cost_per_reasoning_token": 0.00006,
    "output_cost_per_audio_token": 0.00005,
}
# Under which of these each API has what is asked or answered.
CONTENT = ("messages", "input", "choices", "output", "message", "content", "text")


@dataclass(frozen=True)
class Answer:
    """What the client got: all text in its order, and the usage where it was told."""

    text: str
    usage: Mapping[str, Any] | None


class Client:
    """A tenant's client, and what Langfuse and LiteLLM have of its requests."""

    def __init__(
        self, gateway: GatewayProcess, langfuse: LangfuseCollector, upstream: UpstreamSimulator, **rules: Any
    ) -> None:
        self.gateway = gateway
        self.langfuse = langfuse
        self.upstream = upstream
        self.key = gateway.new_key(rules)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Ask; whatever the provider receives from now on is of this request."""
        self.upstream.clear()
        with self.gateway.client(self.key) as client:
            return client.post(f"/v1/{path}", json=body, headers=headers)

    def leave(self, path: str, body: dict[str, Any], after: str) -> tuple[httpx.Response, str]:
        """Ask for a stream and go as soon as a line has this text; what came until then, too."""
        self.upstream.clear()
        lines = []
        with (
            self.gateway.client(self.key) as client,
            client.stream("POST", f"/v1/{path}", json={**body, "stream": True}) as response,
        ):
            for line in response.iter_lines():
                lines.append(line)
                if after in line:
                    break
        return response, "\n".join(lines)

    def trace(self, response: httpx.Response, trace_id: str | None = None) -> Trace:
        """The trace of a request, once it has all that will come, its cost and its scores included."""
        request_id = response.headers["x-request-id"]
        statement = "SELECT complete FROM inferspect.events WHERE id = %s"
        while not any(row["complete"] for row in self.gateway.query(statement, uuid.UUID(request_id))):
            time.sleep(0.1)
        while self.gateway.query("SELECT 1 FROM inferspect.deliveries WHERE id = %s", uuid.UUID(request_id)):
            time.sleep(0.1)
        found = self.langfuse.traces()[trace_id or uuid.UUID(request_id).hex]
        assert len(roots_of(found)) == 1
        return found

    def spend(self, **columns: str) -> dict[str, Any]:
        """LiteLLM's own row about the key's only request, or the only one with these values."""
        hashed = hashlib.sha256(self.key.encode()).hexdigest()
        while True:
            rows = self.gateway.query('SELECT * FROM "LiteLLM_SpendLogs" WHERE api_key = %s', hashed)
            if found := [row for row in rows if columns.items() <= row.items()]:
                (row,) = found
                return row
            time.sleep(0.2)

    def scores(self, trace: Trace) -> list[Score]:
        while not (found := [score for score in self.langfuse.scores() if score.trace_id == trace.id]):
            time.sleep(0.1)
        return found


def priced_models(upstream: UpstreamSimulator) -> list[dict[str, Any]]:
    """Models of both APIs of providers, named ``priced-`` and what they do."""
    return [
        {
            "model_name": f"priced-{model}",
            "litellm_params": {"model": f"{provider}/{model}", "api_base": address, "api_key": "none"},
            "model_info": {"id": f"priced-{model}", **PRICES},
        }
        for provider, address, models in (
            ("openai", f"{upstream.url}/v1", ("echo", "demo", "tool-call", "error-500", "gpt-4o-mini")),
            ("anthropic", upstream.url, ("claude",)),
        )
        for model in models
    ]


def asked_by(path: str, model: str, text: str, **more: Any) -> dict[str, Any]:
    """A request of an API; of a stream that can tell its usage, with the wish for it."""
    if more.get("stream") and path == "chat/completions":
        more["stream_options"] = {"include_usage": True}
    asked = {"input": text} if path == "responses" else {"messages": [{"role": "user", "content": text}]}
    return {"model": model, **asked, **({"max_tokens": 100} if path == "messages" else {}), **more}


def roots_of(trace: Trace) -> list[Observation]:
    return [one for one in trace.observations.values() if one.metadata.get("request_id")]


def call_of(trace: Trace) -> Observation:
    (found,) = [*trace.of_type("generation"), *trace.of_type("embedding")]
    return found


def attempts_of(trace: Trace) -> list[Observation]:
    return [one for one in trace.observations.values() if str(one.name).startswith("attempt ")]


def assert_same(trace: Trace, answer: Answer, received: Sequence[Received], spend: Mapping[str, Any]) -> None:
    """A trace tells what the provider was asked, what the client got, and what LiteLLM wrote down that it cost."""
    call = call_of(trace)
    assert [attempt.metadata["model"] for attempt in attempts_of(trace)] == [one.json()["model"] for one in received]
    if received:
        asked = json.loads(call.input) if isinstance(call.input, str) else call.input
        assert said(asked) == said(received[-1].json())
        assert call.model == received[-1].json()["model"]
    assert said(call.output) == answer.text
    tokens = tokens_of(call.usage_details)
    assert tokens == (spend["prompt_tokens"], spend["completion_tokens"])
    assert answer.usage is None or tokens == tokens_told(answer.usage)
    assert call.cost_details["total"] == pytest.approx(spend["spend"])
    # Not the spend: of messages that another API serves, LiteLLM's kinds lack what reasoning costs more.
    kinds = spend["metadata"]["cost_breakdown"]["original_cost"] if spend["spend"] else 0
    assert sum(cost for kind, cost in call.cost_details.items() if kind != "total") == pytest.approx(kinds)


def tokens_of(details: Mapping[str, int]) -> tuple[int, int]:
    """Of prompt and answer, each the sum of its kinds."""
    prompt, answer = (
        sum(count for kind, count in details.items() if kind.startswith(whole)) for whole in ("input", "output")
    )
    assert prompt + answer == details["total"]
    return prompt, answer


def tokens_told(usage: Mapping[str, Any]) -> tuple[int, int]:
    """Of prompt and answer, from the usage of any API; Anthropic's has those of the cache beside the others."""
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["completion_tokens"]
    beside = (usage.get(f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation"))
    return usage["input_tokens"] + sum(beside), usage["output_tokens"]


def said(value: Any) -> str:
    """All text of messages, items, blocks or choices, in their order, without what the model thought."""
    if isinstance(value, list):
        return "".join(map(said, value))
    if not isinstance(value, dict):
        return value or ""
    if value.get("type") in ("reasoning", "thinking"):
        return ""
    return said(next((value[name] for name in CONTENT if value.get(name)), ""))


def answer_of(text: str) -> Answer:
    """What a client gets out of a body, or out of a stream as far as it came."""
    events = list(_events(text))
    if not events:
        body = json.loads(text)
        return Answer(said(body), body["usage"])
    usage: dict[str, Any] = {}
    for event in events:
        for holder in (event.get("message") or {}, event.get("response") or {}, event):
            usage |= {name: value for name, value in (holder.get("usage") or {}).items() if value is not None}
    return Answer("".join(map(_piece, events)), usage or None)


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def _piece(event: Mapping[str, Any]) -> str:
    """The text that one event of a stream brings."""
    if event.get("type") == "response.output_text.delta":
        return str(event["delta"])
    if event.get("type") == "content_block_delta":
        return str(event["delta"].get("text", ""))
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))
