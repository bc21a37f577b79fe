"""Words and phrases to look for, and the few signs that lists of them are written in.

A list holds phrases, divided by commas or line ends, and a phrase holds words, divided by spaces:

- ``gun|rifle``: either; ``kill+``: in every inflection; ``?the``: may be missing;
- ``*``: up to two words, whatever they are; ``…``: up to four;
- ``{person}``: one of a named set, whose members may be phrases of plain words;
- ``kill!``: the finding begins at this word, and windows are looked at because of it. Where no word is marked it is
  the first one. It should be the phrase's rarest word, since what stands before it is read as context.

Words of a phrase may be divided by up to four signs that are no letters and do not end a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from guardrails.scanning.folding import fold
from guardrails.scanning.inflection import inflected
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.words import any_of

LONGEST_WORD = 30
SEPARATOR = r"[^\w.!?]{1,4}"
ANY_WORD = r"\w{1,20}"
APOSTROPHE = "['\u2019]?"
GAPS = {"*": 2, "…": 4}

REACH = 60

Sets = Mapping[str, str]
"""Members by the name of the set, divided by ``|``."""
Lists = Mapping[str, tuple[tuple[float, str], ...]]
"""By entity, a score and the list of phrases that have it."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase, ready to be looked for.

    Attributes:
        words: the forms of the word that the finding begins with.
        score: confidence from 0 to 1.
        before: what must stand before that word, up to it; ``None`` where nothing must.
        after: what must stand after it, likewise.
    """

    words: frozenset[str]
    score: float
    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None

    def end(self, match: re.Match[str], ahead: int) -> int | None:
        """Where the phrase ends whose first word is ``match``; ``None`` where it does not stand there."""
        text, begin = match.string, match.start()
        end = match.end()
        if self.after is not None:
            # What follows is looked at first: it stands in one place.
            rest = self.after.match(text, end, ahead)
            if rest is None:
                return None
            end = rest.end()
        if self.before is not None and not self.before.search(text, max(0, begin - REACH), begin):
            return None
        return end


def phrases(score: float, lines: str, sets: Sets | None = None, reads: Reading = "folded") -> list[Phrase]:
    """The phrases of a list in the language described above.

    Raises:
        ValueError: the list breaks its rules; the message names the phrase.
    """
    return [
        _phrase(line, score, sets or {}, reads)
        for raw in lines.replace("\n", ",").split(",")
        if (line := " ".join(raw.split()))
    ]


def read_lists(lists: Lists, sets: Sets, reads: Reading = "folded") -> dict[str, list[Phrase]]:
    """The phrases of each entity."""
    return {
        entity: [phrase for score, lines in scored for phrase in phrases(score, lines, sets, reads)]
        for entity, scored in lists.items()
    }


def _phrase(line: str, score: float, sets: Sets, reads: Reading) -> Phrase:
    words = line.split(" ")
    marked = [index for index, word in enumerate(words) if word.endswith("!")]
    if len(marked) > 1:
        raise ValueError(f"a phrase begins at one word only: {line}")
    at = marked[0] if marked else 0
    first = _forms(words[at].removesuffix("!"), sets, reads)
    if words[at][0] in "?*…" or any(" " in form or "'" in form or len(form) > LONGEST_WORD for form in first):
        raise ValueError(f"a finding begins with a word that must be there, of up to {LONGEST_WORD} letters: {line}")
    before = "".join(_item(word, sets, reads, after=SEPARATOR) for word in words[:at])
    after = "".join(_item(word, sets, reads, before=SEPARATOR) for word in words[at + 1 :])
    return Phrase(
        first,
        score,
        re.compile(rf"\b{before}\Z", re.IGNORECASE) if before else None,
        re.compile(rf"{after}\b", re.IGNORECASE) if after else None,
    )


def _item(word: str, sets: Sets, reads: Reading, *, before: str = "", after: str = "") -> str:
    if word in GAPS:
        return f"(?:{before}{ANY_WORD}{after}){{0,{GAPS[word]}}}?"
    words = _forms(word.removeprefix("?"), sets, reads)
    # Who writes without diacritics writes whole texts so, and one word that has them tells enough.
    forms = any_of(sorted(words | set(map(fold, words)))).replace(r"\ ", SEPARATOR).replace("'", APOSTROPHE)
    return f"(?:{before}(?:{forms}){after}){'?' if word.startswith('?') else ''}"


def _forms(word: str, sets: Sets, reads: Reading) -> frozenset[str]:
    forms: set[str] = set()
    for alternative in word.split("|"):
        if alternative.startswith("{"):
            name = alternative.strip("{}")
            if name not in sets:
                raise ValueError(f"there is no set {name}")
            for member in " ".join(sets[name].split()).split("|"):
                forms |= _forms(member.strip(), sets, reads)
        elif alternative.endswith("+"):
            forms |= inflected(alternative.removesuffix("+"))
        else:
            forms.add(alternative)
    return frozenset(fold(form) if reads == "folded" else form.lower() for form in forms)
