"""From a conversation to the variables of a suite's prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import nodes

from evals.promotion.conversation import Conversation, Message, NotPromotableError
from evals.promotion.target import Target
from inferspect.prompts.template import Template

MESSAGES = "messages"
TEMPLATE_MARKS = ("{{", "{%", "{#")
READ_FROM_ELSEWHERE = ("file://", "package:")


def variables_of(
    conversation: Conversation, target: Target, constants: Mapping[str, str], *, last_turn: bool
) -> dict[str, Any]:
    """What a case has to give the prompts of the suite so that they ask what was asked.

    Args:
        constants: variables that a person names, of all cases.
        last_turn: whether what was said before the user's last message may be left out.

    Raises:
        NotPromotableError: the suite's prompts take something else, or would run what was asked.
    """
    wanted = target.wanted - set(constants)
    found = {**_found(conversation, target, wanted, last_turn=last_turn), **constants}
    if not target.is_safe and any(mark in text for text in _texts(found) for mark in TEMPLATE_MARKS):
        raise NotPromotableError(
            "it holds `{{`, `{%` or `{#`: that the suite's prompts take as templates; those of shared/prompt.mjs do not"
        )
    return {name: _inert(value) for name, value in found.items()}


def _found(conversation: Conversation, target: Target, wanted: frozenset[str], *, last_turn: bool) -> dict[str, Any]:
    if MESSAGES in wanted:
        if wanted != {MESSAGES}:
            raise NotPromotableError(_lacking(target, wanted - {MESSAGES}))
        kept = conversation.messages[_last_user(conversation) :] if last_turn else conversation.messages
        return {MESSAGES: _as_chat([message for message in kept if message.role != "system"])}
    if conversation.turns > 1 and not last_turn:
        raise NotPromotableError(
            f"it is a conversation of {conversation.turns} turns, and the suite {target.name} takes one question: "
            "promote it into a suite whose cases have `messages`, or add --last-turn"
        )
    if conversation.uses_tools and not last_turn:
        raise NotPromotableError(
            f"tools were called in it, and the suite {target.name} takes one question: promote it into a suite whose "
            "cases have `messages`, or add --last-turn"
        )
    for template in (
        message.template for prompt in target.prompts for message in prompt.messages if message.role == "user"
    ):
        values = unfilled(template, conversation.question)
        if values is not None and wanted <= values.keys():
            return {name: value for name, value in values.items() if name in wanted}
    if len(wanted) == 1:
        return {next(iter(wanted)): conversation.question}
    raise NotPromotableError(_lacking(target, wanted))


def unfilled(template: Template, text: str) -> dict[str, str] | None:
    """The variables that the template was filled with to make the text; ``None`` where it has conditions or did not.

    Of several ways the one with the shortest first values is taken.
    """
    literals, names = [""], list[str]()
    for node in (child for output in template.body for child in getattr(output, "nodes", [None])):
        if isinstance(node, nodes.TemplateData):
            literals[-1] += node.data
        elif isinstance(node, nodes.Name):
            names.append(node.name)
            literals.append("")
        else:
            return None
    literals[0], literals[-1] = literals[0].lstrip(), literals[-1].rstrip()
    rest = text.strip()
    if not names or len(rest) < sum(map(len, literals)):
        return None
    if not rest.startswith(literals[0]) or not rest.endswith(literals[-1]):
        return None
    rest = rest[len(literals[0]) : len(rest) - len(literals[-1])]
    values: dict[str, str] = {}
    for name, literal in zip(names[:-1], literals[1:-1], strict=True):
        value, separator, rest = rest.partition(literal) if literal else ("", "", rest)
        if not separator or values.setdefault(name, value) != value:
            return None
    return values if values.setdefault(names[-1], rest) == rest else None


def _last_user(conversation: Conversation) -> int:
    return max(number for number, message in enumerate(conversation.messages) if message.role == "user")


def _as_chat(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as OpenAI's chat API has them, with ids of calls that tell nothing."""
    chat: list[dict[str, Any]] = []
    waiting: list[str] = []
    count = 0
    for message in messages:
        entry: dict[str, Any] = {"role": message.role, "content": message.text}
        if message.calls:
            calls = []
            for call in message.calls:
                count += 1
                waiting.append(f"call_{count}")
                told = {"name": call.name, "arguments": call.arguments}
                calls.append({"id": waiting[-1], "type": "function", "function": told})
            entry["tool_calls"] = calls
        if message.role == "tool":
            if not waiting:
                raise NotPromotableError("it has an answer of a tool that nobody called")
            entry["tool_call_id"] = waiting.pop(0)
        chat.append(entry)
    return chat


def _lacking(target: Target, lacking: frozenset[str]) -> str:
    names = ", ".join(sorted(lacking))
    return (
        f"cases of the suite {target.name} have the variables {names}, which cannot be told from the request; give "
        "those that are the same for all by --var NAME=VALUE"
    )


def _inert(value: Any) -> Any:
    """A value that Promptfoo does not take for the name of a file to read: with a space before it, it does not."""
    if isinstance(value, str):
        return f" {value}" if value.startswith(READ_FROM_ELSEWHERE) else value
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for member in value.values() for text in _texts(member)]
    return [text for member in value for text in _texts(member)] if isinstance(value, list) else []
