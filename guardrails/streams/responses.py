"""Events of OpenAI's responses API."""

from __future__ import annotations

import re
from typing import Any

from guardrails.streams.channel import Channels, Form
from guardrails.streams.rewriting import with_whole_texts
from guardrails.streams.tree import Node, Path, get, members, replaced, with_members

# Events tell where their text belongs by these.
PLACE = ("output_index", "content_index", "summary_index")
DELTA = re.compile(r"[._]delta$")
DONE = re.compile(r"[._]done$")
AUDIO = frozenset({"response.audio", "response.output_audio"})  # encoded sound, not its transcript
# What a response repeats of its request, settings and the client's own words, which were looked at on their way in.
# Instructions are looked at again, because a stored prompt may have brought them.
REPEATED = frozenset({
    "tools", "tool_choice", "metadata", "text", "reasoning", "user", "prompt", "usage", "previous_response_id",
    "prompt_cache_key", "safety_identifier", "conversation", "truncation",
})  # fmt: skip


class ResponsesRewriter:
    """A running text is what the deltas of one kind at one place of the output make.

    What is held back goes out in a delta of its own before the event that ends the text. Events that say a text again
    as a whole say what went out, as they find it by what the provider wrote. Sequence numbers are given anew, one for
    each event, since events come and go. Log probabilities are taken away.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._last: dict[Path, Node] = {}
        self._number: int | None = None

    def rewrite(self, event: Node) -> list[Node]:
        return [self._numbered(new) for new in self._rewritten(event)]

    def rest(self) -> list[Node]:
        return [self._numbered(tail) for tail in self._tails(lambda _place: True)]

    def _rewritten(self, event: Node) -> list[Node]:
        kind = str(getattr(get(event, "type"), "value", get(event, "type")))
        delta = get(event, "delta")
        if DELTA.search(kind) and isinstance(delta, str):
            return self._delta(DELTA.sub("", kind), event, delta)
        before: list[Node] = []
        if get(event, "response") is not None:
            if not kind.endswith((".created", ".in_progress", ".queued")):
                before = self._tails(lambda _place: True)
            return [*before, self._whole_response(event)]
        if DONE.search(kind):
            before = self._tails(self._ended_by(kind, event))
        return [*before, self._whole(event)]

    def _delta(self, stem: str, event: Node, delta: str) -> list[Node]:
        if stem in AUDIO:
            return [event]
        place = (stem, *(get(event, key) for key in PLACE))
        self._last[place] = event
        new = self._channels.feed(place, delta, _form_of(stem))
        event = _without_logprobs(event)
        if new == delta:
            return [event]
        return [replaced(event, ("delta",), new)] if new else []

    def _ended_by(self, kind: str, event: Node) -> Any:
        """Which texts an event ends: the one it is about, or all of the part or item that it is about."""
        stem = DONE.sub("", kind)
        here = tuple(get(event, key) for key in PLACE)
        if kind == "response.output_item.done":
            return lambda place: place[1] == here[0]
        if kind.endswith("_part.done"):
            return lambda place: place[1:] == here
        return lambda place: place == (stem, *here)

    def _tails(self, ended: Any) -> list[Node]:
        tails = []
        for place in [place for place in self._last if ended(place)]:
            event = self._last.pop(place)
            if text := self._channels.finish(place):
                tails.append(replaced(_without_logprobs(event), ("delta",), text))
        return tails

    def _whole_response(self, event: Node) -> Node:
        event = _without_logprobs(event)
        theirs = get(event, "response")
        ours = with_whole_texts(self._channels, theirs, REPEATED)
        event = event if ours is theirs else with_members(event, {"response": ours})
        return with_whole_texts(self._channels, event, frozenset({"response"}))

    def _whole(self, event: Node) -> Node:
        return with_whole_texts(self._channels, _without_logprobs(event))

    def _numbered(self, event: Node) -> Node:
        number = get(event, "sequence_number")
        if not isinstance(number, int):
            return event
        self._number = number if self._number is None else self._number + 1
        return event if number == self._number else replaced(event, ("sequence_number",), self._number)


def _form_of(stem: str) -> Form:
    return "json" if "arguments" in stem else "text"


def _without_logprobs(node: Node) -> Node:
    """``node`` with no log probabilities anywhere; as an empty list, which the API's types ask for."""
    changes: dict[Any, Any] = {}
    for key, value in members(node):
        if key == "logprobs":
            if value:
                changes[key] = []
        elif not isinstance(value, str | int | float) and value is not None:
            inner = _without_logprobs(value)
            if inner is not value:
                changes[key] = inner
    return with_members(node, changes) if changes else node
