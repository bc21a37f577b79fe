"""Passes where the answer is written in a language: ``config: {language: vi}``, or a list of which one will do.

Vietnamese is known by its letters, in texts of any length; others by py3langid, which needs a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Letters that no other of the candidates has.
ONLY_VIETNAMESE = re.compile("[ăđơưảạằẳẵắặầẩẫấậẻẽẹềểễếệỉĩịỏọồổỗốộờởỡớợủũụừửữứựỳỷỹỵ]")
CANDIDATES = ["de", "en", "es", "fr", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "th", "tr", "zh"]
LEAST_LETTERS = 12
LEAST_SHARE = 0.05  # of Vietnamese letters among all; plain texts have some 20 %


def get_assert(output: object, context: dict[str, Any]) -> dict[str, Any]:
    """Promptfoo's entry: the verdict on one answer.

    Raises:
        ValueError: the configuration names no language.
    """
    wanted = (context.get("config") or {}).get("language")
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if not wanted:
        raise ValueError("Give config: {language: ...}, such as en or vi.")
    text = output if isinstance(output, str) else ""
    found = language_of(text, wanted)
    passed = found in wanted
    return {"pass": passed, "score": float(passed), "reason": f"The answer is in {found or 'no language that shows'}."}


def language_of(text: str, wanted: list[str]) -> str | None:
    """The ISO 639-1 code of the language, of the candidates and those wanted; None where there are too few letters."""
    plain = re.sub(r"https?://\S+|<[^<>]*>|[\w.+-]+@[\w.-]+", " ", unicodedata.normalize("NFC", text))
    letters = [character for character in plain.lower() if character.isalpha()]
    if letters and sum(bool(ONLY_VIETNAMESE.match(letter)) for letter in letters) >= LEAST_SHARE * len(letters):
        return "vi"
    if len(letters) < LEAST_LETTERS:
        return None
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - half a second, not needed for Vietnamese

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(sorted({*CANDIDATES, *wanted} - {"vi"}))
    return str(identifier.classify(plain)[0])
