"""Scores of how an answer is written: its language, how easily it reads, how it sounds."""

from __future__ import annotations

import re

from callbacks.quality.words import sentences
from inferspect.observation.scorer import UNDETERMINED, Response, Score, Scorer, Skip

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"(?<![l])e$|(?<=[aeiouy]l)e$|(?<![aeioudt])ed$")
FEWEST_WORDS = 20
LONGEST_SENTENCE = 500
MOST_SENTENCES = 50
FLESCH = 206.835, 1.015, 84.6
MOST_SYLLABLES = 12


class Language(Scorer):
    """How sure it is in which language the answer is; the language is the label."""

    name = "Language"
    direction = "neither"

    def score(self, response: Response) -> Score | Skip:
        if response.language == UNDETERMINED:
            return Skip("too_short")
        return Score(response.language_confidence, response.language)


class ReadingEase(Scorer):
    """Flesch's reading ease: R. Flesch, A new readability yardstick, Journal of Applied Psychology 32, 1948.

    206.835 - 1.015 words per sentence - 84.6 syllables per word, kept between 0 and 100. Syllables of a
    word are as many as hyphenation patterns tell, or as it has groups of vowels without a silent `e`.
    """

    name = "Reading Ease"
    high = 100.0
    languages = frozenset({"en"})
    cost = "milliseconds"

    def __init__(self) -> None:
        import pyphen  # noqa: PLC0415  scorers are named in processes that do not score

        self._hyphenation = pyphen.Pyphen(lang="en_US")
        self._syllables: dict[str, int] = {}

    def score(self, response: Response) -> Score | Skip:
        spoken = WORD.findall(response.prose.lower())
        if len(spoken) < FEWEST_WORDS:
            return Skip("too_short")
        per_sentence = len(spoken) / max(1, len(sentences(response.prose)))
        per_word = sum(map(self._count, spoken)) / len(spoken)
        ease = FLESCH[0] - FLESCH[1] * per_sentence - FLESCH[2] * per_word
        return Score(min(100.0, max(0.0, ease)))

    def _count(self, word: str) -> int:
        known = self._syllables.get(word)
        if known is None:
            # Printers leave letters at the ends together: they would count `about` and `idea` as one.
            vowels = len(VOWELS.findall(SILENT.sub("", word)))
            known = min(MOST_SYLLABLES, max(len(self._hyphenation.positions(word)) + 1, vowels))
            if len(self._syllables) < 20_000:  # noqa: PLR2004  some 2 MB of words
                self._syllables[word] = known
        return known


class Sentiment(Scorer):
    """VADER's compound score (Hutto and Gilbert, ICWSM 2014): the mean of the answer's sentences."""

    name = "Sentiment"
    low = -1.0
    direction = "neither"
    languages = frozenset({"en"})
    cost = "milliseconds"

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415  as above

        self._analyzer = SentimentIntensityAnalyzer()

    def score(self, response: Response) -> Score | Skip:
        spoken = sentences(response.prose)[:MOST_SENTENCES]
        if not spoken:
            return Skip("too_short")
        compound = [self._analyzer.polarity_scores(each[:LONGEST_SENTENCE])["compound"] for each in spoken]
        return Score(sum(compound) / len(compound))
