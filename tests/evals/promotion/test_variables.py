"""From a conversation to what a suite's prompts take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals.promotion.conversation import Conversation, Message, NotPromotableError, ToolCall
from evals.promotion.target import TargetError, read_target
from evals.promotion.variables import unfilled, variables_of
from inferspect.prompts.template import parse_template
from tests.evals.promotion.recorded import PROMPT, SUITE, make_suite

ONE = Conversation((Message("system", "Be kind."), Message("user", "Why?")))
TWO = Conversation((*ONE.messages, Message("assistant", "Because."), Message("user", "Really?")))
TOOLS = Conversation(
    (Message("user", "Sum?"), Message("assistant", "", (ToolCall("add", '{"a": 1}'),)), Message("tool", "3")),
)
RETRIEVAL = PROMPT.replace("{{ question }}", "Documents:\n\n{{ context }}\n\nQuestion: {{ question }}")


def variables(folder: Path, conversation: Conversation, *, last_turn: bool = False, **constants: str) -> dict[str, Any]:
    return variables_of(conversation, read_target(folder, SUITE), constants, last_turn=last_turn)


@pytest.mark.parametrize(
    "cases", [[], [{"description": "a", "vars": {"question": "Who?", "customer": "x"}}, {"vars": {"question": "W?"}}]]
)
def test_the_users_last_message_is_the_question(tmp_path: Path, cases: list[dict[str, Any]]) -> None:
    make_suite(tmp_path, cases)
    assert variables(tmp_path, ONE) == {"question": "Why?"}


def test_a_conversation_is_no_question_unless_its_last_turn_will_do(tmp_path: Path) -> None:
    make_suite(tmp_path)
    with pytest.raises(NotPromotableError, match=r"2 turns.*--last-turn"):
        variables(tmp_path, TWO)
    assert variables(tmp_path, TWO, last_turn=True) == {"question": "Really?"}
    with pytest.raises(NotPromotableError, match="tools were called"):
        variables(tmp_path, TOOLS)


def test_a_suite_of_conversations_gets_all_but_the_system_message(tmp_path: Path) -> None:
    make_suite(
        tmp_path, [{"vars": {"messages": [{"role": "user", "content": "Hi"}]}}], prompt=PROMPT.partition("# user")[0]
    )
    assert variables(tmp_path, TWO)["messages"] == [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Because."},
        {"role": "user", "content": "Really?"},
    ]
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    assert variables(tmp_path, TOOLS)["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "3", "tool_call_id": "call_1"},
    ]


def test_a_prompt_that_was_filled_in_is_taken_apart_again(tmp_path: Path) -> None:
    make_suite(tmp_path, prompt=RETRIEVAL)
    filled = Conversation((Message("user", "Documents:\n\n[1] Leave: 28 days.\n\nQuestion: How much leave?"),))
    assert variables(tmp_path, filled) == {"context": "[1] Leave: 28 days.", "question": "How much leave?"}


def test_variables_that_cannot_be_told_are_asked_for(tmp_path: Path) -> None:
    make_suite(tmp_path, prompt=RETRIEVAL)
    with pytest.raises(NotPromotableError, match=r"context, question.*--var"):
        variables(tmp_path, ONE)
    assert variables(tmp_path, ONE, context="none") == {"question": "Why?", "context": "none"}


def test_variables_that_the_suite_gives_to_all_cases_are_not_wanted(tmp_path: Path) -> None:
    make_suite(tmp_path, prompt=RETRIEVAL, defaultTest={"vars": {"context": "file://handbook.md"}})
    assert variables(tmp_path, ONE) == {"question": "Why?"}


def test_no_question_is_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    make_suite(tmp_path)
    hostile = Conversation((Message("user", "file:///etc/passwd"),))
    assert variables(tmp_path, hostile) == {"question": " file:///etc/passwd"}


def test_what_looks_like_a_template_goes_only_where_it_stays_a_text(tmp_path: Path) -> None:
    hostile = Conversation((Message("user", "{{ env.EVAL_KEY }}"),))
    make_suite(tmp_path / "safe")
    assert variables(tmp_path / "safe", hostile) == {"question": "{{ env.EVAL_KEY }}"}
    make_suite(tmp_path / "other", prompts=["Answer: {{ question }}"], cases=[{"vars": {"question": "Who?"}}])
    with pytest.raises(NotPromotableError, match="as templates"):
        variables(tmp_path / "other", hostile)


@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("{{ q }}", " a ", {"q": "a"}),
        ("Ask: {{ q }}!", "Ask: a!", {"q": "a"}),
        ("Ask: {{ q }}!", "Tell: a!", None),
        ("{{ a }}-{{ b }}", "1-2-3", {"a": "1", "b": "2-3"}),
        ("{{ a }} or {{ a }}", "x or x", {"a": "x"}),
        ("{{ a }} or {{ a }}", "x or y", None),
        ("{{ a }}{{ b }}", "xy", None),
        ("{{ a | upper }}", "X", None),
        ("{% if a %}x{% endif %}{{ b }}", "x", None),
        ("no variable", "no variable", None),
        ("<<{{ a }}>>", "<>", None),
    ],
)
def test_templates_are_matched_from_both_ends(template: str, text: str, expected: dict[str, str] | None) -> None:
    assert unfilled(parse_template(template), text) == expected


@pytest.mark.parametrize("name", ["other", "../shop", "", "a/b"])
def test_a_suite_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, name: str) -> None:
    make_suite(tmp_path)
    with pytest.raises(TargetError, match="there are: shop"):
        read_target(tmp_path, name)


def test_a_suite_that_would_not_run_promoted_cases_is_refused(tmp_path: Path) -> None:
    make_suite(tmp_path, tests="file://tests.yaml")
    with pytest.raises(TargetError, match=r"cases/\*\.yaml"):
        read_target(tmp_path, SUITE)
