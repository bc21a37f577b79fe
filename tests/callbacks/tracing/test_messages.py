import json
from typing import Any

import pytest

from callbacks.tracing.messages import as_messages

TEXT = {"type": "text", "content": "Hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Hue"}'}}


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        ([{"role": "system", "content": "Hello"}], [{"role": "system", "parts": [TEXT]}]),
        ([{"role": "user", "content": [{"type": "text", "text": "Hello"}]}], [{"role": "user", "parts": [TEXT]}]),
        ([{"type": "output_text", "text": "Hello"}], [{"role": "user", "parts": [TEXT]}]),
        ("Hello", [{"role": "user", "parts": [TEXT]}]),
        (["Hello", "Hello"], [{"role": "user", "parts": [TEXT]}] * 2),
        ({"messages": [{"role": "user", "content": "Hello"}], "tools": []}, [{"role": "user", "parts": [TEXT]}]),
        ({"input": "Hello", "instructions": "Be brief"}, [{"role": "user", "parts": [TEXT]}]),
        (
            [{"finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}],
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "tool_call", "id": "call_1", "name": "weather", "arguments": '{"city": "Hue"}'}],
                    "finish_reason": "tool_calls",
                }
            ],
        ),
        (
            {"truncated": 900, "beginning": "[{"},
            [{"role": "user", "parts": [{"type": "text", "content": '{"truncated": 900, "beginning": "[{"}'}]}],
        ),
        ([{"role": "user", "content": 5}], [{"role": "user", "parts": [{"type": "text", "content": "5"}]}]),
        (None, [{"role": "user", "parts": []}]),
        ([], []),
    ],
)
def test_each_api_s_content_becomes_messages(content: Any, messages: list[Any]) -> None:
    """Texts, parts and tool calls, whichever API was called; what is unknown is kept as JSON."""
    found = as_messages(json.dumps(content), "user")
    assert found is not None
    assert json.loads(found) == messages


def test_what_is_no_json_is_a_text() -> None:
    """And what is not kept is no message."""
    assert json.loads(as_messages("{", "user") or "") == [{"role": "user", "parts": [{"type": "text", "content": "{"}]}]
    assert as_messages(None, "user") is None
