"""Streamed answers through the running gateway: the same as whole ones, and nothing raw in any byte."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from functools import reduce
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.guarding import ANTHROPIC, ID, OPENAI, ROUTES, TOOL, Answer, ask, body_of, script_of

VALUES = ("grace.hopper@example.com", "+84 912 345 678", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00")
TEXT = (
    f"Write to {VALUES[0]}, or call {VALUES[1]} — whichever suits. Then pay with card {VALUES[2]} or to the account "
    f"{VALUES[3]}; an ordinary tail of words follows, long enough to be told in many pieces.\n" * 2
)
ENTITIES = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE")
MASKED = reduce(lambda text, pair: text.replace(pair[0], f"<{pair[1]}>"), zip(VALUES, ENTITIES, strict=True), TEXT)
THOUGHT = f"They want {VALUES[0]}, do they not? Let us see."
MASKED_THOUGHT = THOUGHT.replace(VALUES[0], "<EMAIL_ADDRESS>")
CALL = {"name": "send", "arguments": {"to": VALUES[0], "card": VALUES[2], "nested": [{"note": f'"{VALUES[1]}"'}]}}
MASKED_CALL = {"to": "<EMAIL_ADDRESS>", "card": "<CREDIT_CARD>", "nested": [{"note": '"<PHONE_NUMBER>"'}]}
PIECES = [1, 3, 16, 5000]
CALLING = [(path, model) for path, model in ROUTES if path != "completions"]


def holds_a_value(raw: str) -> list[str]:
    """The parts of values that are in the bytes of an answer; four digits count only where no id has them."""
    parts = [part for part in ("hopper", "912 345", "41111111", "0440532", "0044 0532") if part in raw]
    return parts + ["4111"] * ("4111" in ID.sub("", raw))


def tool_fields(path: str) -> dict[str, Any]:
    if path == "messages":
        return {"tools": [{"name": "send", "input_schema": TOOL}]}
    if path == "responses":
        return {"tools": [{"type": "function", "name": "send", "parameters": TOOL}]}
    return {"tools": [{"type": "function", "function": {"name": "send", "parameters": TOOL}}]}


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_streamed_answer_is_the_whole_one_character_for_character(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str, piece: int
) -> None:
    """However a provider cuts its answer into pieces: in text and reasoning, on every API and of every provider."""
    mark, rule = script_of(TEXT, piece, reasoning="" if path == "completions" else THOUGHT)
    scripted.script = [rule]
    whole = ask(gateway, key, path, mark, model)
    streamed = ask(gateway, key, path, mark, model, stream=True)
    assert whole.text == streamed.text == MASKED
    assert whole.reasoning == streamed.reasoning == ("" if path == "completions" else MASKED_THOUGHT)
    assert holds_a_value(whole.raw + streamed.raw) == []
    assert streamed.finish == whole.finish


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(("path", "model"), CALLING)
def test_arguments_of_tools_are_masked_in_streams_and_stay_json(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str, piece: int
) -> None:
    """Leaf by leaf, with the structure, numbers and order that the model wrote."""
    mark, rule = script_of("", piece, tool_calls=[CALL])
    scripted.script = [rule]
    whole = ask(gateway, key, path, mark, model, **tool_fields(path))
    streamed = ask(gateway, key, path, mark, model, stream=True, **tool_fields(path))
    assert json.loads(whole.arguments) == json.loads(streamed.arguments) == MASKED_CALL
    assert holds_a_value(whole.raw + streamed.raw) == []


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_clean_stream_says_what_the_provider_says(
    gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """Where nothing is found, every character is there, in its order."""
    text = "Nothing here is anybody's: 7 > 3, <b>, {x}, naïve, 東京, a@b, 123-45. " * 12
    mark, rule = script_of(text, 5)
    scripted.script = [rule]
    assert ask(gateway, key, path, mark, model, stream=True).text == text


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_content_comes_while_the_provider_still_writes(
    gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """A provider that never ends its answer is heard all the same, up to what is held back."""
    text = "This is quite an ordinary sentence about nothing in particular, which goes on. " * 10
    mark, rule = script_of(f"{VALUES[0]} {text}", 4)
    scripted.script = [rule]
    scripted.set_behaviours({"*": "hang-stream-after-120"})
    heard = ""
    body = body_of(path, mark, model, stream=True)
    with gateway.client(key) as client, client.stream("POST", f"/v1/{path}", json=body) as response:
        answer = Answer(response)
        for line in response.iter_lines():
            answer.take_line(line)
            heard = answer.text
            if len(heard) > 300:
                break
    assert heard.startswith("<EMAIL_ADDRESS> This is quite")
    assert holds_a_value(answer.raw) == []


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_at_most_128_characters_are_held_back(
    gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """Of what the provider has said before it stalls, the client has all but the last few."""
    text = "This is quite an ordinary sentence about nothing in particular, which goes on. " * 10
    mark, rule = script_of(text, 4)
    scripted.script = [rule]
    before_text = {"responses": 4, "messages": 3, "chat/completions": 1, "completions": 0}
    provider = "messages" if model == ANTHROPIC else path if path != "messages" else "responses"
    said = (120 - before_text[provider]) * 4
    scripted.set_behaviours({"*": "hang-stream-after-120"})
    body = body_of(path, mark, model, stream=True)
    with gateway.client(key) as client, client.stream("POST", f"/v1/{path}", json=body) as response:
        answer = Answer(response)
        for line in response.iter_lines():
            answer.take_line(line)
            if len(answer.text) >= said - 128:
                break
    assert text.startswith(answer.text)


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_ids_usage_and_order_are_kept(
    gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, path: str, model: str
) -> None:
    """A guarded stream has the frame of an unguarded one: one id, its events in order, its usage, one end."""
    mark, rule = script_of(TEXT, 3)
    scripted.script = [rule]
    unguarded = gateway.new_key(rules={name: {"enabled": False} for name in ("pii", "secrets", "content_safety")})
    fields = {"stream_options": {"include_usage": True}} if "completions" in path else {}
    one, other = (ask(gateway, asking, path, mark, model, stream=True, **fields) for asking in (key, unguarded))
    assert other.text == TEXT
    assert one.finish == other.finish
    assert one.done == other.done
    assert usage(one) == usage(other)
    assert usage(one) is not None
    assert one.ids() == other.ids() == 1
    assert kinds(one) == kinds(other)
    numbers = [event["sequence_number"] for event in one.events if "sequence_number" in event]
    if model == OPENAI:  # the translation from Anthropic's numbers but some
        assert numbers == list(range(len(numbers)))


def usage(answer: Answer) -> Any:
    told = [event.get("usage") or event.get("response", {}).get("usage") for event in answer.events]
    return next((figures for figures in reversed(told) if figures and any(figures.values())), None)


def kinds(answer: Answer) -> list[Any]:
    """The types of events in their order, repetitions left out."""
    told = [event.get("type", event.get("object")) for event in answer.events if event.get("type") != "ping"]
    return [kind for kind, before in zip(told, [None, *told], strict=False) if kind != before]


@pytest.mark.parametrize("choices", [1, 3])
def test_choices_are_told_apart(gateway: GatewayProcess, scripted: UpstreamSimulator, key: str, choices: int) -> None:
    """Each choice of a chat is a text of its own, also while they are written in turns."""
    mark, rule = script_of(TEXT, 2)
    scripted.script = [rule]
    answer = ask(gateway, key, "chat/completions", mark, OPENAI, stream=True, n=choices)
    texts = [""] * choices
    for event in answer.events:
        for choice in event["choices"]:
            texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == [MASKED] * choices


TOKEN = "gh" + "p_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
BLOCKING: list[tuple[str, dict[str, Any], str, str]] = [
    ("pii_blocked", {"pii": {"action": "block"}}, VALUES[0], "hopper"),
    (
        "secret_blocked",
        {"secrets": {"action": "block"}},
        "gh" + "p_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5",
        "aB3dE5",
    ),
    ("content_blocked", {"content_safety": {"dry_run": False, "words": ["frobnicate"]}}, "frobnicating", "frob"),
]
LEAD = "An ordinary beginning of an answer, which is long enough to be on its way before the rest. " * 4


@pytest.mark.parametrize(("code", "rules", "value", "part"), BLOCKING, ids=[case[0] for case in BLOCKING])
@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_blocked_stream_ends_with_an_error_of_its_api(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    event_of: Callable[[str], dict[str, Any]],
    path: str,
    model: str,
    code: str,
    rules: dict[str, Any],
    value: str,
    part: str,
) -> None:
    """What came before may be out; the value is not, nor what follows it, and no event says that the answer is done."""
    mark, rule = script_of(f"{LEAD}{value} {LEAD}", 6)
    scripted.script = [rule]
    scripted.set_behaviours({"*": "speed-2000tps"})
    answer = ask(gateway, gateway.new_key(rules=rules), path, mark, model, stream=True)
    assert answer.status == httpx.codes.OK
    assert LEAD.startswith(answer.text)
    assert part not in answer.raw
    assert answer.finish == []
    assert not answer.cut
    last = answer.events[-1]
    assert answer.error is not None
    assert "does not allow" in answer.error["message"]
    if path == "messages":
        assert last["type"] == "error"
        assert answer.error["type"] == "invalid_request_error"
        assert "event: error\n" in answer.raw
    elif path == "responses":
        assert last["type"] == "response.failed"
        assert last["response"]["status"] == "failed"
        assert answer.error["code"] == code
    else:
        assert set(last) == {"error"}
        assert answer.error["code"] == code
    event = event_of(answer.request_id)
    verdicts = {(verdict["guardrail"], verdict["direction"]): verdict for verdict in event["verdicts"]}
    guardrail = {"pii_blocked": "pii", "secret_blocked": "secrets", "content_blocked": "content_safety"}[code]
    assert verdicts[guardrail, "output"]["decision"] == "block"
    assert verdicts[guardrail, "output"]["code"] == code


@pytest.mark.parametrize("after", [3, 12, 40])
@pytest.mark.parametrize("how", ["cut-stream-after", "fail-mid-stream"])
@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_provider_that_breaks_off_lets_nothing_out(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    key: str,
    path: str,
    model: str,
    how: str,
    after: int,
) -> None:
    """Wherever the answer ends, what was held back is masked as far as it came, and no end is made up."""
    text = f"{'x' * after} {VALUES[0]} and {VALUES[2]} " * 4
    mark, rule = script_of(text, 4)
    scripted.script = [rule]
    scripted.set_behaviours({"*": how if how == "fail-mid-stream" else f"{how}-{after}"})
    answer = ask(gateway, key, path, mark, model, stream=True, num_retries=0)
    assert [part for part in ("hopper@example.com", "1111 1111 1111") if part in answer.raw] == []
    assert answer.finish == [] or path == "chat/completions"


@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_a_client_that_leaves_ends_its_request_alone(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    event_of: Callable[[str], dict[str, Any]],
    key: str,
    path: str,
    model: str,
) -> None:
    """Its event is written, with what was found until then, and the next request is served."""
    mark, rule = script_of(TEXT * 20, 4)
    scripted.script = [rule]
    scripted.set_behaviours({"*": "speed-400tps"})
    body = body_of(path, mark, model, stream=True)
    with gateway.client(key) as client, client.stream("POST", f"/v1/{path}", json=body) as response:
        request_id = response.headers["x-request-id"]
        for number, _ in enumerate(response.iter_lines()):
            if number > 20:
                break
    verdicts = event_of(request_id)["verdicts"]
    (pii,) = [verdict for verdict in verdicts if (verdict["guardrail"], verdict["direction"]) == ("pii", "output")]
    assert pii["decision"] in {"pass", "modify"}
    scripted.set_behaviours({"*": "demo"})
    assert ask(gateway, key, path, "hello", model).status == httpx.codes.OK


async def test_concurrent_streams_keep_apart(gateway: GatewayProcess, scripted: UpstreamSimulator, key: str) -> None:
    """Forty streams at once, of all routes and in pieces of all sizes: each says its own text and no other's."""
    numbers = list(range(40))
    scripts = []
    for number in numbers:
        text = f"This is number {number}: person{number}@example.com, thank you. " * 6
        scripts.append(script_of(text, random.choice([1, 2, 5, 50])))
    scripted.script = [rule for _, rule in scripts]
    scripted.set_behaviours({"*": "speed-2000tps"})
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=120) as client:

        async def one(number: int) -> str:
            path, model = ROUTES[number % len(ROUTES)]
            body = body_of(path, scripts[number][0], model, stream=True)
            async with client.stream("POST", f"/v1/{path}", json=body) as response:
                answer = Answer(response)
                async for line in response.aiter_lines():
                    answer.take_line(line)
            assert "@" not in answer.raw
            return answer.text

        texts = await asyncio.gather(*map(one, numbers))
    assert texts == [f"This is number {number}: <EMAIL_ADDRESS>, thank you. " * 6 for number in numbers]
