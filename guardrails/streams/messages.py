"""Events of Anthropic's messages."""

from __future__ import annotations

from guardrails.streams.channel import Channels
from guardrails.streams.rewriting import RUNNING, form_of, whole, with_whole_texts
from guardrails.streams.tree import Node, Path, get, place_of, replaced, skeleton, texts

EVENTS = frozenset({
    "message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta",
    "content_block_stop", "ping",
})  # fmt: skip
DELTA_TYPES = {"text": "text_delta", "thinking": "thinking_delta"}


class MessagesRewriter:
    """A running text is a member of the deltas of one content block. What is held back goes out before its end.

    The signature of a thought goes out after all of it, and as a mark where the thought was altered for good.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._last: dict[Path, Node] = {}

    def rewrite(self, event: Node) -> list[Node]:
        kind = get(event, "type")
        if kind in ("content_block_start", "content_block_delta"):
            return self._block(event, "content_block" if kind == "content_block_start" else "delta")
        if kind == "ping":
            return [with_whole_texts(self._channels, event)]
        before = self._tails(get(event, "index")) if kind == "content_block_stop" else []
        if kind in ("message_delta", "message_stop"):
            before = self.rest()
        return [*before, with_whole_texts(self._channels, event)]

    def rest(self) -> list[Node]:
        return [tail for place in list(self._last) for tail in self._tail(place)]

    def _block(self, event: Node, member: str) -> list[Node]:
        index = get(event, "index")
        inner = get(event, member)
        signs = member == "delta" and get(inner, "type") == "signature_delta"
        before = self._tails(index) if signs or member == "content_block" else []
        running = {(key,) for key in (RUNNING if member == "delta" else DELTA_TYPES)}
        new, held_back = inner, False
        if signs:
            signature = get(inner, "signature") or ""
            if (valid := self._channels.signature((index, "thinking"), signature)) != signature:
                new = replaced(inner, ("signature",), valid)
        for path, value in list(texts(inner)):
            if isinstance(value, str) and path in running:
                place = (index, *place_of(inner, path))
                text = self._channels.feed(place, value, form_of(path[-1]))
                self._last[place] = event if member == "delta" else _as_delta(event, path[0])
                held_back = not text
            else:
                text = whole(self._channels, path[-1], value)
            new = new if text == value else replaced(new, path, text)
        if new is inner:
            return [*before, event]
        if held_back and member == "delta" and not list(texts(new)):
            return before
        return [*before, replaced(event, (member,), new)]

    def _tails(self, index: object) -> list[Node]:
        return [tail for place in list(self._last) if place[0] == index for tail in self._tail(place)]

    def _tail(self, place: Path) -> list[Node]:
        event = self._last.pop(place)
        text = self._channels.finish(place)
        return [replaced(event, ("delta",), skeleton(get(event, "delta"), place[1:], text))] if text else []


def _as_delta(start: Node, key: str) -> Node:
    """The delta that a text would have come in which stood in the start of its block."""
    delta = {"type": DELTA_TYPES.get(key, f"{key}_delta"), key: ""}
    return {"type": "content_block_delta", "index": get(start, "index"), "delta": delta}
