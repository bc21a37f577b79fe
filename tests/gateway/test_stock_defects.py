"""Defects that users report of LiteLLM's own Presidio guardrail and content filter, each with its issue in
BerriAI/litellm: none of them is here.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.guarding import ANTHROPIC, CHATS, ID, OPENAI, ROUTES, TOOL, Answer, ask, body_of, new_mark, script_of
from tests.gateway.planting import written

REVERSIBLE = {"pii": {"action": "reversible", "packs": ["us", "vn"], "entities": {"PERSON": "reversible"}}}
STREAMS = [("chat/completions", OPENAI), ("responses", OPENAI), ("messages", OPENAI), ("messages", ANTHROPIC)]


def sent_to_provider(upstream: UpstreamSimulator, mark: str) -> str:
    (sent,) = [request.text for request in upstream.received if mark in request.text]
    return sent


def user_text(upstream: UpstreamSimulator, mark: str) -> str:
    content: str = json.loads(sent_to_provider(upstream, mark))["messages"][-1]["content"]
    return content.removeprefix(f"{mark} ")


def test_overlapping_findings_do_not_corrupt_the_text(gateway: GatewayProcess, scripted: UpstreamSimulator) -> None:
    """#42130: where a phone number, a bank account and a driving licence are found in the same digits, stock writes
    ``my number <PHONE_NUMBER_1>CENSE_1>…`` and what was around is lost.
    """
    key = gateway.new_key(rules=REVERSIBLE)
    for text in (
        "my account and phone number 4857362910 ok thanks",
        "mail jane.doe@192.0.2.17.example.com ok thanks",
        "see https://jane:hunter2@example.com/jane.doe@example.com ok thanks",
        "driver license account 12345678901 ok thanks",
    ):
        mark = new_mark()
        echo = ask(gateway, key, "chat/completions", f"{mark} {text}", "sim/echo")
        sent = user_text(scripted, mark)
        before, placeholder, after = re.fullmatch(r"(.*?)(<[A-Z_]+_[a-z2-7]{10}>)(.*)", sent).groups()  # type: ignore[union-attr]
        assert text.startswith(before)
        assert text.endswith(after)
        assert placeholder.count("<") == 1
        assert text in echo.text


def test_two_people_never_share_a_placeholder(gateway: GatewayProcess, scripted: UpstreamSimulator) -> None:
    """#31959, #41600: stock begins to count anew in each message, so Alice and Bob are both ``<PERSON_1>``, and Alice
    is restored as Bob.
    """
    key = gateway.new_key(rules=REVERSIBLE)
    mark = new_mark()
    messages = [
        {"role": "user", "content": "My name is Alice Miller."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": f"{mark} My colleague's name is Bob Carter."},
    ]
    with gateway.client(key) as client:
        body = {"model": "sim/demo", "messages": messages}
        client.post("/v1/chat/completions", json=body).raise_for_status()
        found = re.findall(r"<PERSON_[a-z2-7]{10}>", sent_to_provider(scripted, mark))
        assert len(found) == len(set(found)) == 2
        scripted.script = [{"match": mark, "answer": f"{found[0]} met {found[1]}."}]
        response = client.post("/v1/chat/completions", json=body).json()
    assert response["choices"][0]["message"]["content"] == "Alice Miller met Bob Carter."


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_truncated_placeholder_is_not_restored_to_a_guess(
    gateway: GatewayProcess, scripted: UpstreamSimulator, stream: bool
) -> None:
    """Of an answer that ends in ``<PERSON_`` stock makes the name of whoever comes first."""
    key = gateway.new_key(rules=REVERSIBLE)
    for told in ("Contact <PERSON_", "the tag <PERS", "Contact <PERSON_1>", "<PERSON"):
        mark, rule = script_of(told)
        scripted.script = [rule]
        text = f"{mark} My name is Alice Miller."
        assert ask(gateway, key, "chat/completions", text, OPENAI, stream=stream).text == told


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("piece", [1, 4, 9])
def test_a_placeholder_split_over_anthropics_events_is_restored(
    gateway: GatewayProcess, scripted: UpstreamSimulator, model: str, piece: int
) -> None:
    """#41611: stock looks at each event of ``/v1/messages`` alone, so ``<PERS`` and ``ON_1>`` stay as they are."""
    key = gateway.new_key(rules=REVERSIBLE)
    mark = new_mark()
    text = f"{mark} My name is Alice Miller."
    ask(gateway, key, "chat/completions", text, "sim/demo")
    (placeholder,) = re.findall(r"<PERSON_[a-z2-7]{10}>", sent_to_provider(scripted, mark))
    scripted.script = [{"match": mark, "answer": {"text": f"Hi {placeholder}!", "piece_characters": piece}}]
    assert ask(gateway, key, "messages", text, model, stream=True).text == "Hi Alice Miller!"


def test_calls_of_tools_are_masked_in_requests(gateway: GatewayProcess, scripted: UpstreamSimulator, key: str) -> None:
    """#31950, #41265, #40380: stock lets the arguments of tool calls and their results pass as they are."""
    mark, mail = new_mark(), "jane.doe@example.com"
    arguments = {"ssn": "219-09-9998", "to": [mail], "deep": {"note": f'"{mail}"'}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps(arguments)}}
    chat = [
        {"role": "user", "content": mark},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"found": mail})},
    ]
    messages = [
        {"role": "user", "content": mark},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": arguments}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": f"found {mail}"}]},
    ]
    items = [
        {"role": "user", "content": mark},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": json.dumps(arguments)},
        {"type": "function_call_output", "call_id": "c1", "output": f"found {mail}"},
    ]
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("chat/completions", {"messages": chat}),
        ("messages", {"messages": messages, "max_tokens": 50}),
        ("responses", {"input": items}),
    ]
    for model in ("sim/demo", "sim-anthropic/demo"):
        for path, body in bodies:
            scripted.clear()
            with gateway.client(key) as client:
                client.post(f"/v1/{path}", json={"model": model, **body}).raise_for_status()
            sent = sent_to_provider(scripted, mark)
            assert mail not in sent
            assert "219-09-9998" not in sent
            assert sent.count("<EMAIL_ADDRESS>") == 3


@pytest.mark.parametrize(("path", "model"), [route for route in ROUTES if route[0] != "completions"])
def test_calls_of_tools_are_masked_in_streamed_answers(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """#40380 and the content filter: values in arguments, cut into pieces, reach no client."""
    mark, rule = script_of("", 2, tool_calls=[{"name": "f", "arguments": {"to": "jane.doe@example.com", "n": 1.50}}])
    scripted.script = [rule]
    function = {"name": "f", "parameters": TOOL}
    tools: dict[str, Any] = {
        "chat/completions": {"type": "function", "function": function},
        "responses": {"type": "function", **function},
        "messages": {"name": "f", "input_schema": TOOL},
    }
    answer = ask(gateway, key, path, mark, model, stream=True, tools=[tools[path]])
    assert json.loads(answer.arguments) == {"to": "<EMAIL_ADDRESS>", "n": 1.5}
    assert "doe@" not in answer.raw


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_stream_is_not_buffered_whole(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """Stock waits for the end of an answer before it gives the first word; here the answer never ends."""
    mark, rule = script_of("Once there was a word, and then another. " * 40)
    scripted.script = [rule]
    scripted.set_behaviours({"*": "hang-stream-after-100"})
    body = body_of(path, mark, model, stream=True)
    with gateway.client(key) as client, client.stream("POST", f"/v1/{path}", json=body) as response:
        answer = Answer(response)
        for line in response.iter_lines():
            answer.take_line(line)
            if "and then another" in answer.text:
                break
    assert answer.finish == []


@pytest.mark.parametrize("path", CHATS)
def test_an_error_in_the_guardrail_emits_nothing_raw(
    gateway: GatewayProcess, scripted: UpstreamSimulator, event_of: Callable[[str], dict[str, Any]], path: str
) -> None:
    """Where stock fails in a stream it emits the chunks as they came. A pattern of the tenant's that takes for ever
    makes ours fail: the stream ends with an error.
    """
    key = gateway.new_key(rules={"pii": {"allow": {"patterns": ["(?:ab|a|b)+x.*"]}}})
    name = "ab" * 25
    mark, rule = script_of(f"{'Something harmless to begin with. ' * 8}{name}@example.com and more. " * 2)
    scripted.script = [rule]
    answer = ask(gateway, key, path, mark, OPENAI, stream=True)
    assert name not in answer.raw
    assert answer.error is not None
    assert answer.finish == []
    assert any(verdict["decision"] == "block" for verdict in event_of(answer.request_id)["verdicts"])


@pytest.mark.parametrize("path", CHATS)
def test_a_guardrail_that_only_masks_fails_closed(
    gateway: GatewayProcess, upstream: UpstreamSimulator, path: str
) -> None:
    """#30728: where its analyzer is away and nothing is to be blocked, stock passes the request on unmasked."""
    key = gateway.new_key(rules={"pii": {"action": "mask", "allow": {"patterns": ["(?:ab|a|b)+x.*"]}}})
    mark = new_mark()
    answer = ask(gateway, key, path, f"{mark} {'ab' * 25}@example.com", "sim/demo")
    assert answer.status >= httpx.codes.BAD_REQUEST
    assert not any(mark in request.text for request in upstream.received)


def test_loggers_never_get_the_raw_text(
    gateway: GatewayProcess, scripted: UpstreamSimulator, event_of: Callable[[str], dict[str, Any]], key: str
) -> None:
    """#35951: with ``logging_only`` stock gives loggers what it should have masked for them. Whatever is written here,
    by LiteLLM or by us, of requests and answers, whole and streamed, holds no value.
    """
    value = uuid.uuid4().hex[:12]
    text = f"{value}@example.com"
    for path, model in ROUTES:
        for stream in (False, True):
            mark, rule = script_of(f"It is {text}, as you said.")
            scripted.script = [rule]
            answer = ask(gateway, key, path, f"{mark} {text}", model, stream=stream)
            assert answer.text == "It is <EMAIL_ADDRESS>, as you said."
            assert value not in json.dumps(event_of(answer.request_id), default=str)
    assert [file.name for file, content in written(gateway, "postgres") if value.encode() in content] == []


async def test_requests_are_not_serialised_by_a_lock(
    gateway: GatewayProcess, key: str, scripted: UpstreamSimulator
) -> None:
    """Stock lets one request at a time to its analyzer. Here a request that takes long to look through does not keep
    a short one waiting until it is done.
    """
    scripted.set_behaviours({"*": "demo"})
    headers = {"authorization": f"Bearer {key}"}
    order: list[str] = []
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=120) as client:

        async def send(name: str, text: str) -> None:
            body = body_of("chat/completions", text, "sim/demo")
            (await client.post("/v1/chat/completions", json=body)).raise_for_status()
            order.append(name)

        await send("warm", "hello")
        long = " ".join(f"person{random.random()}@example.com and {uuid.uuid4()}" for _ in range(8000))
        slow = asyncio.create_task(send("long", long))
        await asyncio.sleep(0.05)
        while not slow.done() and "short" not in order:
            await send("short", f"mail person{time.time()}@example.com")
        await slow
    assert order.index("short") < order.index("long")


@pytest.mark.parametrize(("path", "model"), [route for route in ROUTES if route[0] in ("responses", "messages")])
def test_a_value_split_over_events_does_not_leak(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """The content filter leaks such a value in each of 300 answers on ``/v1/responses`` and ``/v1/messages``."""
    for piece in (1, 2, 3, 5, 8, 13):
        mark, rule = script_of("Well, pay with 4111 1111 1111 1111 then, as everybody does. ", piece)
        scripted.script = [rule]
        answer = ask(gateway, key, path, mark, model, stream=True)
        assert answer.text == "Well, pay with <CREDIT_CARD> then, as everybody does. "
        assert "1111" not in ID.sub("", answer.raw)


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_stream_that_breaks_midway_does_not_leak(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """The content filter leaks in a third of the streams that end before their time: here every place is tried."""
    mark, rule = script_of("Pay with 4111 1111 1111 1111 now. " * 3, 3)
    scripted.script = [rule]
    for after in range(1, 24):
        scripted.set_behaviours({"*": f"cut-stream-after-{after}"})
        answer = ask(gateway, key, path, mark, model, stream=True, num_retries=0)
        assert "1111 1111 1111 1111" not in answer.raw
        assert "1111 1111 1111 1111" not in answer.text


@pytest.mark.parametrize(("path", "model"), [route for route in ROUTES if route[0] != "completions"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_reasoning_does_not_leak(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str, stream: bool
) -> None:
    """The content filter does not look at reasoning, on no route."""
    mark, rule = script_of("Done.", 3, reasoning="They gave me 4111 1111 1111 1111, so I use it.")
    scripted.script = [rule]
    answer = ask(gateway, key, path, mark, model, stream=stream)
    assert answer.reasoning == "They gave me <CREDIT_CARD>, so I use it."
    assert "1111" not in ID.sub("", answer.raw)
