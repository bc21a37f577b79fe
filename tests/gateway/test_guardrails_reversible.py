"""Reversible placeholders through the running gateway: the provider sees placeholders, the client its own values."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.guarding import CHATS, OPENAI, ROUTES, TOOL, Answer, ask, body_of, new_mark, script_of
from tests.gateway.planting import written

REVERSIBLE = {"pii": {"action": "reversible"}}
PLACEHOLDER = re.compile(r"<EMAIL_ADDRESS_[a-z2-7]{10}>")
MODES = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def reversible(gateway: GatewayProcess) -> str:
    """A key of a tenant whose personal data are taken out reversibly."""
    return gateway.new_key(rules=REVERSIBLE)


def new_mail() -> str:
    return f"person{uuid.uuid4().hex[:10]}@example.com"


def placeholders_of(gateway: GatewayProcess, upstream: UpstreamSimulator, key: str, text: str) -> list[str]:
    """What stands for the e-mail addresses of a text, by what the provider receives."""
    mark = new_mark()
    assert ask(gateway, key, "chat/completions", f"{mark} {text}", "sim/demo").status == httpx.codes.OK
    (sent,) = [request.json() for request in upstream.received if mark in request.text]
    found: list[str] = PLACEHOLDER.findall(sent["messages"][0]["content"])
    return found


@MODES
@pytest.mark.parametrize(("path", "model"), ROUTES)
def test_the_client_gets_its_values_back_and_the_provider_none(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str, path: str, model: str, stream: bool
) -> None:
    """An echo of what the provider received says placeholders there and the client's values here."""
    mail, mark = new_mail(), new_mark()
    text = f"{mark}: write to {mail} or call +84 912 345 678."
    scripted.set_behaviours({"*": "echo"})
    answer = ask(gateway, reversible, path, text, model, stream=stream)
    assert answer.status == httpx.codes.OK, answer.raw
    assert f"write to {mail} or call +84 912 345 678." in answer.text
    (sent,) = [request.text for request in scripted.received if mark in request.text]
    assert mail not in sent
    assert "912 345" not in sent
    assert len(PLACEHOLDER.findall(sent)) == 1


@MODES
@pytest.mark.parametrize("piece", [1, 7, 5000])
@pytest.mark.parametrize(("path", "model"), [route for route in ROUTES if route[0] != "completions"])
def test_values_are_restored_in_reasoning_and_arguments(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    reversible: str,
    path: str,
    model: str,
    piece: int,
    stream: bool,
) -> None:
    """Where a model uses a placeholder, the client's program is called with the value, and JSON stays JSON."""
    mail = new_mail()
    (placeholder,) = placeholders_of(gateway, scripted, reversible, mail)
    mark, rule = script_of(
        f"Done, {placeholder}.",
        piece,
        reasoning=f"I write to {placeholder}.",
        tool_calls=[{"name": "send", "arguments": {"to": placeholder, "note": f'say "hi" to\n{placeholder}'}}],
    )
    scripted.script = [rule]
    function = {"name": "send", "parameters": TOOL}
    tools: dict[str, Any] = {
        "chat/completions": {"type": "function", "function": function},
        "responses": {"type": "function", **function},
        "messages": {"name": "send", "input_schema": TOOL},
    }
    text = f"{mark}, please mail {mail}"
    answer = ask(gateway, reversible, path, text, model, stream=stream, tools=[tools[path]])
    assert answer.text == f"Done, {mail}."
    assert answer.reasoning == f"I write to {mail}."
    assert json.loads(answer.arguments) == {"to": mail, "note": f'say "hi" to\n{mail}'}
    assert placeholder not in answer.raw


@MODES
def test_values_are_escaped_where_they_are_restored_in_json(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, stream: bool
) -> None:
    """A value with quotes, a backslash and a line break does not break the arguments that it comes back in."""
    words = 'C:\\data\\"x"'
    key = gateway.new_key(rules={"pii": {"entities": {"VN_ADDRESS": "reversible", "PERSON": "off"}}})
    address = 'số 12 đường Lê Lợi, phường Bến Nghé,\nquận 1, "TP.HCM"'
    mark = new_mark()
    ask(gateway, key, "chat/completions", f"{mark} {address}", "sim/demo")
    (sent,) = [request.json()["messages"][0]["content"] for request in scripted.received if mark in request.text]
    placeholder = re.findall(r"<VN_ADDRESS_[a-z2-7]{10}>", sent)[0]
    value = address.removeprefix(sent.removeprefix(f"{mark} ").partition(placeholder)[0])
    value = value.removesuffix(sent.partition(placeholder)[2])
    mark, rule = script_of("", 3, tool_calls=[{"name": "send", "arguments": {"to": placeholder, "path": words}}])
    scripted.script = [rule]
    answer = ask(gateway, key, "chat/completions", f"{mark} {address}", OPENAI, stream=stream)
    assert json.loads(answer.arguments) == {"to": value, "path": words}
    assert "\n" in value


@MODES
@pytest.mark.parametrize("path", CHATS)
def test_a_placeholder_that_the_client_typed_stays_one(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str, path: str, stream: bool
) -> None:
    """Also where it stands for a value that the same request holds."""
    mail = new_mail()
    (typed,) = placeholders_of(gateway, scripted, reversible, mail)
    mark, rule = script_of(f"It is {typed}, of course.", 3)
    scripted.script = [rule]
    for text in (f"{mark} what is behind {typed}?", f"{mark} what is behind {typed}? Not {mail}, I hope."):
        answer = ask(gateway, reversible, path, text, OPENAI, stream=stream)
        assert answer.text == f"It is {typed}, of course."
        assert mail not in answer.raw


@MODES
@pytest.mark.parametrize("path", CHATS)
def test_a_truncated_or_altered_placeholder_is_never_restored(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str, path: str, stream: bool
) -> None:
    """There is no guess: only the whole placeholder, letter by letter, stands for its value."""
    mail = new_mail()
    (whole,) = placeholders_of(gateway, scripted, reversible, mail)
    wrong = [whole[:-1], whole[:12], "<EMAIL_ADDRESS_", whole[1:], whole[:-2] + ">", whole.replace("EMAIL", "PHONE")]
    for told in wrong:
        mark, rule = script_of(f"Contact {told}", 4)
        scripted.script = [rule]
        answer = ask(gateway, reversible, path, f"{mark} {mail}", OPENAI, stream=stream)
        assert answer.text == f"Contact {told}"


@MODES
def test_another_tenants_placeholder_is_not_restored(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str, stream: bool
) -> None:
    """Equal values of two tenants have placeholders that tell nothing of each other."""
    mail, other = new_mail(), gateway.new_key(rules=REVERSIBLE)
    (mine,) = placeholders_of(gateway, scripted, reversible, mail)
    (theirs,) = placeholders_of(gateway, scripted, other, mail)
    assert mine != theirs
    mark, rule = script_of(f"{mine} and {theirs}")
    scripted.script = [rule]
    answer = ask(gateway, reversible, "chat/completions", f"{mark} {mail}", OPENAI, stream=stream)
    assert answer.text == f"{mail} and {theirs}"


def test_equal_values_have_equal_placeholders_in_every_turn(
    gateway: GatewayProcess, upstream: UpstreamSimulator, reversible: str
) -> None:
    """A chat whose history is sent again looks the same to the provider, so that its cache of prompts holds."""
    mail, other = new_mail(), new_mail()
    first = placeholders_of(gateway, upstream, reversible, mail)
    assert placeholders_of(gateway, upstream, reversible, mail) == first
    assert placeholders_of(gateway, upstream, reversible, f"{mail}, {other}, {mail}")[::2] == first * 2
    mark = new_mark()
    messages = [
        {"role": "user", "content": f"{mark} I am {mail}"},
        {"role": "assistant", "content": f"Hello {mail}."},
        {"role": "user", "content": f"Not {other}, {mail}!"},
    ]
    with gateway.client(reversible) as client:
        body = {"model": "sim/demo", "messages": messages}
        client.post("/v1/chat/completions", json=body).raise_for_status()
    (sent,) = [request.text for request in upstream.received if mark in request.text]
    assert len(set(PLACEHOLDER.findall(sent))) == 2
    assert PLACEHOLDER.findall(sent).count(first[0]) == 3


def test_two_people_in_two_messages_have_two_placeholders(
    gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str
) -> None:
    """And each is restored as itself."""
    one, two = new_mail(), new_mail()
    (first,), (second,) = (placeholders_of(gateway, scripted, reversible, mail) for mail in (one, two))
    mark, rule = script_of(f"First {second}, then {first}.")
    scripted.script = [rule]
    messages = [{"role": "user", "content": one}, {"role": "user", "content": f"{mark} {two}"}]
    with gateway.client(reversible) as client:
        response = client.post("/v1/chat/completions", json={"model": "sim/demo", "messages": messages})
    assert response.json()["choices"][0]["message"]["content"] == f"First {two}, then {one}."


@MODES
def test_the_providers_own_history_is_restored_from_the_vault(
    *, gateway: GatewayProcess, scripted: UpstreamSimulator, reversible: str, stream: bool
) -> None:
    """A response that goes on from an earlier one knows its values; another tenant's never does."""
    mail = new_mail()
    (placeholder,) = placeholders_of(gateway, scripted, reversible, mail)
    first_mark, first = script_of("Noted.")
    mark, second = script_of(f"You are {placeholder}.", 3)
    scripted.script = [first, second]
    begun = ask(gateway, reversible, "responses", f"{first_mark} I am {mail}", OPENAI, stream=stream)
    (response_id,) = {
        event["response"]["id"] if "response" in event else event["id"]
        for event in begun.events
        if "response" in event or event.get("object") == "response"
    }
    later = {"stream": stream, "previous_response_id": response_id}
    assert ask(gateway, reversible, "responses", f"{mark} who am I?", OPENAI, **later).text == f"You are {mail}."
    other = gateway.new_key(rules=REVERSIBLE)
    foreign = ask(gateway, other, "responses", f"{mark} who am I?", OPENAI, **later)
    assert mail not in foreign.raw
    rows = gateway.query("SELECT * FROM inferspect.placeholder_vault")
    assert rows
    assert not any(mail.encode() in bytes(value) for row in rows for value in row.values() if isinstance(value, bytes))


@MODES
@pytest.mark.parametrize("path", CHATS)
def test_events_logs_tables_and_cache_hold_placeholders_only(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    reversible: str,
    event_of: Callable[[str], dict[str, Any]],
    path: str,
    stream: bool,
) -> None:
    """What the client gets back is its own; everything that is kept knows the placeholder at most."""
    mail = new_mail()
    scripted.set_behaviours({"*": "echo"})
    fields = {"stream": stream, "cache": {"use-cache": True}}
    answers = [ask(gateway, reversible, path, f"I am {mail}", OPENAI, **fields) for _ in range(2)]
    assert [mail in answer.text for answer in answers] == [True, True]
    for answer in answers:
        event = event_of(answer.request_id)
        assert mail not in json.dumps(event, default=str)
    assert [file.name for file, content in written(gateway, "postgres") if mail.encode() in content] == []


def test_a_cached_answer_is_restored_for_who_asks(gateway: GatewayProcess, reversible: str) -> None:
    """The cache has the placeholder; whoever has the value in the request gets it back from there too."""
    mail = new_mail()
    fields: dict[str, Any] = {"cache": {"use-cache": True}}
    while True:
        answer = ask(gateway, reversible, "chat/completions", f"I am {mail}", **fields)
        assert mail in answer.text
        if "x-litellm-cache-key" in answer.response.headers:
            break
        time.sleep(0.1)


async def test_two_tenants_with_equal_values_never_cross(gateway: GatewayProcess, scripted: UpstreamSimulator) -> None:
    """The same requests at the same time, streamed and whole, with one cache: each tenant's own placeholders only."""
    keys = [gateway.new_key(rules=REVERSIBLE) for _ in range(2)]
    mails = [new_mail() for _ in range(6)]
    known = [{mail: placeholders_of(gateway, scripted, key, mail)[0] for mail in mails} for key in keys]
    assert set(known[0].values()).isdisjoint(known[1].values())
    scripted.set_behaviours({"*": "echo+speed-4000tps"})
    async with httpx.AsyncClient(base_url=gateway.url, timeout=120) as client:

        async def one(tenant: int, mail: str, path: str, stream: bool) -> None:
            text = f"I am {mail}. " * 5
            fields = {"stream": stream, "cache": {"use-cache": True}}
            body = body_of(path, text, OPENAI, **fields)
            headers = {"authorization": f"Bearer {keys[tenant]}"}
            async with client.stream("POST", f"/v1/{path}", json=body, headers=headers) as response:
                raw = (await response.aread()).decode()
            answer = Answer(response)
            if stream:
                for line in raw.splitlines():
                    answer.take_line(line)
                raw = answer.text
            assert raw.count(mail) >= 5
            assert not any(placeholder in raw for of_tenant in known for placeholder in of_tenant.values())
            assert not any(other in raw for other in mails if other != mail)

        await asyncio.gather(
            *(
                one(tenant, mail, path, stream)
                for _ in range(2)
                for mail in mails
                for path in CHATS
                for stream in (False, True)
                for tenant in range(2)
            )
        )
    for tenant in range(2):
        mine, theirs = set(known[tenant].values()), set(known[1 - tenant].values())
        for request in scripted.received:
            found = set(PLACEHOLDER.findall(request.text))
            assert not (found & mine and found & theirs)
