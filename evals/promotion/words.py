"""Texts as far as a test can be made of them: their normal form, their words, their sentences, who says them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

SHORTEST_WORD = 4  # characters, and less of what a language cannot do without
SHORTEST_SENTENCE, LONGEST_SENTENCE = 12, 160  # characters that a person compares at a glance
PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]{1,40}>")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+(?![^\s\"')\]])[\"')\]]*)?")
# What a request is written with, whatever it is about.
WORDS_OF_REQUESTS = frozenset(
    """
    about above after also another anything because been before being below between both cannot could dear
    does done each else ever every explain find from give have hello help here into just know like list make
    many more most much must need only other over please same shall should show some something such summarise
    summarize tell than thank thanks that their them then there these they thing this those under until very
    want were what when where which while whom whose will with without would write your yours được không những
    trong muốn
    """.split()  # noqa: SIM905  a list would be a column of words
)
REFUSALS = (
    "i can't", "i cannot", "i can not", "i'm unable", "i am unable", "i'm not able", "i am not able", "i won't",
    "i'm sorry", "i am sorry", "as an ai", "i don't have access", "i do not have access", "cannot help", "can't help",
    "tôi không thể", "mình không thể", "rất tiếc", "xin lỗi", "tôi không có quyền",
)  # fmt: skip
OF_VIETNAMESE = re.compile(r"[ăâđêôơư\u1ea0-\u1ef9]")


def normal(text: str) -> str:
    """The same for texts that differ in case, white space or the form of their characters only."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def telling_words(text: str) -> list[str]:
    """Words that say what a text is about, in small letters, each once, in their order."""
    found = (match.group().lower() for match in WORD.finditer(PLACEHOLDER.sub(" ", text)))
    return list(dict.fromkeys(w for w in found if len(w) >= SHORTEST_WORD and w not in WORDS_OF_REQUESTS))


def sentences(text: str) -> Iterator[str]:
    """Sentences and lines of a text, as they stand in it, and of those with placeholders what is beside these."""
    for piece in PLACEHOLDER.split(text):
        yield from (found for match in SENTENCE.finditer(piece) if (found := match.group().strip()))


def most_telling(text: str, beside: Sequence[str] = ()) -> str | None:
    """The sentence of a text that no other text is likely to have; ``None`` where there is none.

    It has the most words that say something, leaving out those of the texts ``beside``, such as the question.
    """
    known = {word for other in beside for word in telling_words(other)}

    def telling(sentence: str) -> int:
        return sum(word not in known for word in telling_words(sentence))

    fitting = [one for one in sentences(text) if SHORTEST_SENTENCE <= len(one) <= LONGEST_SENTENCE and telling(one)]
    return max(fitting, key=telling, default=None)  # the first of equal ones


def refusal_in(text: str) -> str | None:
    """The words with which a text refuses or evades, in small letters; ``None`` where it does not."""
    plain = normal(text).replace("\u2019", "'")
    return next((words for words in REFUSALS if words in plain), None)


def is_vietnamese(text: str) -> bool:
    """Whether a text has letters that Vietnamese alone has."""
    return OF_VIETNAMESE.search(text.lower()) is not None
