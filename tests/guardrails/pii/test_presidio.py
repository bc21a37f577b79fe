import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from guardrails.pii.presidio import presidio_recognizer

MODULES = {
    "UsSsnRecognizer": "country_specific.us.us_ssn_recognizer",
    "EsNifRecognizer": "country_specific.spain.es_nif_recognizer",
    "IbanRecognizer": "generic.iban_recognizer",
    # Builds on the module of another one.
    "KrFrnRecognizer": "country_specific.korea.kr_frn_recognizer",
}


@pytest.mark.parametrize(("name", "module"), MODULES.items())
def test_any_predefined_recognizer_can_be_loaded(name: str, module: str) -> None:
    assert presidio_recognizer(name, module)().name == name


def test_recognizers_share_one_foundation() -> None:
    """A class loaded later is of the same family as one loaded before, from whichever thread."""
    with ThreadPoolExecutor(4) as pool:
        classes = list(pool.map(lambda pair: presidio_recognizer(*pair), [*MODULES.items()] * 4))
    assert len({cls.__mro__[-2] for cls in classes}) == 1  # EntityRecognizer
    assert classes[: len(MODULES)] == classes[-len(MODULES) :]


@pytest.mark.parametrize(
    ("name", "module"), [("UsSsnRecognizer", "generic.no_such_module"), ("NoSuch", "generic.iban_recognizer")]
)
def test_what_presidio_does_not_have_is_an_import_error(name: str, module: str) -> None:
    with pytest.raises(ImportError, match=name if name == "NoSuch" else "no_such_module"):
        presidio_recognizer(name, module)


def test_presidio_is_loaded_without_its_engine_and_stays_whole_for_others() -> None:
    """The guardrail costs no spaCy at start-up, and a later import of Presidio gets all of it."""
    program = (
        "import sys;"
        "from guardrails.pii.presidio import presidio_recognizer as load;"
        "load('UsSsnRecognizer', 'country_specific.us.us_ssn_recognizer');"
        "assert not [name for name in sys.modules if name.startswith(('spacy', 'presidio'))];"
        "import presidio_analyzer; presidio_analyzer.AnalyzerEngine, presidio_analyzer.nlp_engine.NlpArtifacts;"
        "load('IbanRecognizer', 'generic.iban_recognizer');"
        "assert sys.modules['presidio_analyzer'] is presidio_analyzer"
    )
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
