"""What the tests of guardrails share: one way to ask all APIs, and to read answers of all APIs, whole and streamed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from inferspect.testing.gateway import GatewayProcess

CHATS = ("chat/completions", "completions", "responses", "messages")
"""The APIs that answer in words."""
OPENAI, ANTHROPIC = "sim/gpt-4o-mini", "sim-anthropic/demo"
"""The simulator as a provider that speaks OpenAI's APIs, and as one that speaks Anthropic's.

LiteLLM knows the first by its name: the responses API of a model that it does not know it asks for a whole answer, and
only plays that it streams.
"""
ROUTES = [
    ("chat/completions", OPENAI),
    ("completions", OPENAI),
    ("responses", OPENAI),
    ("messages", OPENAI),
    ("chat/completions", ANTHROPIC),
    ("responses", ANTHROPIC),
    ("messages", ANTHROPIC),
]
TOOL = {"type": "object", "properties": {}, "additionalProperties": True}
ID = re.compile(r"[0-9a-f-]{10,}")
"""An id of a request or an answer, or a time: any digits may be in it."""


def new_mark() -> str:
    """A word that nothing else has, of letters alone: among digits there might be a number that guardrails know."""
    return uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))


def body_of(path: str, text: str, model: str = "sim/echo", **fields: Any) -> dict[str, Any]:
    """A request with one text of the user's, in the shape of an API."""
    if path == "completions":
        return {"model": model, "prompt": text, "max_tokens": 10_000, **fields}
    if path in ("responses", "embeddings"):
        return {"model": model, "input": text, **fields}
    return {"model": model, "max_tokens": 10_000, "messages": [{"role": "user", "content": text}], **fields}


def ask(gateway: GatewayProcess, key: str, path: str, text: str, model: str = "sim/echo", **fields: Any) -> Answer:
    """A whole or, with ``stream=True``, a streamed answer, read to its end."""
    body = body_of(path, text, model, **fields)
    with gateway.client(key) as client, client.stream("POST", f"/v1/{path}", json=body) as response:
        return Answer.read(response)


@dataclass(slots=True)
class Answer:
    """An answer of any API.

    Attributes:
        raw: all its bytes, as text.
        events: of a stream, else the one body.
        text, reasoning, arguments: what is said in it.
        cut: the connection ended before the answer did.
    """

    response: httpx.Response
    raw: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    reasoning: str = ""
    arguments: str = ""
    error: dict[str, Any] | None = None
    finish: list[str] = field(default_factory=list)
    done: bool = False
    cut: bool = False

    @classmethod
    def read(cls, response: httpx.Response) -> Answer:
        answer = cls(response)
        if "text/event-stream" not in response.headers.get("content-type", ""):
            answer.raw = response.read().decode()
            body = json.loads(answer.raw)
            answer.events.append(body)
            answer._take(_whole(body))
            return answer
        try:
            for line in response.iter_lines():
                answer.take_line(line)
        except httpx.RemoteProtocolError:
            answer.cut = True
        return answer

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def request_id(self) -> str:
        return str(self.response.headers["x-request-id"])

    @property
    def code(self) -> Any:
        """The code of the error, or the type where Anthropic's shape has no code."""
        assert self.error is not None, self.raw
        return self.error.get("code") or self.error.get("type")

    def ids(self) -> int:
        """How many different ids the events of a stream have."""
        return len({found for event in self.events if (found := _id_of(event))})

    def take_line(self, line: str) -> None:
        """Read one line of a stream."""
        self.raw += line + "\n"
        if line == "data: [DONE]":
            self.done = True
        elif line.startswith("data: "):
            event = json.loads(line.removeprefix("data: "))
            self.events.append(event)
            self._take(_streamed(event))

    def _take(self, said: Iterator[tuple[str, Any]]) -> None:
        for kind, value in said:
            if kind == "error":
                self.error = value
            elif kind == "finish":
                self.finish.append(value)
            else:
                setattr(self, kind, getattr(self, kind) + value)


def _id_of(event: dict[str, Any]) -> str | None:
    found = event.get("id") or (event.get("response") or event.get("message") or {}).get("id")
    return found if isinstance(found, str) else None


def _whole(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if body.get("error"):
        yield "error", body["error"]
    for choice in body.get("choices") or ():
        message = choice.get("message") or {"content": choice.get("text")}
        yield from _chat(message)
        yield "finish", choice["finish_reason"]
    for item in body.get("output") or ():
        yield from _item(item)
    for block in body.get("content") or ():
        yield from _block(block)
    if body.get("stop_reason"):
        yield "finish", body["stop_reason"]
    if body.get("object") == "response":
        yield "finish", body["status"]


def _chat(message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "text", message.get("content") or ""
    yield "reasoning", message.get("reasoning_content") or ""
    for call in message.get("tool_calls") or ():
        yield "arguments", call["function"].get("arguments") or ""


def _item(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = {"message": "text", "reasoning": "reasoning"}.get(item["type"], "text")
    for part in [*(item.get("summary") or ()), *(item.get("content") or ())]:
        yield kind, part.get("text") or ""
    yield "arguments", item.get("arguments") or ""


def _block(block: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "text", block.get("text") or ""
    yield "reasoning", block.get("thinking") or ""
    if block.get("input"):
        yield "arguments", json.dumps(block["input"], ensure_ascii=False)


DELTAS = {
    "response.output_text.delta": "text",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.reasoning_text.delta": "reasoning",
    "response.function_call_arguments.delta": "arguments",
}


def _streamed(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = event.get("type", "")
    if kind in DELTAS:
        yield DELTAS[kind], event["delta"]
    if kind in ("response.completed", "response.incomplete"):
        yield "finish", event["response"]["status"]
    if kind == "response.failed":
        yield "error", event["response"]["error"]
    if kind == "content_block_start":
        yield from _block(event["content_block"])
    if kind == "content_block_delta":
        delta = event["delta"]
        yield "text", delta.get("text") or ""
        yield "reasoning", delta.get("thinking") or ""
        yield "arguments", delta.get("partial_json") or ""
    if kind == "message_delta":
        yield "finish", event["delta"]["stop_reason"]
    if event.get("error"):
        yield "error", event["error"]
    for choice in event.get("choices") or ():
        yield from _chat(choice.get("delta") or {"content": choice.get("text")})
        if choice.get("finish_reason"):
            yield "finish", choice["finish_reason"]


def script_of(answer: str = "", piece: int = 4, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A mark to ask with, and the rule of a script that gives an answer to it."""
    mark = new_mark()
    return mark, {"match": mark, "answer": {"text": answer, "piece_characters": piece, **fields}}
