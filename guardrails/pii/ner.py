"""Names by an operator's own model, through Presidio's ``NlpEngineProvider``.

None comes with us: small models find too little, large ones are the operator's choice. The file is Presidio's own
configuration of an NLP engine (``spacy``, ``stanza`` or ``transformers``), with the models, which must be installed,
and the mapping of their labels to entities. This is the only place where Presidio's ``AnalyzerEngine`` is built, and
never its default one, which would fetch a model from the internet.

What it costs: importing Presidio with spaCy takes 2.4 s and 95 MB in each process, and the model comes on top. Each
window of 128 characters that holds a capital is a run of the model, for each language that the file names; what is not
the model's own time is 0.13 ms. So it belongs into pool processes, not onto an event loop, and a text's budget of
processor time must fit the model. A name is looked for where a capital begins one of its words, or a letter of a
script without capitals; names all in small letters are only found beside others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import BLANK
from guardrails.scanning.recognizer import Reading, Recognizer
from inferspect.tenancy.entities import ENTITIES, Entity, register

WITH_CAPITALS = "".join(each for each in map(chr, [*range(0xC0, 0x590), *range(0x1E00, 0x2000)]) if each.isupper())
WITHOUT_CAPITALS = "\u0590-\u109f\u1100-\u139f\u1400-\u1cff\u2e80-\ud7ff\uf900-\ufdff"
NAME = f"[A-Z{WITH_CAPITALS}{WITHOUT_CAPITALS}]"
NAME_OR_NUMBER = rf"\d|{NAME}"
NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP"})
WITHOUT_NAMES = ("slim", "no_op")
# Hugging Face's libraries would otherwise ask for a newer version of a model that is there.
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def load_ner_recognizers(path: Path) -> tuple[Recognizer, ...]:
    """One recognizer for each entity that the model's labels are mapped to, all sharing the model.

    Entities that were not known become known, and are only looked for where rules name them.

    Args:
        path: the configuration of an NLP engine, in Presidio's form.

    Raises:
        ValueError: the file is wrong, names an engine that finds no names, or a model that is not installed.
        ImportError: Presidio or the engine's library is not installed.
    """
    if not path.is_file():
        raise ValueError(f"{path}: the file does not exist")
    try:
        model = _Model(path)
    except (ValueError, TypeError, KeyError, OSError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error
    for name in model.entities:
        if name not in ENTITIES:
            register(Entity(name, "pii", "by the operator's model", "", opt_in=True))
    return tuple(NerRecognizer(model, name) for name in model.entities)


class NerRecognizer:
    """What a model finds of one entity.

    Args:
        model: shared by the recognizers of all its entities, and run once for each window.
    """

    reads: Reading = "text"

    def __init__(self, model: _Model, entity: str) -> None:
        self.entity = entity
        self.trigger = NAME if entity in NAMES else NAME_OR_NUMBER
        self.version = model.version
        self._model = model

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        """The values in ``text[start:end]``; of one that begins before it, what is in it."""
        for finding in self._model.findings(text[:end]):
            if finding.entity == self.entity and finding.end > start:
                begin, finish = _without_blanks(text, max(finding.start, start), finding.end)
                if begin < finish:
                    yield Finding(self.entity, begin, finish, finding.score)


class _Model:
    """Presidio's engine with the operator's model, and what it found last."""

    def __init__(self, path: Path) -> None:
        for variable in OFFLINE:
            os.environ.setdefault(variable, "1")
        self.version = blake2b(path.read_bytes(), digest_size=16).hexdigest()
        engine = _nlp_engine(path)
        self._languages: list[str] = engine.get_supported_languages()
        self._analyzer = _analyzer(engine, self._languages)
        self.entities: list[str] = sorted(engine.get_supported_entities())
        self._last: tuple[str, list[Finding]] = ("", [])

    def findings(self, text: str) -> list[Finding]:
        """What the models of all languages find; several recognizers ask about the same text one after the other."""
        asked, found = self._last
        if asked != text:
            results = [each for language in self._languages for each in self._analyzer.analyze(text, language)]
            found = [Finding(each.entity_type, each.start, each.end, min(1.0, each.score)) for each in results]
            self._last = (text, found)
        return found


def _nlp_engine(path: Path) -> Any:
    """The engine with its models, of those that are installed."""
    from presidio_analyzer.nlp_engine import (  # noqa: PLC0415  two seconds, for those who have a model
        NlpEngineProvider,
        SpacyNlpEngine,
        StanzaNlpEngine,
        TransformersNlpEngine,
    )

    class InstalledSpacyModels(SpacyNlpEngine):
        _download_spacy_model_if_needed = staticmethod(_is_installed)

    class InstalledTransformers(TransformersNlpEngine):
        _download_spacy_model_if_needed = staticmethod(_is_installed)

    class InstalledStanzaModels(StanzaNlpEngine):
        def __init__(self, models: Any = None, ner_model_configuration: Any = None) -> None:
            super().__init__(models, ner_model_configuration, download_if_missing=False)

    engines = (InstalledSpacyModels, InstalledTransformers, InstalledStanzaModels)
    provider = NlpEngineProvider(nlp_engines=engines, conf_file=str(path))
    if provider.nlp_configuration["nlp_engine_name"] in WITHOUT_NAMES:
        raise ValueError("this NLP engine finds no names; take spacy, stanza or transformers")
    return provider.create_engine()


def _is_installed(name: str) -> None:
    import spacy  # noqa: PLC0415  as above

    if not (spacy.util.is_package(name) or Path(name).exists()):
        raise ValueError(
            f"the spaCy model {name} is not installed; install it as a package, or give the folder it is in"
        )


def _analyzer(engine: Any, languages: list[str]) -> Any:
    """Presidio's analyzer with this engine's recognizers alone."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415  as above

    registry = RecognizerRegistry(recognizers=[], supported_languages=languages)
    registry.add_nlp_recognizer(engine)
    return AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=languages)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a value is, without what stands in place of others already; a model may take that for a part of it."""
    while start < end and (text[start] == BLANK or text[start].isspace()):
        start += 1
    blank = text.find(BLANK, start, end)
    end = end if blank == -1 else blank
    return start, start + len(text[start:end].rstrip())
