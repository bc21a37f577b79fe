"""What was asked and answered, of what the store keeps of it, whichever API was called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Tuples, as a type that somebody sent may be anything, also what no set can be asked for.
TEXT_TYPES = ("text", "input_text", "output_text")
TOOL_TYPES = ("tool_use", "tool_result")
THINKING_TYPES = ("thinking", "redacted_thinking")
UNSAID_TYPES = (*THINKING_TYPES, "reasoning", "tool_use", "function_call")
SYSTEM_NAMES = ("system", "instructions", "systemInstruction", "system_instruction")
INSTRUCTING = frozenset({"system", "developer"})
ROLES = {"developer": "system", "model": "assistant", "function": "tool"}
KNOWN_ROLES = frozenset({"system", "user", "assistant", "tool"})
OF_CHOICES = frozenset({"message", "finish_reason", "finishReason"})
LONGEST = 50_000  # characters; nobody reviews a longer case
DEEPEST = 12


class NotPromotableError(ValueError):
    """No test can be made of the request; the message says why, and what may help."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asked for; ``arguments`` is JSON."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of a request, its answer, and nothing of who asked.

    Attributes:
        answer: the text of the first answer; empty where there was none.
    """

    messages: tuple[Message, ...]
    answer: str = ""

    @property
    def turns(self) -> int:
        """How often the user spoke."""
        return sum(message.role == "user" for message in self.messages)

    @property
    def question(self) -> str:
        """What the user said last."""
        return next(message.text for message in reversed(self.messages) if message.role == "user")

    @property
    def uses_tools(self) -> bool:
        return any(message.calls or message.role == "tool" for message in self.messages)


def read_conversation(asked: str | None, answered: str | None) -> Conversation:
    """The conversation of a request.

    Args:
        asked: JSON that is kept of what was asked; ``answered`` of the answer.

    Raises:
        NotPromotableError: it was not kept, or not whole, or it is none.
    """
    value = _parsed(asked)
    if value is None:
        raise NotPromotableError(
            "the store has no content of it: the tenant's rules keep none (observation.content), its days are over, or "
            "a guardrail refused it before it was sent"
        )
    _must_be_whole(value, "what was asked")
    messages = tuple(_messages(value))
    if not any(message.role == "user" and message.text for message in messages):
        raise NotPromotableError("no user says anything in it: only chats and completions become tests")
    if sum(len(message.text) for message in messages) > LONGEST:
        raise NotPromotableError(f"it has more than {LONGEST:,} characters; write a shorter case by hand")
    answer = _parsed(answered)
    if answer is not None:
        _must_be_whole(answer, "the answer")
    return Conversation(messages, _answer(answer).strip())


def typed_question(text: str) -> Conversation:
    """A conversation of one question that a person hands in, where the store has none.

    Raises:
        NotPromotableError: it is empty or too long.
    """
    if not text.strip():
        raise NotPromotableError("the text is empty")
    if len(text) > LONGEST:
        raise NotPromotableError(f"the text has more than {LONGEST:,} characters")
    return Conversation((Message("user", text.strip()),))


def _parsed(kept: str | None) -> Any:
    if kept is None:
        return None
    try:
        return json.loads(kept)
    except (ValueError, RecursionError):
        raise NotPromotableError("what the store has of it is no JSON") from None


def _must_be_whole(value: Any, what: str) -> None:
    if isinstance(value, Mapping) and value.keys() == {"truncated", "beginning"}:
        size = value["truncated"]
        told = f", {size:,} bytes were too many" if isinstance(size, int) else ""
        raise NotPromotableError(f"{what} is kept in part only{told} (inferspect.events)")


def _messages(value: Any) -> Iterable[Message]:
    if isinstance(value, Mapping):
        system = "\n".join(filter(None, (_text(value.get(name)) for name in SYSTEM_NAMES)))
        if system:
            yield Message("system", system)
        name = next((each for each in ("messages", "input", "contents", "prompt") if each in value), None)
        value = None if name is None else value[name]
    if isinstance(value, str):
        yield Message("user", value)
        return
    entries = value if isinstance(value, list) else []
    if any(not isinstance(entry, Mapping) for entry in entries):
        raise NotPromotableError("it is a list of texts, as for embeddings: only chats and completions become tests")
    for entry in entries:
        yield from _message(entry)


def _message(entry: Mapping[str, Any]) -> Iterable[Message]:
    kind = entry.get("type")
    if kind == "function_call":
        yield Message("assistant", "", (ToolCall(str(entry.get("name")), _json(entry.get("arguments"))),))
        return
    if kind == "function_call_output":
        yield Message("tool", _text(entry.get("output")))
        return
    if kind == "reasoning":
        return
    told = entry.get("role")
    role = ROLES.get(told, told) if isinstance(told, str) else "user"
    if role not in KNOWN_ROLES:
        raise NotPromotableError(f"it has a message of the unknown role {role!r}")
    content = entry.get("content", entry.get("parts"))
    called = entry.get("tool_calls")
    calls = [
        ToolCall(str(call["function"].get("name")), _json(call["function"].get("arguments")))
        for call in (called if isinstance(called, list) else ())
        if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)
    ]
    blocks = content if isinstance(content, list) else []
    for block in blocks:
        if isinstance(block, Mapping) and block.get("type") == "tool_use":
            calls.append(ToolCall(str(block.get("name")), _json(block.get("input"))))
        if isinstance(block, Mapping) and block.get("type") == "tool_result":
            yield Message("tool", _text(block.get("content")))
    text = _text([block for block in blocks if not _is_tool(block)] if blocks else content)
    if text or calls or not blocks:
        yield Message(role, text, tuple(calls))


def _is_tool(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") in TOOL_TYPES


def _text(value: Any, depth: int = 0) -> str:
    """The text of a message's content.

    Raises:
        NotPromotableError: there is something else in it, such as an image.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if depth > DEEPEST:
        raise NotPromotableError("its content is nested too deeply")
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(part, depth + 1) for part in value)))
    if isinstance(value, Mapping):
        kind = value.get("type")
        if kind in THINKING_TYPES:
            return ""
        if kind in TEXT_TYPES or (kind is None and ("text" in value or "parts" in value or "content" in value)):
            return _text(value.get("text", value.get("parts", value.get("content"))), depth + 1)
        raise NotPromotableError(f"it holds {kind or 'something else than text'}, and a case holds text only")
    raise NotPromotableError("it holds something else than text")


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _answer(value: Any, depth: int = 0) -> str:
    """The text of the first answer; empty where it is a call of a tool or media, or nested too deeply."""
    if isinstance(value, str):
        return value
    if depth > DEEPEST:
        return ""
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping) and value[0].keys() & OF_CHOICES:
            return _answer(value[0].get("message") or {**value[0], "type": "text"}, depth + 1)
        return "\n".join(filter(None, (_answer(part, depth + 1) for part in value)))
    if not isinstance(value, Mapping) or value.get("type") in UNSAID_TYPES:
        return ""
    found = next((value[name] for name in ("text", "content", "parts", "output") if value.get(name)), None)
    return _answer(found, depth + 1)
