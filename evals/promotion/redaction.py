"""Taking everything personal out of a conversation before any of it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evals.promotion.conversation import Conversation, Message, NotPromotableError
from inferspect.events.event import GatewayEvent
from inferspect.extension import Redactor, redactors
from inferspect.settings import LaunchSettings

IDENTIFIER = "<IDENTIFIER>"
SHORTEST_IDENTIFIER = 4
PLAIN_WORD = re.compile(r"[a-z]+|[A-Z]?[a-z]+")


class NoRedactorError(RuntimeError):
    """Nothing is installed that takes personal data out of texts, so none may be written."""

    def __init__(self) -> None:
        super().__init__(
            "no package redacts texts (entry points inferspect.redactors), so nothing is written; run it where the "
            "gateway's guardrails are installed"
        )


class Redaction:
    """Redacts by all redactors that are installed, one after the other.

    Raises:
        NoRedactorError: there is none.
        ConfigurationError: the configuration that they read is wrong.
    """

    def __init__(self, redacting: Sequence[Redactor]) -> None:
        if not redacting:
            raise NoRedactorError
        self._redactors = redacting

    @classmethod
    def installed(cls, launch: LaunchSettings) -> Redaction:
        return cls(list(redactors(launch)))

    def conversation(self, conversation: Conversation, event: GatewayEvent | None) -> Conversation:
        """A conversation without personal data, and without what the event knows of the caller.

        Raises:
            NotPromotableError: a text cannot be looked through.
        """
        known = [] if event is None else list(identifiers_of(event))
        return replace(
            conversation,
            messages=tuple(self._message(message, known) for message in conversation.messages),
            answer=self.text(conversation.answer, known, is_json=_is_json(conversation.answer)),
        )

    def text(self, text: str, known: Sequence[str] = (), *, is_json: bool = False) -> str:
        """A text likewise.

        Args:
            known: values that go as well, such as the caller's address.

        Raises:
            NotPromotableError: it cannot be looked through.
        """
        if is_json and known:
            text = _without_in_json(text, known)
        text = _without(text, known)
        for redact in self._redactors:
            try:
                text = redact(text, is_json=is_json)
            except Exception as error:  # whatever went wrong in it, the text has not been looked through
                raise NotPromotableError(f"a text of it cannot be redacted ({type(error).__name__})") from error
        return text

    def _message(self, message: Message, known: Sequence[str]) -> Message:
        calls = tuple(
            replace(
                call,
                name=self.text(call.name, known),
                arguments=self.text(call.arguments, known, is_json=_is_json(call.arguments)),
            )
            for call in message.calls
        )
        return replace(message, text=self.text(message.text, known, is_json=_is_json(message.text)), calls=calls)


def identifiers_of(event: GatewayEvent) -> Iterable[str]:
    """What the event knows of the caller, the longest first; plain words are none, as a text may well have them."""
    told = (
        event.user_id, event.end_user, event.session_id, event.client_address, event.client_request_id,
        event.key_alias, event.key_hash,
    )  # fmt: skip
    found = {value.strip() for value in told if value and len(value.strip()) >= SHORTEST_IDENTIFIER}
    return sorted((value for value in found if not PLAIN_WORD.fullmatch(value)), key=lambda v: (-len(v), v))


def _without(text: str, known: Sequence[str]) -> str:
    for value in known:
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", IDENTIFIER, text, flags=re.IGNORECASE)
    return text


def _without_in_json(text: str, known: Sequence[str]) -> str:
    """Also where a value is written with escapes."""
    value = json.loads(text)
    try:
        changed = _without_in_value(value, known)
    except RecursionError:
        raise NotPromotableError("JSON in it is nested too deeply") from None
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _without_in_value(value: Any, known: Sequence[str]) -> Any:
    if isinstance(value, str):
        return _without(value, known)
    if isinstance(value, Mapping):
        return {_without(name, known): _without_in_value(member, known) for name, member in value.items()}
    return [_without_in_value(member, known) for member in value] if isinstance(value, list) else value


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
