"""What the rewriters of all APIs share: which texts run on from event to event, and how one event is rewritten."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

from guardrails.content.signatures import SEALED, resealed
from guardrails.streams.channel import Channels, Form
from guardrails.streams.tree import Node, Path, replaced, texts

# Members that hold a piece of a text which goes on in the next event, wherever a provider puts them. Any other text,
# such as a citation's, is taken to be whole.
RUNNING = frozenset({
    "content", "reasoning_content", "reasoning", "refusal", "thinking", "text", "transcript", "arguments",
    "partial_json", "input", "summary", "delta",
})  # fmt: skip
JSON_FRAGMENTS = frozenset({"arguments", "partial_json", SEALED})


class Rewriter(Protocol):
    """Rewrites the events of one API."""

    def rewrite(self, event: Node) -> list[Node]:
        """What to send in place of an event: it itself, in its place in the list, where nothing in it changes."""
        ...

    def rest(self) -> list[Node]:
        """What to send at the end, where texts have not ended as the API has it."""
        ...


def form_of(key: object) -> Form:
    return "json" if key in JSON_FRAGMENTS else "text"


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of a running text as it goes out, and where it stands in its event."""

    path: Path
    text: str


def with_whole_texts(channels: Channels, node: Node, skip: frozenset[str] = frozenset()) -> Node:
    """``node`` with every text redacted as a whole, but for its members that are named by ``skip``."""
    for path, value in list(texts(node, skip=skip)):
        new = whole(channels, path[-1], value)
        node = node if new == value else replaced(node, path, new)
    return node


def whole(channels: Channels, key: object, value: Node) -> Node:
    """A text or a free-form JSON value that came as a whole, redacted."""
    if isinstance(value, str):
        new = channels.whole(value, form_of(key))
        return resealed(value, new) if key == SEALED else new
    document = json.dumps(value, ensure_ascii=False)
    redacted = channels.whole(document, "json")
    return value if redacted == document else json.loads(redacted)
