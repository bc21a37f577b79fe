"""Whether an answer swears."""

from __future__ import annotations

import re

from callbacks.quality.swearing import probabilities
from callbacks.quality.words import folded
from inferspect.observation.scorer import Response, Score, Scorer, Skip

PIECE = 300
MOST_PIECES = 40
SPACE = re.compile(r"\s+")

# Syllables that are swear words only with these marks: without them they are others, such as `lon`, a tin.
MARKED = re.compile(
    r"\b(?:địt|đjt|lồn|cặc|buồi|đụ|đéo|đếch|đĩ|đm|đmm|đkm|vcl|vkl|vl|vãi (?:lồn|cứt|đái)|dcm|clgt|cmnr|cmm|đcm|đcmm|"
    r"mẹ kiếp|khốn nạn|chó chết|chó đẻ|con đĩ|thằng chó|đồ chó|mất dạy|óc chó|ngu lồn|cứt)\b"
)
# Phrases that are swear words with and without marks.
PLAIN = re.compile(
    r"\b(?:dit me|dit con me|dit bo|du ma|du me|deo me|dit nhau|me kiep|khon nan|con di me|cho de|oc cho|do cho chet|"
    r"bu cac|bu lon|an cut|an buoi|vai lon|ngu nhu cho|thang cho de|do mat day|con cac|cai lon ma|dmm|dcmm|vcl|vkl)\b"
)


class Profanity(Scorer):
    """How likely the worst part of an answer swears.

    English by alt-profanity-check, a linear model of words, in pieces of 300 characters; Vietnamese by lists of own
    words and phrases, which give 0 or 1.
    """

    name = "Profanity"
    direction = "lower"
    languages = frozenset({"en", "vi", "und"})
    cost = "milliseconds"

    def __init__(self) -> None:
        self._probabilities = probabilities()

    def score(self, response: Response) -> Score | Skip:
        text = SPACE.sub(" ", response.prose).strip()
        if not text:
            return Skip("no_answer")
        if MARKED.search(text.lower()) or PLAIN.search(folded(text)):
            return Score(1.0)
        if response.language == "vi":
            return Score(0.0)
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)][:MOST_PIECES]
        return Score(float(max(self._probabilities(pieces))))
