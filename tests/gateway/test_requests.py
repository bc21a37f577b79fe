"""Requests as clients make them, with the vendors' own SDKs."""

from __future__ import annotations

import openai

from inferspect.testing.gateway import GatewayProcess


def test_a_chat_completion_is_answered_with_the_openai_sdk(gateway: GatewayProcess, key: str) -> None:
    """A tenant's key gets an answer in OpenAI's shape, with usage."""
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key)
    answer = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": "hello"}])
    assert "hello" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
