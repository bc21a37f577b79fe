"""What is taken out of a conversation before it is written."""

from __future__ import annotations

import pytest

from evals.promotion.conversation import Conversation, Message, NotPromotableError, ToolCall
from evals.promotion.redaction import NoRedactorError, Redaction
from tests.spans.events import event


def shout(text: str, *, is_json: bool = False) -> str:
    return f"json:{text}" if is_json else text.replace("secret", "<SECRET>")


def unchanged(text: str, *, is_json: bool = False) -> str:
    del is_json
    return text


def test_texts_answers_and_arguments_of_tools_are_looked_through() -> None:
    call = ToolCall("find", '{"q": "secret"}')
    given = Conversation((Message("user", "secret?"), Message("assistant", "", (call,))), "the secret")
    found = Redaction([shout]).conversation(given, None)
    assert found.messages[0].text == "<SECRET>?"
    assert found.messages[1].calls == (ToolCall("find", 'json:{"q": "secret"}'),)
    assert found.answer == "the <SECRET>"


def test_what_the_event_knows_of_the_caller_goes_where_it_stands_by_itself() -> None:
    known = event(user_id="jane.roe", end_user="customer", session_id="S-77", client_address="203.0.113.7")
    given = Conversation((Message("user", "Jane.Roe of S-77 at 203.0.113.7, a customer, not S-777"),))
    (message,) = Redaction([shout]).conversation(given, known).messages
    assert message.text == "<IDENTIFIER> of <IDENTIFIER> at <IDENTIFIER>, a customer, not S-777"


def test_an_identifier_goes_from_json_however_it_is_written_there() -> None:
    """In what a tool was called with, and in what was answered."""
    known = event(end_user="José-77")
    call = ToolCall("find", '{"q": "Jos\\u00e9-77", "n": 1}')
    given = Conversation(
        (Message("user", '{"Jos\\u00E9-77": []}'), Message("assistant", "", (call,))), '["Jos\\u00e9-77"]'
    )
    found = Redaction([unchanged]).conversation(given, known)
    assert found.messages[0].text == '{"<IDENTIFIER>": []}'
    assert found.messages[1].calls[0].arguments == '{"q": "<IDENTIFIER>", "n": 1}'
    assert found.answer == '["<IDENTIFIER>"]'


def test_a_text_that_cannot_be_looked_through_makes_no_case() -> None:
    def fails(text: str, *, is_json: bool = False) -> str:
        raise TimeoutError(text)

    with pytest.raises(NotPromotableError, match=r"cannot be redacted \(TimeoutError\)$"):
        Redaction([fails]).text("secret")


def test_without_a_redactor_there_is_no_redaction() -> None:
    with pytest.raises(NoRedactorError):
        Redaction([])
