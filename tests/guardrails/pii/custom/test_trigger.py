import re

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.pii.custom.file import FLAGS
from guardrails.pii.custom.trigger import derived_trigger

DERIVED = {
    r"EMP-\d{6}": "EMP\\-",
    r"\bEMP \d{6}\b": "EMP",
    r"(?<!\w)AB{2}C": "ABBC",
    r"(?:EMP|HR)-\d{5}": "EMP\\-|HR\\-",
    r"EMP-\d+|STAFF:\d+": "EMP\\-|STAFF:",
    r"(?P<id>ID)\d": "ID",
    r"[Ii][Dd]-?\d+": "[Ii][Dd]",
    r"\.\.x": r"\.\.x",
    r"\d{6}": r"\d",
    r"[0-9]{3}-[A-Z]": r"\d",
    r"[A-Z]{2}\d{7}": r"\d",
    r"[A-Z]?-?\d": r"\d",
    r"(?:[A-Z]{2}|X)\d{7}": r"\d",
    r"A\d|EMP": r"\d|EMP",
    r"(?:AB)+\d": "AB",
    r"E+MP": None,
    r"[A-Z]+": None,
    r"\w+\d": None,
    r".\d": None,
    r"[^x]\d": None,
    r"A \d": None,
    r"A?B?": None,
    r"(?i)emp\d": None,
    r"(?:EMP)?-[A-Z]": None,
    r"(A)\1\d": None,
    r"EMP|[A-Z]+": None,
    r"(?:a|b|c)(?:a|b|c)(?:a|b|c)(?:a|b|c)x": None,
}


@pytest.mark.parametrize(("pattern", "trigger"), DERIVED.items())
def test_a_trigger_is_derived_or_not(pattern: str, trigger: str | None) -> None:
    assert derived_trigger(pattern, 0) == trigger


def test_letters_of_either_case_are_in_the_trigger() -> None:
    trigger = derived_trigger("sky-1", regex.IGNORECASE)
    assert trigger
    for text in ("sky-1", "SKY-1", "Sky-1", "\u017f\u212ay-1"):
        assert re.match(trigger, text)


def test_with_ascii_word_characters_do_not_end_a_token() -> None:
    assert derived_trigger(r"\w{2}\d{4}", FLAGS["ascii"]) == r"\d"


def test_verbose_patterns_are_not_read() -> None:
    assert derived_trigger("EMP - \\d", FLAGS["verbose"]) is None


@pytest.mark.parametrize("pattern", [pattern for pattern, trigger in DERIVED.items() if trigger])
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_derived_trigger_is_in_the_first_token_of_every_value(pattern: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(re.compile(pattern), fullmatch=True))
    trigger = derived_trigger(pattern, 0)
    assert trigger
    assert re.search(trigger, value.split()[0])
