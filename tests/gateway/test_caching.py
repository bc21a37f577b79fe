"""Cached answers: only where asked for, and only for the tenant that asked before."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

ENDPOINTS = ["chat/completions", "completions", "responses", "messages"]
USE = {"use-cache": True}


def ask(gateway: GatewayProcess, key: str, path: str, text: str, **fields: Any) -> httpx.Response:
    contents: dict[str, dict[str, Any]] = {
        "completions": {"prompt": text},
        "responses": {"input": text},
        "embeddings": {"input": [text]},
    }
    content = contents.get(path, {"messages": [{"role": "user", "content": text}], "max_tokens": 50})
    with gateway.client(key) as client:
        return client.post(f"/v1/{path}", json={"model": "sim/echo", **content, **fields})


def ask_until_cached(gateway: GatewayProcess, key: str, path: str, text: str, **fields: Any) -> httpx.Response:
    """The first answer from the cache; LiteLLM writes to it after it has answered."""
    while True:
        response = ask(gateway, key, path, text, cache=USE, **fields).raise_for_status()
        if "x-litellm-cache-key" in response.headers:
            return response
        time.sleep(0.1)


def asked_of_provider(upstream: UpstreamSimulator, text: str) -> int:
    return sum(text in request.text for request in upstream.received)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_answer_is_cached_where_a_request_asks_for_it(
    gateway: GatewayProcess, upstream: UpstreamSimulator, event_of: Callable[[str], dict[str, Any]], path: str
) -> None:
    """The same request is answered from the cache, costs nothing, and its event says so."""
    key, text = gateway.new_key(), uuid.uuid4().hex
    response = ask_until_cached(gateway, key, path, text)
    asked = asked_of_provider(upstream, text)
    assert ask(gateway, key, path, text, cache=USE).status_code == httpx.codes.OK
    assert asked_of_provider(upstream, text) == asked
    event = event_of(response.headers["x-request-id"])
    assert event["result"] == "cached"
    assert event["cost"] in (0, None)


@pytest.mark.parametrize("path", [*ENDPOINTS, "embeddings"])
def test_nothing_is_cached_unasked(gateway: GatewayProcess, upstream: UpstreamSimulator, path: str) -> None:
    """Without being asked, the gateway neither keeps an answer nor gives one that it has."""
    key, text = gateway.new_key(), uuid.uuid4().hex
    for _ in range(3):
        assert "x-litellm-cache-key" not in ask(gateway, key, path, text).raise_for_status().headers
    assert asked_of_provider(upstream, text) == 3


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_tenant_never_gets_an_answer_cached_for_another(
    gateway: GatewayProcess, upstream: UpstreamSimulator, path: str
) -> None:
    """Two tenants that ask the same have the provider asked twice, even where one names the other's cache key."""
    text = uuid.uuid4().hex
    theirs = ask_until_cached(gateway, gateway.new_key(), path, text).headers["x-litellm-cache-key"]
    namespace = theirs.rpartition(":")[0]
    attempts: list[dict[str, Any]] = [
        {"cache": USE},
        {"cache": {**USE, "namespace": namespace}},
        {"cache": USE, "preset_cache_key": theirs},
        {"cache": USE, "cache_key": theirs},
        {"cache": USE, "litellm_params": {"preset_cache_key": theirs}},
        {"cache": USE, "metadata": {"redis_namespace": namespace}},
        {"cache": USE, "litellm_metadata": {"redis_namespace": namespace}},
    ]
    for fields in attempts:
        asked = asked_of_provider(upstream, text)
        response = ask(gateway, gateway.new_key(), path, text, **fields)
        assert "x-litellm-cache-key" not in response.headers
        if response.status_code == httpx.codes.OK:
            assert asked_of_provider(upstream, text) == asked + 1, fields


@pytest.mark.parametrize("path", [*ENDPOINTS, "embeddings"])
def test_nothing_about_caching_reaches_the_provider(
    gateway: GatewayProcess, upstream: UpstreamSimulator, key: str, path: str
) -> None:
    """The provider sees neither the client's wishes about caching nor the tenant's namespace."""
    text = uuid.uuid4().hex
    ask(gateway, key, path, text, cache={**USE, "ttl": 60}).raise_for_status()
    sent = next(request for request in upstream.received if text in request.text)
    assert "cache" not in sent.json()
    assert "tenant:" not in sent.text


def test_a_masked_answer_is_cached_masked(gateway: GatewayProcess, scripted: UpstreamSimulator) -> None:
    """What the cache holds of an answer is what the guardrail left of it."""
    text = uuid.uuid4().hex
    scripted.script = [{"match": text, "answer": "Write to grace.hopper@example.com"}]
    answer = ask_until_cached(gateway, gateway.new_key(), "chat/completions", text)
    assert answer.json()["choices"][0]["message"]["content"] == "Write to <EMAIL_ADDRESS>"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_streamed_answer_is_not_cached_where_guardrails_look_at_answers(
    gateway: GatewayProcess, upstream: UpstreamSimulator, path: str
) -> None:
    """LiteLLM would cache it as the provider wrote it: so the provider is asked each time, and nothing is kept."""
    key, text = gateway.new_key(), uuid.uuid4().hex
    for asked in (1, 2, 3):
        response = ask(gateway, key, path, text, cache=USE, stream=True).raise_for_status()
        assert "x-litellm-cache-key" not in response.headers
        assert asked_of_provider(upstream, text) == asked
        time.sleep(0.3)  # LiteLLM writes to its cache after it has answered
    assert ask(gateway, key, path, text, cache=USE).status_code == httpx.codes.OK
    assert asked_of_provider(upstream, text) == 4


@pytest.mark.parametrize("wrong", [True, "yes", ["use-cache"], 1])
def test_caching_asked_for_in_the_wrong_shape_is_refused(gateway: GatewayProcess, key: str, wrong: Any) -> None:
    """``cache`` is an object, and anything else is a client's mistake with a name."""
    response = ask(gateway, key, "chat/completions", "hello", cache=wrong)
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert response.json()["error"]["code"] == "cache_invalid"
