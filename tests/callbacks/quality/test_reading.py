"""Question, context and answer, out of what is kept of each API's requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks.quality.reading import ContentCutError, read_input, read_output
from callbacks.quality.retrieved import separated

MUSEUM = "The museum opens at nine."


def read(value: Any) -> tuple[str, str]:
    asked = read_input(json.dumps(value))
    return asked.question, "\n".join(asked.contexts)


@pytest.mark.parametrize(
    ("kept", "question", "context"),
    [
        (
            [
                {"role": "user", "content": "First?"},
                {"role": "assistant", "content": "Yes."},
                {"role": "user", "content": "When?"},
            ],
            "When?",
            "",
        ),
        ([{"role": "system", "content": f"Context:\n{MUSEUM}"}, {"role": "user", "content": "When?"}], "When?", MUSEUM),
        (
            [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": f"<documents>{MUSEUM}</documents>\nWhen?"},
            ],
            "When?",
            MUSEUM,
        ),
        ([{"role": "user", "content": f"Tài liệu: {MUSEUM}\nCâu hỏi: When?"}], "When?", MUSEUM),
        (
            [
                {"role": "user", "content": "When?"},
                {"role": "assistant", "tool_calls": []},
                {"role": "tool", "content": MUSEUM},
            ],
            "When?",
            MUSEUM,
        ),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "When?"},
                        {"type": "image_url", "image_url": {"url": "data:"}},
                    ],
                }
            ],
            "When?",
            "",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": "When?"},
                    {
                        "role": "user",
                        "content": [{"type": "tool_result", "content": [{"type": "text", "text": MUSEUM}]}],
                    },
                ],
                "system": "Be kind.",
            },
            "When?",
            MUSEUM,
        ),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": MUSEUM}},
                        {"type": "text", "text": "When?"},
                    ],
                }
            ],
            "When?",
            MUSEUM,
        ),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_text", "text": "When?"}]},
                    {"type": "function_call_output", "call_id": "c", "output": MUSEUM},
                ],
                "instructions": "Be kind.",
            },
            "When?",
            MUSEUM,
        ),
        ("When?", "When?", ""),
        (
            {
                "contents": [
                    {"role": "user", "parts": [{"text": "When?"}]},
                    {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"content": MUSEUM}}}]},
                ]
            },
            "When?",
            MUSEUM,
        ),
        ({"truncated": 900_000, "beginning": "[{"}, "", ""),
        (None, "", ""),
        ([1, None, {"role": 5}], "", ""),
    ],
)
def test_the_last_question_and_all_context_are_found(kept: Any, question: str, context: str) -> None:
    found = read(kept)
    assert found[0] == question
    assert found[1].strip() == context


@pytest.mark.parametrize(
    ("kept", "answer"),
    [
        (
            [{"index": 0, "message": {"role": "assistant", "content": "At nine."}}, {"message": {"content": "Other"}}],
            "At nine.",
        ),
        ([{"index": 0, "text": "At nine."}], "At nine."),
        (
            [
                {
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
                    }
                }
            ],
            "",
        ),
        ([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "At nine."}], "At nine."),
        (
            [
                {"type": "reasoning", "summary": []},
                {"type": "message", "content": [{"type": "output_text", "text": "At nine."}]},
            ],
            "At nine.",
        ),
        (
            [{"content": {"role": "model", "parts": [{"text": "Hm.", "thought": True}, {"text": "At nine."}]}}],
            "At nine.",
        ),
        ("At nine.", "At nine."),
        ({"embeddings": 2, "dimensions": 1536}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_text_of_the_first_answer_is_found(kept: Any, answer: str) -> None:
    assert read_output(json.dumps(kept)) == answer


def test_an_answer_that_was_not_kept_whole_is_told() -> None:
    with pytest.raises(ContentCutError):
        read_output(json.dumps({"truncated": 900_000, "beginning": "[{"}))


@pytest.mark.parametrize("kept", ["", "{", "[" * 100_000, None])
def test_what_is_no_json_is_empty(kept: str | None) -> None:
    assert read_output(kept) == ""
    assert read_input(kept).question == ""


@pytest.mark.parametrize(
    ("text", "context", "rest"),
    [
        ("What does the context of this sentence mean?", "", "What does the context of this sentence mean?"),
        ("Sources: A. B.\nQuestion: Why?", "A. B.", "Why?"),
        ('<document index="1">A.</document><document index="2">B.</document>Why?', "A.\nB.", "Why?"),
        ("<context>A <doc>B</doc> C</context> Why?", "A <doc>B</doc> C", "Why?"),
        ("<context>never ends. Why?", "", "<context>never ends. Why?"),
        ("## Retrieved documents:\nA.\n\nInstructions: Be short.", "A.", "Be short."),
    ],
)
def test_context_is_told_from_the_question(text: str, context: str, rest: str) -> None:
    found = separated(text)
    assert (found[0], " ".join(found[1].split())) == (context, rest)
