"""Whether an answer avoids the question: refusals and evasions in English and Vietnamese."""

from __future__ import annotations

import re

from callbacks.quality.refusals import HARMLESS, REFUSAL
from callbacks.quality.words import folded
from inferspect.observation.scorer import Response, Score, Scorer, Skip

LOOKED_AT = 1_500
COURTESY = 80
"""Characters that may precede a refusal: a greeting, thanks, an apology."""
OPENING = 250
"""Characters within which a refusal is about the question rather than a caveat of the answer."""
SHORT = 600
"""Characters after a refusal that explain it, rather than answer after all."""

QUOTED = re.compile(r'"[^"\n]{0,300}"|“[^”\n]{0,300}”|«[^»\n]{0,300}»|^>.*$', re.MULTILINE)


class AvoidedAnswer(Scorer):
    """How much an answer avoids the question, by phrases that refuse or evade.

    1 where a refusal opens the answer and little follows; 0.5 where it comes after something else, or a longer text
    follows it; 0 where there is none within the first 250 characters, in quotations and code not counted.
    """

    name = "Avoided Answer"
    direction = "lower"
    languages = frozenset({"en", "vi", "und"})

    def score(self, response: Response) -> Score | Skip:
        text = HARMLESS.sub(" ", QUOTED.sub(" ", folded(response.prose[:LOOKED_AT])))
        found = REFUSAL.search(text)
        if found is None or found.start() > OPENING:
            return Score(0.0)
        follows = len(response.prose) - found.end()
        return Score(1.0 if found.start() <= COURTESY and follows <= SHORT else 0.5)
