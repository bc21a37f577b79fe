"""A JSON document in a text, such as a tool call's arguments, whole or piece by piece, with the same result.

Each string is a text of its own: what it says is looked through, with escapes undone, and findings are moved to where
they stand in the document. Its context is the key of its member. Keys are looked through likewise, and numbers, as a
long one may be that of a card. What is not JSON is looked through as the text it is: all of it where the document
does not begin like JSON, else from where it goes wrong to the next quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.scanning.clues import Sight
from guardrails.scanning.folding import plain
from guardrails.scanning.json_context import LONGEST_SAID, JsonContext
from guardrails.scanning.json_leaves import BareLeaf, StringLeaf
from guardrails.scanning.json_strings import body_end, unescaped
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import LONGEST_SEEN_WHOLE, Form, Scan, Step, has_trigger
from guardrails.scanning.triggers import Group

__all__ = ["Form", "JsonScan"]

FIRST = frozenset('{["-0123456789tfn')
AFTER_TOKEN = frozenset('{}[]:,"')
BEFORE = re.compile(r"[ \t\r\n\ufeff]*+")  # a byte order mark is skipped by some parsers
BLANKS = re.compile(r"[ \t\r\n]*+")
STRUCTURE = re.compile(r"[ \t\r\n{}\[\]:,]*+")
TOKEN = re.compile(r'[^ \t\r\n{}\[\]:,"]*+')
TEXT = re.compile(r'[^"]*+')
# More than JSON allows: models write phone numbers with a leading zero or plus, and no quotes.
NUMBER = re.compile(r"[-+.0-9eE]++")
LITERALS = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
LONGEST_QUIET_STEP = 512
CUES_KEPT = 256


class JsonScan:
    """Looks through one JSON document; used like a :class:`~guardrails.scanning.scan.Scan`.

    Args:
        plan: what to look for.
        context: what stands before the document and tells what it is about.
    """

    def __init__(self, plan: Plan, context: str = "") -> None:
        self._plan = plan
        self._context = JsonContext(context)
        self._cues: dict[str, bool] = {}
        self._seen: list[Group] | None = None
        self._text = ""
        self._position = 0
        self._is_whole = False
        self._read_next = self._begin
        self._leaf: Scan | StringLeaf | BareLeaf | None = None
        self._tail = ""

    @property
    def held_back(self) -> int:
        """How many characters wait for what follows them; an escape counts as the character that it stands for."""
        return len(self._text) - self._position + (self._leaf.held_back if self._leaf else 0)

    def feed(self, text: str) -> Iterator[Step]:
        """Add a piece of the document; gives what is known now. To be iterated to its end before the next call."""
        self._text, self._position = self._text[self._position :] + text, 0
        self._seen = None
        return _joined(self._steps())

    def finish(self) -> Iterator[Step]:
        """The rest: nothing follows."""
        self._is_whole = True
        return _joined(self._steps())

    def _steps(self) -> Iterator[Step | str]:
        # Each part of a document has a method that reads what is there of it and says which one reads on. All is read
        # when one reads nothing and stays itself.
        before = None
        while before != (self._position, self._read_next):
            before = self._position, self._read_next
            yield from self._read_next()
        if self._is_whole:
            yield from self._end_leaf()

    def _begin(self) -> Iterator[Step | str]:
        yield from self._passed(BEFORE)
        if self._position < len(self._text):
            if self._text[self._position] in FIRST:
                self._read_next = self._between
            else:
                self._leaf = Scan(self._plan, self._context.text)
                self._read_next = self._no_json

    def _no_json(self) -> Iterator[Step | str]:
        yield from self._fed(len(self._text))

    def _between(self) -> Iterator[Step | str]:
        begin, end = STRUCTURE.match(self._text, self._position).span()  # type: ignore[union-attr]
        self._context.structure("".join(self._text[begin:end].split()))
        if end < len(self._text):
            if self._text[end] == '"':
                end += 1
                self._read_next = self._string
            else:
                self._read_next = self._token
        self._position = end
        yield self._text[begin:end]

    def _string(self) -> Iterator[Step | str]:
        end = body_end(self._text, self._position, is_whole=self._is_whole)
        is_closed = end < len(self._text) and self._text[end] == '"'
        if self._leaf is None and is_closed:
            said = unescaped(self._text[self._position : end])
            if not self._is_worth_a_look(said, stands_so=len(said) == end - self._position):
                yield from self._closed(end, said)
                return
        if not isinstance(self._leaf, StringLeaf):
            self._leaf = StringLeaf(self._plan, self._context.text)
        leaf = self._leaf
        yield from self._fed(end)
        if is_closed:
            yield from self._end_leaf()
            yield from self._closed(end, leaf.said)

    def _closed(self, end: int, said: str) -> Iterator[Step | str]:
        rest, self._position = self._text[self._position : end + 1], end + 1
        self._context.said(said)
        self._read_next = self._between
        yield rest

    def _token(self) -> Iterator[Step | str]:
        end = TOKEN.match(self._text, self._position).end()  # type: ignore[union-attr]
        is_short = end - self._position <= LONGEST_SEEN_WHOLE
        if is_short and end == len(self._text) and not self._is_whole:
            return
        token = self._text[self._position : min(end, self._position + LONGEST_SEEN_WHOLE + 1)]
        is_literal = token in LITERALS
        context = self._context.text
        if not is_literal and not NUMBER.fullmatch(token):
            self._leaf, self._tail = Scan(self._plan, context), ""
            self._read_next = self._loose
        elif self._ends_at(end) and (is_literal or (is_short and not self._is_worth_a_look(token, stands_so=False))):
            self._read_next = self._between
            yield from self._passed(TOKEN)
        else:
            self._leaf = BareLeaf(self._plan, context, len(token) if is_short else None, is_literal=is_literal)
            self._read_next = self._number

    def _number(self) -> Iterator[Step | str]:
        leaf = self._leaf
        yield from self._fed(TOKEN.match(self._text, self._position).end())  # type: ignore[union-attr]
        if self._position < len(self._text):
            if isinstance(leaf, BareLeaf):
                leaf.number_ended()
            self._read_next = self._after_number

    def _after_number(self) -> Iterator[Step | str]:
        yield from self._fed(BLANKS.match(self._text, self._position).end())  # type: ignore[union-attr]
        if self._position == len(self._text):
            return
        if self._text[self._position] in AFTER_TOKEN:
            self._read_next = self._between
            yield from self._end_leaf()
        else:
            self._tail = ""
            self._read_next = self._loose

    def _loose(self) -> Iterator[Step | str]:
        begin = self._position
        yield from self._fed(TEXT.match(self._text, begin).end())  # type: ignore[union-attr]
        self._tail = (self._tail + self._text[begin : self._position])[-LONGEST_SAID:]
        if self._position < len(self._text):
            # As a key without quotes would stand.
            self._context.said(self._tail.rstrip(" \t\r\n:"))
            self._context.structure(":")
            self._read_next = self._between
            yield from self._end_leaf()

    def _passed(self, pattern: re.Pattern[str]) -> Iterator[Step | str]:
        begin, self._position = self._position, pattern.match(self._text, self._position).end()  # type: ignore[union-attr]
        yield self._text[begin : self._position]

    def _fed(self, end: int) -> Iterator[Step | str]:
        begin, self._position = self._position, end
        if begin < end and self._leaf is not None:
            yield from self._leaf.feed(self._text[begin:end])

    def _end_leaf(self) -> Iterator[Step | str]:
        leaf, self._leaf = self._leaf, None
        if leaf is not None:
            yield from leaf.finish()

    def _ends_at(self, end: int) -> bool:
        """Whether it is known that nothing but blanks stands between ``end`` and the next sign or quote."""
        after = BLANKS.match(self._text, end).end()  # type: ignore[union-attr]
        return after < len(self._text) and self._text[after] in AFTER_TOKEN

    def _is_worth_a_look(self, said: str, *, stands_so: bool = True) -> bool:
        return self._is_cued() or has_trigger(self._plan, plain(said), self._groups_seen() if stands_so else None)

    def _is_cued(self) -> bool:
        context = self._context.text
        cued = self._cues.get(context)
        if cued is None:
            if len(self._cues) >= CUES_KEPT:
                self._cues.clear()
            cued = self._cues[context] = has_trigger(self._plan, plain(context))
        return cued

    def _groups_seen(self) -> list[Group]:
        """Whose triggers stand anywhere in what is there of the document."""
        if self._seen is None:
            # A trigger that begins or ends with a string does so beside a blank, too.
            sight = Sight(plain(self._text).replace('"', " "))
            self._seen = [group for group in self._plan.groups if group.matches(sight)]
        return self._seen


def _joined(steps: Iterator[Step | str]) -> Iterator[Step]:
    """The same steps, with what has no findings taken together up to some length, and none that is empty."""
    quiet: list[str] = []
    length = 0
    for step in steps:
        if isinstance(step, str) or not (step.findings or step.continues):
            quiet.append(step if isinstance(step, str) else step.text)
            length += len(quiet[-1])
            if length >= LONGEST_QUIET_STEP:
                yield Step("".join(quiet))
                quiet, length = [], 0
            continue
        if length:
            yield Step("".join(quiet))
            quiet, length = [], 0
        yield step
    if length:
        yield Step("".join(quiet))
