"""Events of Gemini's ``streamGenerateContent``."""

from __future__ import annotations

from guardrails.streams.channel import Channels
from guardrails.streams.rewriting import Written, whole, with_whole_texts
from guardrails.streams.tree import Node, Path, get, is_empty, members, replaced, texts, with_members

ENVELOPE = frozenset({"modelVersion", "responseId", "createTime"})

ELSEWHERE = ENVELOPE | {"candidates"}


class GeminiRewriter:
    """The running texts of a candidate are its answer and its thoughts, whatever parts they come in.

    What is held back goes out before the candidate's finish reason. Log probabilities are taken away.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._last: dict[Path, Node] = {}

    def rewrite(self, event: Node) -> list[Node]:
        before: list[Node] = []
        theirs = get(event, "candidates") or []
        candidates = [self._candidate(event, candidate, before) for candidate in theirs]
        new = with_whole_texts(self._channels, event, ELSEWHERE)
        if any(mine is not their for mine, their in zip(candidates, theirs, strict=True)):
            new = with_members(new, {"candidates": candidates})
            others = (value for key, value in members(new) if key not in ELSEWHERE)
            if all(map(_says_nothing, candidates)) and all(map(is_empty, others)):
                return before
        return [*before, new]

    def rest(self) -> list[Node]:
        return [tail for place in list(self._last) for tail in self._tail(place)]

    def _candidate(self, event: Node, candidate: Node, before: list[Node]) -> Node:
        index = get(candidate, "index") or 0
        parts = get(get(candidate, "content"), "parts") or []
        logprobs = {key: None for key in ("logprobsResult", "logprobs_result") if get(candidate, key) is not None}
        new = with_members(candidate, logprobs) if logprobs else candidate
        written: dict[Path, Written] = {}
        for path, value in list(texts(new)):
            if path[:2] == ("content", "parts") and path[3:] == ("text",):
                place = (index, "thought" if get(parts[path[2]], "thought") else "text")
                text = self._channels.feed(place, value)
                self._last[place] = event
                written[place] = Written(path, text)
            else:
                text = whole(self._channels, path[-1], value)
            new = new if text == value else replaced(new, path, text)
        if not (get(candidate, "finishReason") or get(candidate, "finish_reason")):
            return new
        for place in [place for place in self._last if place[0] == index]:
            if (here := written.get(place)) is None:
                before += self._tail(place)
            else:
                del self._last[place]
                new = replaced(new, here.path, here.text + self._channels.finish(place))
        return new

    def _tail(self, place: Path) -> list[Node]:
        event = self._last.pop(place)
        text = self._channels.finish(place)
        part = {"text": text, **({"thought": True} if place[1] == "thought" else {})}
        candidate = {"content": {"parts": [part], "role": "model"}, "index": place[0]}
        envelope = {key: value for key, value in members(event) if key in ENVELOPE}
        return [{"candidates": [candidate], **envelope}] if text else []


def _says_nothing(candidate: Node) -> bool:
    parts = get(get(candidate, "content"), "parts") or []
    others = (value for key, value in members(candidate) if key not in ("content", "index"))
    silent = all(is_empty({key: value for key, value in members(part) if key != "thought"}) for part in parts)
    return silent and all(map(is_empty, others))
