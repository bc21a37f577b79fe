from __future__ import annotations

from typing import Any

import pytest

from inferspect.prompts.parameters import Parameters, add_defaults

SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
ALL = Parameters(
    temperature=0, top_p=0.5, max_tokens=10, stop="END", seed=1, presence_penalty=1, frequency_penalty=-1,
    reasoning_effort="low", response_format=SCHEMA,
)  # fmt: skip


@pytest.mark.parametrize(
    ("call_type", "expected"),
    [
        ("acompletion", ALL.written()),
        ("anthropic_messages", {"temperature": 0, "top_p": 0.5, "max_tokens": 10, "stop_sequences": ["END"]}),
        (
            "aresponses",
            {
                "temperature": 0,
                "top_p": 0.5,
                "max_output_tokens": 10,
                "reasoning": {"effort": "low"},
                "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}}},
            },
        ),
    ],
)
def test_each_api_gets_them_by_its_own_names(call_type: str, expected: dict[str, Any]) -> None:
    """And what it does not have is left out."""
    data: dict[str, Any] = {}
    add_defaults(data, ALL, call_type)
    assert data == expected


@pytest.mark.parametrize(
    ("call_type", "data", "added"),
    [
        ("acompletion", {"temperature": 1}, {"max_tokens": 10}),
        ("acompletion", {"temperature": None}, {"temperature": 0, "max_tokens": 10}),
        ("acompletion", {"max_completion_tokens": 5}, {"temperature": 0}),
        ("acompletion", {"extra_body": {"temperature": 1}}, {"max_tokens": 10}),
        ("acompletion", {"extra_body": "wrong"}, {"temperature": 0, "max_tokens": 10}),
        ("aresponses", {"max_output_tokens": 5}, {"temperature": 0}),
        ("anthropic_messages", {"max_tokens": 5, "temperature": 0.3}, {}),
    ],
)
def test_what_the_request_says_stays(call_type: str, data: dict[str, Any], added: dict[str, Any]) -> None:
    """Also where it limits the answer by another name."""
    before = dict(data)
    add_defaults(data, Parameters(temperature=0, max_tokens=10), call_type)
    assert data == {**before, **added}
