"""Words of a text and what they weigh: for scores that compare texts without a model.

A word's weight stands for how much it says: none for function words, little for words of requests ("explain"), and
for others more with their length, as longer words are rarer (G. K. Zipf, The Psycho-Biology of Language, 1935).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MARKS = re.compile("[\u0300-\u036f]")
WORD = re.compile(r"\w+")
# Scripts without spaces between words: Thai, Japanese, Chinese.
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")  # noqa: RUF001  of other scripts
CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)

LONGEST_STEM = 6
SHORTEST_PLURAL = 4
LONGEST_COUNTED = 10
REQUEST_WEIGHT = 0.3

ENGLISH = """
a about above after again all also am an and any are as at be because been before being below between both but by can
cannot could did do does doing don down during each else ever few for from further get go got had has have having he
her here hers him his how i if in into is it its itself just let like ll m may me might mine more most much must my no
nor not now of off on once one only or other our ours out over own per put quite rather re s same shall she should since
so some such t than that the their theirs them then there these they this those through to too two under until up upon
us ve very was we were what when where which while who whom whose why will with would yes yet you your yours
"""
VIETNAMESE = """
ai anh ay ban bang bi bo boi ca cac cach cai can cang cha chac chang cho chua chung chuyen co con cua cung cuoc da dan
dang day de den deu di dieu do du duoc duoi em gi giua ha hay hon khi khong la lai lam len luc luon ma minh moi mot muc
muon nao nay nen neu nhe nhieu nhu nhung no o qua ra rang rat roi sau se so ta tai tat the thi theo thua toi tren trong
truoc tu tung tuy va van vao ve vi viec voi vua y
"""
OF_REQUESTS = """
answer ask briefly compare could create define describe detail discuss difference example explain find following give
help know list make mean name need please provide question say sentence show simple step suggest summarize summarise
summary tell text think translate use using want way word work write
giai giup hieu hoi liet ke neu tom tat tra loi trinh bay vi du viet xin
"""
FUNCTION_WORDS = frozenset(ENGLISH.split())
VIETNAMESE_FUNCTION_WORDS = FUNCTION_WORDS | frozenset(VIETNAMESE.split())
REQUEST_WORDS = frozenset(OF_REQUESTS.split())


def folded(text: str) -> str:
    """In small letters, without accents and tone marks: ``Thủ đô`` is ``thu do``."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return MARKS.sub("", decomposed).replace("đ", "d").replace("\u2019", "'")


def words(text: str) -> Iterator[str]:
    """Words in small letters; of scripts without spaces, pairs of neighbouring characters."""
    for word in WORD.findall(text.lower()):
        if not UNSPACED.search(word):
            yield word
            continue
        yield from (word[start : start + 2] for start in range(max(1, len(word) - 1)))


def stem(word: str) -> str:
    """What forms of a word have in common: its first six letters, without a plural's ``s``."""
    if len(word) > LONGEST_STEM:
        return word[:LONGEST_STEM]
    if len(word) >= SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def terms(text: str, *, paired: bool = False) -> dict[str, float]:
    """The content words of a text by their stem, with what they weigh: 0.3 to 1.4.

    Args:
        paired: for Vietnamese, whose words are written as several syllables: neighbouring ones are a term of their
            own, single ones weigh half, and its function words do not count.
    """
    without = VIETNAMESE_FUNCTION_WORDS if paired else FUNCTION_WORDS
    found: dict[str, float] = {}
    last = ""
    for word in words(folded(text)):
        if word in without:
            last = ""
            continue
        stemmed = stem(word)
        weighs = REQUEST_WEIGHT if word in REQUEST_WORDS else 0.6 + 0.08 * min(len(word), LONGEST_COUNTED)
        found[stemmed] = weighs / 2 if paired else weighs
        if paired and last:
            found[f"{last} {stemmed}"] = 1.0
        last = stemmed
    return found


def sentences(text: str) -> list[str]:
    """Sentences and lines that hold a letter or a digit."""
    return [stripped for found in SENTENCE_END.split(text) if WORD.search(stripped := found.strip())]


def without_code(text: str) -> str:
    """A text without its fenced blocks of code."""
    return CODE.sub(" ", text) if "```" in text else text
