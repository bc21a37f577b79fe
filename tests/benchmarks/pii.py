"""The PII scan against Presidio's AnalyzerEngine with the same recognizers, alternating, on the same text."""

from __future__ import annotations

import logging
import os
import statistics
import time
from typing import TYPE_CHECKING, Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # LiteLLM asks for its price list when imported

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SlimSpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)

from guardrails.pii.detection import detect
from guardrails.pii.redaction import ENTITIES

if TYPE_CHECKING:
    from collections.abc import Callable

CHARACTERS = 5_000
PARAGRAPH = (
    "The meeting of March 14, 2025 began at 10:30 and dealt with the budget, which grew by 4.5 % to $1,250,000. "
    "Our colleague asked whether version 2.13 of the report could be ready by Friday; nobody objected. "
    "There were 37 questions (see pages 12-19), most of them about hiring, travel and the new office. "
)
VALUES = (
    "Write to jane.doe@example.com or call (212) 555-0123. Her card is 4111 1111 1111 1111, her bank wants "
    "DE89370400440532013000, the server is 192.0.2.17 and her social security number 219-09-9998. "
)
ORDINARY = (PARAGRAPH * 8 + VALUES + PARAGRAPH * 20)[:CHARACTERS]
PLAIN = (
    "A sentence with no digits at all, as most of them are in letters, stories and in questions to a model. " * 60
)[:CHARACTERS]


def engine() -> AnalyzerEngine:
    """Presidio's engine with our six recognizers of its own and a blank pipeline, so that it downloads nothing."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    nlp = SlimSpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}], auto_download=False)
    nlp.nlp = {"en": spacy.blank("en")}
    # Presidio's e-mail check asks the internet for the list of public suffixes; use the one in the package.
    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()
    recognizers = [
        EmailRecognizer(),
        CreditCardRecognizer(),
        IbanRecognizer(),
        IpRecognizer(),
        UsSsnRecognizer(),
        PhoneRecognizer(),
    ]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])


def measure(rounds: int = 40) -> dict[str, float]:
    """Median milliseconds of processor time for 5,000 characters, and how many times faster ours is."""
    presidio = engine()
    figures: dict[str, float] = {}
    for name, text in (("ordinary", ORDINARY), ("plain", PLAIN)):
        sides: dict[str, Callable[[], Any]] = {
            "inferspect": lambda text=text: detect(text, 0.35, ENTITIES),
            "presidio": lambda text=text: presidio.analyze(
                text=text, language="en", entities=list(ENTITIES), score_threshold=0.35
            ),
        }
        for run in sides.values():
            run()
        times: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, run in sides.items():
                began = time.thread_time()
                run()
                times[side].append((time.thread_time() - began) * 1000)
        medians = {side: statistics.median(values) for side, values in times.items()}
        figures |= {f"{name}_{side}_ms": median for side, median in medians.items()}
        figures[f"{name}_times_faster"] = medians["presidio"] / medians["inferspect"]
    return figures


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:,.2f}")  # noqa: T201 - the figures are the program's output
