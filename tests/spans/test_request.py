from typing import Any

import pytest

from inferspect.context import Trace
from inferspect.spans.request import end_user_of, trace_of

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, {}, Trace()),
        ({"traceparent": PARENT, "tracestate": "a=1"}, {}, Trace(parent=PARENT, state="a=1")),
        ({"tracestate": "a=1"}, {}, Trace()),
        ({"x-session-id": "conversation"}, {"metadata": {"session_id": "other"}}, Trace(session_id="conversation")),
        ({"x-litellm-session-id": "s"}, {}, Trace(session_id="s")),
        ({"x-claude-code-session-id": "s"}, {}, Trace(session_id="s")),
        ({"langfuse_session_id": "s"}, {"metadata": {"session_id": "other"}}, Trace(session_id="s")),
        ({"langfuse-session-id": "s"}, {}, Trace(session_id="s")),
        ({}, {"litellm_session_id": "s"}, Trace(session_id="s")),
        ({}, {"litellm_metadata": {"session_id": "s", "trace_name": "n"}}, Trace(session_id="s", name="n")),
        ({"langfuse_trace_name": "n"}, {"metadata": {"generation_name": "g"}}, Trace(name="n")),
        ({}, {"metadata": {"generation_name": "g"}}, Trace(name="g")),
        (
            {"langfuse_tags": "a, b", "x-litellm-tags": "c,,a"},
            {"metadata": {"tags": ["d", 5, ""]}, "tags": ["e"]},
            Trace(tags=("a", "b", "c", "d", "e")),
        ),
        ({"langfuse_tags": '["a, with comma", "b"]'}, {}, Trace(tags=("a, with comma", "b"))),
        (
            {"langfuse_trace_release": "v1"},
            {"metadata": {"environment": "staging"}},
            Trace(release="v1", environment="staging"),
        ),
    ],
)
def test_a_request_says_how_it_is_traced(headers: dict[str, str], body: dict[str, Any], expected: Trace) -> None:
    """Every way to say it is understood, headers before the body."""
    assert trace_of(headers, body) == expected


NESTED: Any = []
for _ in range(500):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"traceparent": "00-zz"}, {}),
        ({"x-session-id": "s" * 201}, {}),
        ({"x-session-id": "a\nb", "langfuse_trace_name": "\x00", "langfuse_trace_release": "\ud800"}, {}),
        ({"langfuse_tags": "[" * 100_000}, {}),
        ({"langfuse_tags": "[1, 2"}, {}),
        ({}, {"metadata": "session_id", "litellm_metadata": ["session_id"], "tags": {"a": 1}, "litellm_session_id": 5}),
        ({}, {"metadata": {"session_id": {"a": 1}, "trace_name": 5, "tags": [NESTED, None, "t" * 300], "release": []}}),
        ({}, {"metadata": {"environment": "Production"}}),
        ({}, {"metadata": {"environment": "langfuse-own"}}),
    ],
)
def test_what_is_invalid_counts_as_absent(headers: dict[str, str], body: dict[str, Any]) -> None:
    """Hostile input yields nothing, and no error."""
    assert trace_of(headers, body) == Trace()


def test_tags_are_bounded() -> None:
    """However many a client sends, twenty are kept."""
    tags = [f"tag {number}" for number in range(10_000)]
    assert trace_of({}, {"metadata": {"tags": tags}}).tags == tuple(tags[:20])


@pytest.mark.parametrize(
    ("headers", "body", "user"),
    [
        ({}, {"user": "u"}, "u"),
        ({"langfuse_trace_user_id": "h"}, {"user": "u"}, "h"),
        ({}, {"metadata": {"trace_user_id": "m"}, "user": "u"}, "m"),
        ({}, {"metadata": {"user_id": "of Anthropic's"}}, "of Anthropic's"),
        ({}, {"user": {"a": 1}}, None),
        ({}, {"user": "u" * 500}, None),
    ],
)
def test_the_end_user_is_found(headers: dict[str, str], body: dict[str, Any], user: str | None) -> None:
    """OpenAI's field, LiteLLM's and Langfuse's names for it, and Anthropic's."""
    assert end_user_of(headers, body) == user
