"""Words that are written so that lists of words miss them: ``fuuuck``, ``f.u.c.k``, ``f u c k``, ``sh1t``, ``b*tch``.

Zero-width characters, accents and full-width letters are gone before a recognizer reads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

LOOKALIKES = {
    "a": "a4@", "b": "b8", "c": "c(", "e": "e3", "g": "g96", "h": "h#", "i": "i1!", "l": "l1", "o": "o0", "s": "s5$",
    "t": "t7", "u": "uv",
}  # fmt: skip
SIGNS = frozenset("@$(")
HIDDEN_LETTER = "*"
JOINT = r"[.\-_*~]?"
SPACE = r"[ \t\n.\-_*]{1,3}"
ANY_ENDING = "[a-z]{0,8}"
# A trigger may be 32 characters long.
LONGEST = 30
MOST_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Disguisable:
    """A word that is looked for in disguise, and plain.

    Attributes:
        word: in lower-case letters.
        score: confidence from 0 to 1.
        ending: what may follow it in the same word, a regular expression; anything of up to 8 letters by default.
        spaced: whether it is looked for with spaces between its letters, too. Windows are then looked at around
            every single letter that is the word's first: rare in prose for most letters, but not for ``a`` and ``i``.
    """

    word: str
    score: float
    ending: str = ANY_ENDING
    spaced: bool = False

    def beginning(self) -> str:
        """What its first letter may be, as the members of a set."""
        return _lookalikes(self.word[0])

    def rest(self) -> str:
        """The word after its first letter: lookalikes, repeats, signs in between; the last letter is never hidden."""
        most = min(MOST_REPEATS, LONGEST // len(self.word) - 1)
        repeated = f"[{self.beginning()}]{{0,{most - 1}}}"
        inner = [f"[{_lookalikes(letter)}{HIDDEN_LETTER}]{{1,{most}}}" for letter in self.word[1:-1]]
        return JOINT.join([repeated, *inner, f"[{_lookalikes(self.word[-1])}]{{1,{most}}}"])

    def pattern(self) -> str:
        """The word in disguise or plain with its endings, and with spaces where those are looked for."""
        whole = f"[{self.beginning()}]{self.rest()}(?:{self.ending})"
        return f"{whole}|{self._spelled()}" if self.spaced else whole

    def _spelled(self) -> str:
        return SPACE.join(f"[{_lookalikes(letter)}]" for letter in self.word)


def _lookalikes(letter: str) -> str:
    return LOOKALIKES.get(letter, letter)


class Disguise:
    """How words in disguise begin.

    Recognizers that share one are asked together.

    Args:
        words: of all these recognizers.
    """

    def __init__(self, words: Sequence[Disguisable]) -> None:
        # Words with the same beginning stand together, so that at most places a few sets are all that is compared.
        rests: dict[str, list[str]] = {}
        for word in words:
            rests.setdefault(word.beginning(), []).append(word.rest())
        spaced = "".join(sorted({word.word[0] for word in words if word.spaced}))
        branches = [f"[{beginning}](?:{'|'.join(found)})" for beginning, found in rests.items()]
        if spaced:
            branches.append(rf"[{spaced}](?=\s)(?<!\S.)")
        # Before a sign there is no word boundary.
        signs = [f"[{only}](?:{'|'.join(f)})" for beginning, f in rests.items() if (only := _signs(beginning))]
        self.trigger = "|".join([rf"\b(?:{'|'.join(branches)})", *signs])
        # Alternatives that begin with one character each are quick to look for.
        by_sign: dict[str, list[str]] = {}
        for beginning, found in rests.items():
            for sign in beginning:
                by_sign.setdefault(sign, []).extend(found)
        quick = "|".join(f"{re.escape(sign)}(?:{'|'.join(found)})" for sign, found in by_sign.items())
        self.clues = Clues(frozenset(spaced), pattern=re.compile(quick))


def _signs(beginning: str) -> str:
    return "".join(sign for sign in beginning if sign in SIGNS)


class DisguisedWords:
    """Finds the words of one entity, plain and in disguise.

    Args:
        entity: what they are a sign of.
        words: what is looked for.
        disguise: of these words, and of others.
    """

    reads: Reading = "folded"

    def __init__(self, entity: str, words: Sequence[Disguisable], disguise: Disguise | None = None) -> None:
        self.entity = entity
        disguise = disguise or Disguise(words)
        self.trigger = disguise.trigger
        self.clues = disguise.clues
        self._scores = {f"w{number}": word.score for number, word in enumerate(words)}
        branches = [f"(?P<w{number}>{word.pattern()})" for number, word in enumerate(words)]
        beginnings = "".join(sorted({sign for word in words for sign in word.beginning()}))
        whole_word = r"(?=[{}])(?<![^\W_])(?:{})(?![^\W_])"
        self._pattern = re.compile(whole_word.format(beginnings, "|".join(branches)))
        self.version = hashlib.blake2b(repr(list(words)).encode(), digest_size=8).hexdigest()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._pattern.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), self._scores[match.lastgroup or ""])
