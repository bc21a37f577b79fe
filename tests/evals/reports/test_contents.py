"""Questions and answers out of what is kept of requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.reports.contents import answer_of, question_of

TEXT = {"type": "text", "text": "Where is it?"}


@pytest.mark.parametrize(
    ("kept", "question"),
    [
        ([{"role": "user", "content": "Where is it?"}], "Where is it?"),
        (
            [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi"},
                {"role": "user", "content": [TEXT]},
            ],
            "Where is it?",
        ),
        ({"messages": [{"role": "user", "content": "Where is it?"}], "tools": []}, "Where is it?"),
        ([{"role": "user", "parts": [{"text": "Where is it?"}]}], "Where is it?"),
        ({"input": "Where is it?"}, "Where is it?"),
        ("Where is it?", "Where is it?"),
        ([{"role": "user", "content": "Where is it?"}, {"role": "tool", "content": "{}"}], "Where is it?"),
        ([{"role": "system", "content": "Be kind."}], ""),
        ({"truncated": 99999, "beginning": '[{"role"'}, ""),
        ([], ""),
        (None, ""),
        ([[[[1]]]], ""),
        ([{"role": "user", "content": [{"type": [], "text": "Where is it?"}]}], "Where is it?"),
        ([{"role": [], "content": "Be kind."}], ""),
        ("Where\ud800 is it\0?", "Where? is it\ufffd?"),
        ([{"role": "user", "content": "Where\ud800 is it\0?"}], "Where? is it\ufffd?"),
    ],
)
def test_the_last_question_of_the_user(kept: Any, question: str) -> None:
    """Whichever API was called."""
    assert question_of(json.dumps(kept)) == question


@pytest.mark.parametrize(
    ("kept", "answer"),
    [
        ([{"message": {"role": "assistant", "content": "There."}}, {"message": {"content": "Other"}}], "There."),
        ([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "There."}], "There."),
        (
            [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": "There."}]}],
            "There.",
        ),
        ([{"content": {"parts": [{"text": "There."}]}}], "There."),
        ("There.", "There."),
        ([{"message": {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}}], ""),
        ({"embeddings": 1, "dimensions": 3}, ""),
        ([{"type": {}, "text": "There."}], "There."),
        ("There\udc00\0.", "There?\ufffd."),
    ],
)
def test_the_first_answer(kept: Any, answer: str) -> None:
    """Without what no user sees."""
    assert answer_of(json.dumps(kept)) == answer


def test_what_is_no_json_has_neither() -> None:
    assert (question_of("{"), answer_of("["), question_of(None), answer_of(None)) == ("", "", "", "")
