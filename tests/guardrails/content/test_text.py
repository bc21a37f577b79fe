"""Replacing texts where they stand, whatever they are: values, keys, names, signed thoughts."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.content import request_texts, response_texts
from guardrails.content.signatures import ALTERED, keeps_signature
from guardrails.content.text import KeyText, Text

PLACEHOLDER = "<EMAIL_ADDRESS_abcdefg234>"


def texts_in(body: dict[str, Any]) -> list[Text]:
    return [text for text in request_texts(body) if text is not None]


def tool_use(arguments: Any) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": arguments}]}
        ]
    }


def arguments_of(body: dict[str, Any]) -> Any:
    return body["messages"][0]["content"][0]["input"]


def test_a_key_that_holds_a_value_is_renamed_in_its_place() -> None:
    """Keys of free objects are texts, and the other members keep their order."""
    body = tool_use({"first": 1, "ada@example.com": {"ada@example.com": "x"}, "last": 2})
    for text in texts_in(body):
        text.set(text.get().replace("ada@example.com", "<EMAIL_ADDRESS>"))
    assert list(arguments_of(body)) == ["first", "<EMAIL_ADDRESS>", "last"]
    assert arguments_of(body)["<EMAIL_ADDRESS>"] == {"<EMAIL_ADDRESS>": "x"}


def test_keys_that_become_equal_keep_their_values() -> None:
    """Two keys with the same replacement are told apart by a number, so that no value is lost."""
    body = tool_use({"a@b.c": 1, "d@e.f": 2, "g@h.i": 3})
    for text in texts_in(body):
        text.set("<EMAIL_ADDRESS>")
    assert arguments_of(body) == {"<EMAIL_ADDRESS>": 1, "<EMAIL_ADDRESS>_2": 2, "<EMAIL_ADDRESS>_3": 3}


@pytest.mark.parametrize("backwards", [False, True])
def test_a_key_and_its_value_can_both_change_in_any_order(backwards: bool) -> None:
    """All texts are gathered first and written afterwards, so none may be lost by the change of another."""
    body = tool_use({"key": "value", "other": ["item", {"deep": "leaf"}]})
    texts = texts_in(body)
    for text in reversed(texts) if backwards else texts:
        text.set(text.get() + "!")
    assert arguments_of(body) == {"key!": "value!", "other!": ["item!", {"deep!": "leaf!"}]}
    assert all(text.get().endswith("!") for text in texts)


def test_many_equal_keys_are_renamed_without_delay() -> None:
    """Renaming is linear in the number of keys of a large object."""
    body = tool_use({f"user{number}@example.com": number for number in range(20_000)})
    for text in texts_in(body):
        text.set("<EMAIL_ADDRESS>")
    assert sorted(arguments_of(body).values()) == list(range(20_000))


def test_a_field_that_the_client_made_up_is_renamed() -> None:
    """The name of an unknown field goes to the provider too."""
    body = {"messages": [], "ada@example.com": 1, "temperature": 0.5}
    (text,) = texts_in(body)
    text.set("<EMAIL_ADDRESS>")
    assert body == {"messages": [], "<EMAIL_ADDRESS>": 1, "temperature": 0.5}


def test_a_speakers_name_stays_one_that_providers_take() -> None:
    """The name in a message may have letters, digits, `_` and `-` only."""
    body = {"messages": [{"role": "user", "name": "0901234567", "content": "x"}]}
    name, _ = texts_in(body)
    name.set(PLACEHOLDER)
    assert body["messages"][0]["name"] == "EMAIL_ADDRESS_abcdefg234"


@pytest.mark.parametrize("role", ["tool", "function"])
def test_the_name_of_a_function_is_no_text(role: str) -> None:
    """A tool's answer names the function that was called, which must be the same everywhere."""
    assert [text.get() for text in texts_in({"messages": [{"role": role, "name": "f", "content": "x"}]})] == ["x"]


def thought(text: str, signature: str = "c2lnbmF0dXJl") -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature}


def with_thought(block: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", "content": [block, {"type": "text", "text": "said"}]}]}


@pytest.mark.parametrize(
    ("thinking", "written", "stays"),
    [
        ("to ada@example.com", "to <EMAIL_ADDRESS>", False),
        ("to ada@example.com", f"to {PLACEHOLDER}", True),
        ("nothing", "nothing", True),
        ("ada@example.com, 4111", f"{PLACEHOLDER}, <CREDIT_CARD>", False),
    ],
)
def test_a_signed_thought_that_was_altered_is_taken_out(thinking: str, written: str, stays: bool) -> None:
    """Its provider would refuse the request; one that is again what the provider wrote stays."""
    body = with_thought(thought(thinking))
    walk = request_texts(body)
    for text in list(walk):
        if text is not None and text.get() == thinking:
            text.set(written)
    walk.drop_altered_thoughts()
    content = body["messages"][0]["content"]
    assert [part["type"] for part in content] == (["thinking", "text"] if stays else ["text"])
    if stays:
        assert content[0] == thought(written)


def test_a_thought_altered_in_an_answer_is_taken_out_of_the_next_request() -> None:
    """The client sends back what it was given, and its signature tells that it is not what the provider wrote."""
    answer = {"type": "message", "content": [thought("to ada@example.com")]}
    (text,) = [text for text in response_texts(answer) if text]
    text.set("to <EMAIL_ADDRESS>")
    assert answer["content"] == [thought("to <EMAIL_ADDRESS>", ALTERED)]
    body = with_thought(answer["content"][0])
    walk = request_texts(body)
    list(walk)
    walk.drop_altered_thoughts()
    assert [part["type"] for part in body["messages"][0]["content"]] == ["text"]


def test_thoughts_beside_a_chat_message_are_taken_out_too() -> None:
    """LiteLLM keeps signed thoughts of a chat in `thinking_blocks`."""
    body = {"messages": [{"role": "assistant", "content": "said", "thinking_blocks": [thought("ada@example.com")]}]}
    walk = request_texts(body)
    for text in list(walk):
        if text is not None:
            text.set("<EMAIL_ADDRESS>")
    walk.drop_altered_thoughts()
    assert body["messages"][0]["thinking_blocks"] == []


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("x y", f"{PLACEHOLDER} {PLACEHOLDER}", True),
        (f"{PLACEHOLDER}, you", "ada, you", True),
        ("ada, you", f"{PLACEHOLDER}, me", False),
        ("", PLACEHOLDER, False),
        ("ab", f"a{PLACEHOLDER}b", False),
        ("aXXb", f"a{PLACEHOLDER}b", True),
    ],
)
def test_when_a_signature_holds(before: str, after: str, kept: bool) -> None:
    """Placeholders for values, or values for placeholders, are the only change that it survives."""
    assert keeps_signature(before, after) is kept


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
FREE = st.recursive(
    LEAVES,
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(string.printable, max_size=6), children, max_size=4)
    ),
    max_leaves=25,
)


def changed(part: Any) -> Any:
    if isinstance(part, str):
        return part + "!" if part else part
    if isinstance(part, int) and not isinstance(part, bool) and abs(part) >= 10_000_000:
        return f"{part}!"
    if isinstance(part, list):
        return [changed(member) for member in part]
    return {changed(key): changed(member) for key, member in part.items()} if isinstance(part, dict) else part


@given(FREE)
def test_every_key_and_leaf_of_a_free_object_can_be_replaced(value: Any) -> None:
    """What is set is what is read afterwards, and nothing else changes, not even the order."""
    expected = changed({"value": value})
    body = tool_use({"value": value})
    texts = texts_in(body)
    for text in texts:
        wished = text.get() + "!"
        text.set(wished)
        # A key may get a number behind it where another of this name is still there.
        assert text.get() == wished or isinstance(text, KeyText)
    if not any(isinstance(text, KeyText) and text.get()[-1] != "!" for text in texts):
        assert arguments_of(body) == expected
        assert str(arguments_of(body)) == str(expected)


@pytest.mark.parametrize(
    ("written", "expected", "stays"),
    [
        ("to <EMAIL_ADDRESS>", thought("to <EMAIL_ADDRESS>", ALTERED), False),
        (f"to {PLACEHOLDER}", thought(f"to {PLACEHOLDER}"), True),
    ],
)
def test_thoughts_that_are_not_encrypted_are_texts(written: str, expected: dict[str, Any], stays: bool) -> None:
    """LiteLLM's bridge to the responses API puts signed thoughts as JSON where ciphertext belongs."""
    item = {"type": "reasoning", "encrypted_content": json.dumps([thought("to ada@example.com")])}
    body = {"input": [item, {"role": "user", "content": "go on"}]}
    walk = request_texts(body)
    (text,) = [text for text in walk if text and text.is_json]
    text.set(text.get().replace("to ada@example.com", written))
    assert json.loads(item["encrypted_content"]) == [expected]
    walk.drop_altered_thoughts()
    assert (item in body["input"]) is stays
    again = request_texts({"input": (items := [item])})
    list(again)
    again.drop_altered_thoughts()
    assert bool(items) is stays


def test_what_is_encrypted_is_no_text() -> None:
    """Ciphertext goes back to its provider as it is."""
    item = {"type": "reasoning", "encrypted_content": "gAAAAABo"}
    assert [text for text in request_texts({"input": [item]}) if text] == []
