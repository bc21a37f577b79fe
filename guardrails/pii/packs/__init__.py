"""Country packs: identifiers that only make sense where they were issued, by Presidio's predefined recognizers.

The Vietnamese pack is ours and stands in :mod:`guardrails.pii.vietnam`.
"""

from __future__ import annotations

from functools import cache

from guardrails.pii.packs.countries import COUNTRIES
from guardrails.pii.packs.predefined import PresidioRecognizer
from guardrails.pii.packs.south_africa import phone_recognizers
from guardrails.scanning.recognizer import Recognizer


@cache
def pack_recognizers(pack: str) -> tuple[Recognizer, ...]:
    """The recognizers of one country pack; loaded when they are first asked for, in 5 to 30 ms.

    Raises:
        ValueError: there is no such pack here.
        ImportError: Presidio is not installed, or is a version without one of them.
    """
    if pack not in COUNTRIES:
        raise ValueError(f"there is no country pack {pack!r}; there are {', '.join(sorted(COUNTRIES))}")
    predefined = [PresidioRecognizer(each) for each in COUNTRIES[pack]]
    return (*predefined, *(phone_recognizers() if pack == "za" else ()))
