"""Requests that are made to keep the guardrails busy or to crash them, through the running gateway."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

EMAIL = "ada.lovelace@example.com"
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
RESPONSES = "/v1/responses"
UNHURRIED = 300.0  # seconds


def chat(*contents: Any) -> dict[str, Any]:
    return {"model": "sim/echo", "messages": [{"role": "user", "content": content} for content in contents]}


@contextmanager
def others_are_answered(gateway: GatewayProcess, key: str) -> Iterator[list[int]]:
    """Has another client ask one small question after the other meanwhile.

    Not of ``upstream``, which keeps the newest thousand requests only.
    """
    answered: list[int] = []
    body = {**chat("hello"), "model": "demo"}
    done = threading.Event()

    def ask() -> None:
        with gateway.client(key) as client:
            while not done.is_set() or not answered:
                answered.append(client.post(CHAT, json=body, timeout=UNHURRIED).status_code)

    other = threading.Thread(target=ask)
    other.start()
    try:
        yield answered
    finally:
        done.set()
        other.join()
    assert set(answered) == {httpx.codes.OK}


def assert_redacted_or_refused(response: httpx.Response, upstream: UpstreamSimulator, marker: str) -> None:
    """Either the provider got the text without its value, or it got nothing and the client an error of the API."""
    sent = [request.text for request in upstream.received if marker in request.text]
    assert not any(EMAIL in text for text in sent)
    if response.status_code == httpx.codes.OK:
        assert sent
        return
    assert not sent
    assert httpx.codes.is_client_error(response.status_code) or response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert response.json()["error"]["message"]


@pytest.mark.parametrize("piece", ["a.", "7", "1 ", "@", "<", "-", "eyJ", "xin chào ", "Mr ", f"{EMAIL} "])
def test_a_megabyte_of_anything_holds_up_nobody(
    gateway: GatewayProcess, key: str, upstream: UpstreamSimulator, piece: str
) -> None:
    marker = uuid.uuid4().hex
    text = f"{marker} {EMAIL} " + piece * (1_000_000 // len(piece)) + f" {EMAIL}"
    with others_are_answered(gateway, key), gateway.client(key) as client:
        response = client.post(CHAT, json=chat(text), timeout=UNHURRIED)
    assert_redacted_or_refused(response, upstream, marker)


@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
def test_a_body_nested_too_deeply_is_refused(gateway: GatewayProcess, key: str, path: str) -> None:
    body = b'{"model": "sim/echo", "max_tokens": 9, "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with others_are_answered(gateway, key), gateway.client(key) as client:
        response = client.post(path, content=body, headers={"content-type": "application/json"}, timeout=UNHURRIED)
    assert httpx.codes.is_client_error(response.status_code)
    assert response.json()["error"]["message"]


def test_arguments_nested_deeply_are_looked_through(
    gateway: GatewayProcess, key: str, upstream: UpstreamSimulator
) -> None:
    marker = uuid.uuid4().hex
    arguments = '{"a":' * 100_000 + json.dumps(EMAIL) + "}" * 100_000
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    body = chat(marker)
    body["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]
    with others_are_answered(gateway, key), gateway.client(key) as client:
        response = client.post(CHAT, json=body, timeout=UNHURRIED)
    assert_redacted_or_refused(response, upstream, marker)


def test_thousands_of_messages_are_looked_through(
    gateway: GatewayProcess, key: str, upstream: UpstreamSimulator
) -> None:
    marker = uuid.uuid4().hex
    with others_are_answered(gateway, key), gateway.client(key) as client:
        contents = [f"{marker} {number} {EMAIL}" for number in range(4096)]
        response = client.post(CHAT, json=chat(*contents), timeout=UNHURRIED)
    assert_redacted_or_refused(response, upstream, marker)
    assert response.status_code == httpx.codes.OK


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff \\ud800", "\\u202e", "\\u200b", "e\\u0301" * 500])
def test_odd_characters_are_no_way_past_the_guardrails(
    gateway: GatewayProcess, key: str, upstream: UpstreamSimulator, text: str
) -> None:
    marker = uuid.uuid4().hex
    content = f"{marker} {text}{EMAIL}{text} {EMAIL} {text}"
    body = json.dumps(chat("CONTENT")).replace("CONTENT", content).encode()
    with gateway.client(key) as client:
        response = client.post(CHAT, content=body, headers={"content-type": "application/json"}, timeout=UNHURRIED)
    assert_redacted_or_refused(response, upstream, marker)
