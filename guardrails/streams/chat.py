"""Chunks of OpenAI's chat and completions, which LiteLLM makes of every provider's."""

from __future__ import annotations

from typing import Any

from guardrails.streams.channel import Channels
from guardrails.streams.rewriting import RUNNING, Written, form_of, whole, with_whole_texts
from guardrails.streams.tree import (
    Node,
    Path,
    get,
    is_empty,
    members,
    place_of,
    replaced,
    skeleton,
    texts,
    with_members,
)

# What every chunk repeats about the answer as a whole.
ENVELOPE = frozenset({"id", "object", "created", "model", "system_fingerprint", "service_tier", "provider"})

# LiteLLM puts signed thoughts in two places.
THOUGHTS = (("thinking_blocks",), ("provider_specific_fields", "thinking_blocks"))
ELSEWHERE = ENVELOPE | {"choices"}


class ChatRewriter:
    """A running text is a member of one choice. What is held back goes out before the choice's finish reason.

    Log probabilities spell the text out token by token, so they are taken away.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        # The last chunk of each running text, its choice there, and the way to the text in that.
        self._last: dict[Path, tuple[Node, Node, Path]] = {}

    def rewrite(self, chunk: Node) -> list[Node]:
        before: list[Node] = []
        choices = [self._choice(chunk, choice, before) for choice in get(chunk, "choices") or []]
        new = with_whole_texts(self._channels, chunk, ELSEWHERE)
        if any(mine is not theirs for mine, theirs in zip(choices, get(chunk, "choices") or [], strict=True)):
            new = with_members(new, {"choices": choices})
            if _carries_nothing(new):
                return before
        return [*before, new]

    def rest(self) -> list[Node]:
        return [tail for place in list(self._last) for tail in self._tail(place)]

    def _choice(self, chunk: Node, choice: Node, before: list[Node]) -> Node:
        index = get(choice, "index") or 0
        ends = bool(get(choice, "finish_reason"))
        new = choice if get(choice, "logprobs") is None else with_members(choice, {"logprobs": None})
        new = self._with_valid_signatures(index, new, before)
        written: dict[Path, Written] = {}
        for path, value in list(texts(new)):
            if path[-1] in RUNNING and isinstance(value, str):
                place = (index, *place_of(choice, path))
                text = self._channels.feed(place, value, form_of(path[-1]))
                self._last[place] = (chunk, choice, path)
                written[place] = Written(path, text)
            else:
                text = whole(self._channels, path[-1], value)
            new = new if text == value else replaced(new, path, text)
        if not ends:
            return new
        for place in [place for place in self._last if place[0] == index]:
            if (here := written.get(place)) is None:
                before += self._tail(place)
            elif tail := self._end(place):
                new = replaced(new, here.path, here.text + tail)
        return new

    def _with_valid_signatures(self, index: int, choice: Node, before: list[Node]) -> Node:
        """``choice`` with marks in place of signatures whose thoughts were altered; such a thought ends here."""
        delta = get(choice, "delta")
        for way in THOUGHTS:
            blocks = get(delta, way[0]) if len(way) == 1 else get(get(delta, way[0]), way[1])
            for position, block in enumerate(blocks if isinstance(blocks, list) else ()):
                signature = get(block, "signature")
                if isinstance(signature, str) and signature:
                    path = ("delta", *way, position)
                    place = (index, *place_of(choice, (*path, "thinking")))
                    if place in self._last and not get(block, "thinking"):
                        before += self._tail(place)
                    valid = self._channels.signature(place, signature)
                    choice = choice if valid == signature else replaced(choice, (*path, "signature"), valid)
        return choice

    def _end(self, place: Path) -> str:
        self._last.pop(place, None)
        return self._channels.finish(place)

    def _tail(self, place: Path) -> list[Node]:
        """A chunk with what was held back of a text, like the last one that text had a piece in."""
        chunk, choice, path = self._last[place]
        text = self._end(place)
        if not text:
            return []
        bare = skeleton(choice, path, text)
        if isinstance(bare, dict) and "finish_reason" in choice:
            bare = {**bare, "finish_reason": None}
        # Usage and what a provider adds to the answer as a whole went out with the chunk itself.
        others: dict[Any, Any] = {key: None for key, _ in members(chunk) if key not in ELSEWHERE}
        if isinstance(chunk, dict):
            return [{**{key: value for key, value in chunk.items() if key in ENVELOPE}, "choices": [bare]}]
        return [with_members(chunk, {**others, "choices": [bare]})]


def _carries_nothing(chunk: Node) -> bool:
    others = (value for key, value in members(chunk) if key not in ELSEWHERE and key != "usage")
    return (
        all(map(is_empty, get(chunk, "choices")))
        and all(map(is_empty, others))
        # LiteLLM gives each chunk of a completion a usage of nothing.
        and not any(value for _, value in members(get(chunk, "usage")) if isinstance(value, int))
    )
