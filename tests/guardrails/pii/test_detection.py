import os
import subprocess
import sys
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.pii.detection import detect, resolved, windows
from guardrails.pii.finding import Finding
from guardrails.pii.masking import mask
from guardrails.pii.redaction import ENTITIES

WORDS = st.sampled_from(["call", "me", "at", "the", "bank", "about", "my", "ip", "ssn", "number", "write"])
VALUES = st.sampled_from([
    "jane.doe@example.com", "4111 1111 1111 1111", "DE89370400440532013000", "192.0.2.17", "2001:db8::1",
    "219-09-9998", "(212) 555-0123", "+44 20 7946 0958", "GB29 NWBK 6016 1331 9268 19",
])  # fmt: skip
JUNK = st.text(alphabet="0123456789-.:@+()/ abcXYZ,;\n<>_", max_size=24)
SEPARATORS = st.sampled_from([" ", ", ", "\n", "; ", "", "-", ". "])


@st.composite
def texts(draw: st.DrawFn, groups: int = 12) -> str:
    """Words, values and junk in any order, with a place to cut every hundred characters or so."""
    pieces = []
    for _ in range(draw(st.integers(0, groups))):
        for part in draw(st.lists(st.one_of(VALUES, JUNK), max_size=3)):
            pieces += part, draw(SEPARATORS)
        pieces += " ", draw(WORDS), " "
    return "".join(pieces)


@settings(max_examples=400, deadline=None)
@given(texts())
def test_windows_find_what_the_whole_text_holds(text: str) -> None:
    """Looking window by window gives the very findings of looking at the whole text at once."""
    assert detect(text, 0.35, ENTITIES, window=128) == detect(text, 0.35, ENTITIES, window=1_000_000)


@given(texts(), st.integers(1, 300))
def test_windows_cover_the_text(text: str, size: int) -> None:
    """No character is left out, and no window is longer than promised."""
    spans = list(windows(text, size))
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    assert all(start <= previous_end for (_, previous_end), (start, _) in pairwise(spans))
    assert all(end - start <= 2 * size for start, end in spans)


def test_value_at_a_forced_cut_is_found() -> None:
    """In a text that offers no place to cut, windows overlap so that a value at the cut is still seen."""
    value = "jane.doe@example.com"
    for before in range(4050, 4110):
        text = "1 " * (before // 2) + value + " 1" * 4000
        assert value in [text[f.start : f.end] for f in detect(text, 0.35, ["EMAIL_ADDRESS"])]


@settings(max_examples=300, deadline=None)
@given(texts())
def test_findings_do_not_overlap(text: str) -> None:
    """Overlaps are resolved before anything is replaced, and the findings come in order."""
    findings = detect(text, 0, ENTITIES)
    assert all(one.end <= other.start for one, other in pairwise(findings))


def test_overlap_is_won_by_validation_then_score_then_length() -> None:
    """A checksum beats a score, a score beats a length."""
    checked = Finding("CREDIT_CARD", 0, 10, 0.5, validated=True)
    likely = Finding("PHONE_NUMBER", 5, 20, 0.9)
    assert resolved([likely, checked]) == [checked]
    assert resolved([likely, Finding("US_SSN", 5, 25, 0.4)]) == [likely]
    longer = Finding("US_SSN", 5, 25, 0.9)
    assert resolved([likely, longer]) == [longer]


def test_mask_replaces_from_left_to_right_whatever_the_order() -> None:
    """Findings may come in any order; lengths of placeholders do not shift later ones."""
    text = "a jane@example.com b 192.0.2.17 c"
    findings = detect(text, 0.35, ENTITIES)
    assert mask(text, reversed(findings)) == "a <EMAIL_ADDRESS> b <IP_ADDRESS> c"


def test_mask_of_a_masked_text_changes_nothing() -> None:
    """Placeholders are not values."""
    text = " ".join(f"<{entity}>" for entity in ENTITIES)
    assert detect(text, 0, ENTITIES) == []


def test_presidio_is_loaded_without_its_engine_and_stays_whole_for_others() -> None:
    """The guardrail costs no spaCy at start-up, and a later import of Presidio gets all of it."""
    program = (
        "import sys, guardrails.pii.recognizers;"
        "assert not [name for name in sys.modules if name.startswith(('spacy', 'presidio'))];"
        "import presidio_analyzer; presidio_analyzer.AnalyzerEngine, presidio_analyzer.nlp_engine.NlpArtifacts"
    )
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
