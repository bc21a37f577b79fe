"""In which language a text is, where it is long enough to tell."""

from __future__ import annotations

import re
from typing import Any

from inferspect.observation.scorer import UNDETERMINED

LOOKED_AT = 2_000
FEWEST_LETTERS = 12
LEAST_CONFIDENCE = 0.5
LETTER = re.compile(r"[^\W\d_]")
# Letters that only Vietnamese has; one suffices where a text is too short for statistics.
VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
VIETNAMESE_CONFIDENCE = 0.9


class Identifier:
    """py3langid's model (after Lui and Baldwin, 2012) of 97 languages, over the first 2,000 characters."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  half a second, only where scored

        self._model: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def identify(self, text: str) -> tuple[str, float]:
        """The language of a text and how sure that is, from 0 to 1; ``und`` of one too short or too unsure."""
        begin = text[:LOOKED_AT]
        letters = len(LETTER.findall(begin))
        if not letters:
            return UNDETERMINED, 0.0
        if letters < FEWEST_LETTERS:
            return ("vi", VIETNAMESE_CONFIDENCE) if VIETNAMESE.search(begin) else (UNDETERMINED, 0.0)
        language, confidence = self._model.classify(begin)
        if confidence < LEAST_CONFIDENCE:
            return UNDETERMINED, 0.0
        return str(language), float(confidence)
