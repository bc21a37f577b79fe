"""A model group with one good and one bad deployment answers every request, and the bad one rests."""

from __future__ import annotations

from collections import Counter

import openai
import pytest

from inferspect.testing.gateway import GatewayProcess

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
