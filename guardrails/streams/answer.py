"""One streamed answer: each of its events is rewritten as the API that it is of asks for."""

from __future__ import annotations

from guardrails.streams.channel import Channels, OpenRedactor
from guardrails.streams.chat import ChatRewriter
from guardrails.streams.gemini import GeminiRewriter
from guardrails.streams.messages import EVENTS, MessagesRewriter
from guardrails.streams.responses import ResponsesRewriter
from guardrails.streams.rewriting import Rewriter, with_whole_texts
from guardrails.streams.tree import Node, get


class Answer:
    """Tells the API by the event, not by the route: LiteLLM translates between APIs."""

    def __init__(self, open_redactor: OpenRedactor) -> None:
        self._channels = Channels(open_redactor)
        self._chat = ChatRewriter(self._channels)
        self._gemini = GeminiRewriter(self._channels)
        self._responses = ResponsesRewriter(self._channels)
        self._messages = MessagesRewriter(self._channels)

    def rewrite(self, event: Node) -> list[Node]:
        """What to send in place of an event."""
        rewriter = self._rewriter(event)
        if rewriter is not None:
            return rewriter.rewrite(event)
        # An error, or an event that nobody knows: what was held back belongs before it.
        return [*self.rest(), with_whole_texts(self._channels, event)]

    def rest(self) -> list[Node]:
        """What to send at the end; nothing follows."""
        rewriters: tuple[Rewriter, ...] = (self._chat, self._gemini, self._responses, self._messages)
        return [event for rewriter in rewriters for event in rewriter.rest()]

    def text(self, text: str) -> str:
        """What stands in a stream and is no event."""
        return self._channels.whole(text)

    def _rewriter(self, event: Node) -> Rewriter | None:
        kind = get(event, "type")
        if isinstance(kind, str):
            if kind in EVENTS:
                return self._messages
            return self._responses if kind.startswith("response.") else None
        if isinstance(get(event, "choices"), list):
            return self._chat
        return self._gemini if isinstance(get(event, "candidates"), list) else None
