"""Presidio's AnalyzerEngine with recognizers of its own and nothing to download."""

from __future__ import annotations

import logging

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SlimSpacyNlpEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    DateRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
    UrlRecognizer,
    UsSsnRecognizer,
    UuidRecognizer,
)
from spacy.language import Language
from spacy.tokens import Doc

RECOGNIZERS: dict[str, type[EntityRecognizer]] = {
    "EMAIL_ADDRESS": EmailRecognizer,
    "PHONE_NUMBER": PhoneRecognizer,
    "CREDIT_CARD": CreditCardRecognizer,
    "IBAN_CODE": IbanRecognizer,
    "IP_ADDRESS": IpRecognizer,
    "US_SSN": UsSsnRecognizer,
    "CRYPTO": CryptoRecognizer,
    "MAC_ADDRESS": MacAddressRecognizer,
    "UUID": UuidRecognizer,
    "URL": UrlRecognizer,
    "DATE_TIME": DateRecognizer,
}
"""By Presidio's name of what they find."""


@Language.component("words_as_lemmas")
def words_as_lemmas(document: Doc) -> Doc:
    for token in document:
        token.lemma_ = token.lower_
    return document


def engine(entities: tuple[str, ...]) -> AnalyzerEngine:
    """An engine that finds these entities.

    Its pipeline is a tokenizer that takes each word for its own lemma, so that words of context count as they do with
    a full model; a blank pipeline has no lemmas, and its words would not.
    """
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    # The e-mail recognizer would ask the internet for the list of public suffixes; use the one in the package.
    tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()
    nlp = SlimSpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}], auto_download=False)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("words_as_lemmas")
    nlp.nlp = {"en": pipeline}
    registry = RecognizerRegistry(
        recognizers=[RECOGNIZERS[entity]() for entity in entities], supported_languages=["en"]
    )
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])
