"""A model group with one good and one bad deployment answers every request, and the bad one rests."""

from __future__ import annotations

from collections import Counter

import openai
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

REQUESTS = 50
MESSAGES = [{"role": "user", "content": "hello"}]


@pytest.fixture
def client(gateway: GatewayProcess, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)


@pytest.mark.parametrize("group", ["failing", "hanging"])
def test_every_request_succeeds_beside_a_bad_deployment(client: openai.OpenAI, group: str) -> None:
    """Neither an error nor a hanging provider reaches the client."""
    answers = [client.chat.completions.create(model=group, messages=MESSAGES) for _ in range(REQUESTS)]  # type: ignore[arg-type]
    assert ["hello" in (answer.choices[0].message.content or "") for answer in answers] == [True] * REQUESTS


@pytest.mark.parametrize("group", ["failing", "hanging", "cutting"])
def test_every_stream_is_whole_beside_a_bad_deployment(client: openai.OpenAI, group: str) -> None:
    """A stream that a provider refuses, delays or cuts is taken up by the other deployment."""
    finished = []
    for _ in range(REQUESTS):
        stream = client.chat.completions.create(model=group, messages=MESSAGES, stream=True)  # type: ignore[call-overload]
        finished.append([chunk.choices[0].finish_reason for chunk in stream if chunk.choices][-1])
    assert Counter(finished) == {"stop": REQUESTS}


def test_a_bad_deployment_rests_and_comes_back_when_it_is_well(
    client: openai.OpenAI, upstream: UpstreamSimulator
) -> None:
    """After some failures nothing more is sent to it; after its rest it gets its share again."""

    def asked_of_flaky(requests: int) -> int:
        upstream.clear()
        for _ in range(requests):
            client.chat.completions.create(model="recovering", messages=MESSAGES)  # type: ignore[arg-type]
        return sum(received.json()["model"] == "flaky" for received in upstream.received)

    upstream.set_behaviours({"flaky": "error-500"})
    assert 0 < asked_of_flaky(30) < 15
    assert asked_of_flaky(5) == 0
    upstream.set_behaviours({"flaky": "demo"})
    while asked_of_flaky(10) == 0:
        pass


def test_a_model_without_a_working_deployment_falls_back_along_its_chain(client: openai.OpenAI) -> None:
    """The answer comes from the first model of the chain that works, and the client is told which."""
    answer = client.chat.completions.with_raw_response.create(model="broken", messages=MESSAGES)  # type: ignore[arg-type]
    assert answer.headers["x-litellm-attempted-fallbacks"] != "0"
    assert "hello" in (answer.parse().choices[0].message.content or "")


def test_a_rate_limited_provider_is_asked_again_after_the_time_it_named(client: openai.OpenAI) -> None:
    """A 429 with `retry-after` is no error for the client."""
    for _ in range(4):
        client.chat.completions.create(model="limited", messages=MESSAGES)  # type: ignore[arg-type]
