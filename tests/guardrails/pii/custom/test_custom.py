import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from guardrails.pii.custom import RecognizersFileError, load_custom_recognizers
from guardrails.pii.custom import recognizer as custom_recognizer
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan
from inferspect.configuration_file import ConfigurationError
from inferspect.tenancy.entities import ENTITIES
from inferspect.tenancy.guardrail_rules import PiiRules

STAFF = r"""
recognizers:
  - entity: EMPLOYEE_ID
    description: number of an employee
    patterns:
      - regex: '\bEMP-\d{6}\b'
        score: 0.6
      - regex: '\b\d{6}\b'
        score: 0.1
    context: [employee, nhân viên]
    examples:
      - our EMP-123456 left
      - 'Nhân viên 123456 nghỉ'
    counter_examples:
      - EMP-12345
      - order 123456
"""


@pytest.fixture(autouse=True)
def _entities_as_before() -> Iterator[None]:
    before = dict(ENTITIES)
    yield
    ENTITIES.clear()
    ENTITIES.update(before)


Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str) -> Path:
        file = tmp_path / "recognizers.yaml"
        file.write_text(textwrap.dedent(content), encoding="utf-8")
        return file

    return written


def values(path: Path, text: str) -> list[tuple[str, str, float, bool]]:
    scan = Scan(Plan(load_custom_recognizers(path)))
    steps = [*scan.feed(text), *scan.finish()]
    return [(f.entity, step.text[f.start : f.end], f.score, f.validated) for step in steps for f in step.findings]


def one(**given: object) -> str:
    """A file with one recognizer, as it is or with some of its keys otherwise; ``None`` takes one out."""
    definition = {
        "entity": "TICKET",
        "description": "ticket",
        "patterns": [{"regex": r"TICKET-\d{4}", "score": 0.8}],
        "examples": ["see TICKET-1234"],
    } | given
    return yaml.safe_dump({"recognizers": [{key: value for key, value in definition.items() if value is not None}]})


def problems(path: Path) -> str:
    with pytest.raises(RecognizersFileError) as raised:
        load_custom_recognizers(path)
    return str(raised.value)


def test_values_are_found_by_pattern_and_by_context(write: Write) -> None:
    path = write(STAFF)
    assert values(path, "EMP-123456") == [("EMPLOYEE_ID", "EMP-123456", 0.6, False)]
    assert values(path, "the employee 654321") == [("EMPLOYEE_ID", "654321", pytest.approx(0.45), False)]
    assert values(path, "the order 654321") == []


def test_its_entity_can_be_named_in_rules_once_it_is_loaded(write: Write) -> None:
    with pytest.raises(ValueError, match="no entity of pii"):
        PiiRules(entities={"EMPLOYEE_ID": "block"})
    load_custom_recognizers(write(STAFF))
    assert PiiRules(entities={"EMPLOYEE_ID": "block"}).entities["EMPLOYEE_ID"].action == "block"
    assert ENTITIES["EMPLOYEE_ID"].example == "our EMP-123456 left"


def test_a_file_can_be_loaded_again(write: Write) -> None:
    """As pool processes and commands do."""
    path = write(STAFF)
    first, second = load_custom_recognizers(path), load_custom_recognizers(path)
    assert [each.version for each in first] == [each.version for each in second]


def test_a_changed_recognizer_has_another_version(write: Write) -> None:
    before = load_custom_recognizers(write(STAFF))[0].version
    assert load_custom_recognizers(write(STAFF.replace("0.6", "0.7")))[0].version != before


def test_flags_reading_and_validator_are_obeyed(write: Write) -> None:
    path = write(r"""
        recognizers:
          - entity: LOYALTY_CARD
            description: loyalty card
            patterns: [{regex: 'lc\d{10}', score: 0.2, flags: [ignore_case, ascii]}]
            validator: luhn
            examples: [card LC4242424242, lc4242424242]
            counter_examples: [LC4242424243]
          - entity: MEMBER
            description: member's name for the club
            patterns: [{regex: 'hoi vien so [a-z]{3}', score: 0.9}]
            reads: folded
            examples: [Hội viên số ABC]
    """)
    assert values(path, "Lc4242424242 và HỘI VIÊN SỐ xyz!") == [
        ("LOYALTY_CARD", "Lc4242424242", 1.0, True),
        ("MEMBER", "HỘI VIÊN SỐ xyz", 0.9, False),
    ]


@pytest.mark.parametrize(
    ("validator", "texts"),
    [
        ("luhn", ["TICKET-0018", "TICKET-0019"]),
        ("mod11", ["TICKET-0019", "TICKET-0018"]),
        ("own_checks:ends_in_seven", ["TICKET-0007", "TICKET-0070"]),
    ],
)
def test_a_validator_tells_values_from_others(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, validator: str, texts: list[str]
) -> None:
    valid, invalid = texts
    (tmp_path / "own_checks.py").write_text("def ends_in_seven(value):\n    return value.endswith('7')\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = write(one(validator=validator, examples=[valid], counter_examples=[invalid]))
    assert values(path, f"{valid} {invalid}") == [("TICKET", valid, 1.0, True)]


def test_the_iban_check_takes_groups(write: Write) -> None:
    valid = "DE89 3704 0044 0532 0130 00"
    path = write(
        one(
            patterns=[{"regex": r"[A-Z]{2}\d{2}(?: ?\d{4}){4} ?\d{2}", "score": 0.5}],
            validator="iban",
            trigger=r"\b[A-Z]{2}\d\d",
            examples=[valid],
            counter_examples=[valid.replace("89", "88")],
        )
    )
    assert values(path, valid)[0][1] == valid


WRONG = {
    "entity in small letters": ({"entity": "ticket"}, r"recognizers\.0\.entity"),
    "entity of ours": ({"entity": "EMAIL_ADDRESS"}, "there is an entity EMAIL_ADDRESS already"),
    "unknown key": ({"colour": "red"}, r"recognizers\.0\.colour"),
    "no patterns": ({"patterns": []}, r"recognizers\.0\.patterns"),
    "no examples": ({"examples": None}, r"recognizers\.0\.examples"),
    "score above 1": ({"patterns": [{"regex": "TICKET-1", "score": 2}]}, r"patterns\.0\.score"),
    "broken pattern": ({"patterns": [{"regex": "(TI", "score": 0.5}]}, r"patterns\.0\.regex: not a regular"),
    "empty pattern": ({"patterns": [{"regex": "x*", "score": 0.5}]}, "matches an empty text"),
    "unknown flag": ({"patterns": [{"regex": "TI", "score": 0.5, "flags": ["i"]}]}, r"flags\.0"),
    "unknown validator": ({"validator": "crc"}, "there are luhn, mod11, iban"),
    "validator of no module": ({"validator": "no_such_module_here:check"}, "cannot be imported"),
    "validator that is no function": ({"validator": "string:digits"}, "is no function"),
    "example that is not found": ({"examples": ["TICKET-1234", "TICKET 1234"]}, r"examples\.1: no pattern matches"),
    "counter-example that is found": ({"counter_examples": ["TICKET-9999"]}, r"counter_examples\.0: a value is found"),
    "score too low": ({"patterns": [{"regex": r"TICKET-\d{4}", "score": 0.3}]}, "score below 0.35"),
    "value too long": (
        {"patterns": [{"regex": r"TICKET-\d{80}", "score": 0.8}], "examples": ["TICKET-" + "1" * 80]},
        "longer than 64",
    ),
    "no trigger": ({"patterns": [{"regex": r"[A-Z]+-[A-Z]+", "score": 0.8}]}, "needs a trigger"),
    "trigger that misses": ({"trigger": "ISSUE"}, "the trigger ISSUE does not match in it"),
    "trigger behind the first word": (
        {"patterns": [{"regex": r"ticket no \d{4}", "score": 0.8}], "trigger": r"\d", "examples": ["ticket no 1234"]},
        "begins in a word before",
    ),
    "trigger with white space": (
        {"patterns": [{"regex": r"ticket \d{4}", "score": 0.8}], "trigger": "ticket .", "examples": ["ticket 1234"]},
        "matches white space",
    ),
    "trigger that matches nothing": ({"trigger": "x*"}, "matches an empty text"),
    "trigger with a group": ({"trigger": "(TI)"}, "no groups that capture"),
    "trigger with flags": ({"trigger": "(?i)ti"}, "must have no flags"),
    "broken trigger": ({"trigger": "(TI"}, "not a regular expression of the standard library"),
    "pattern without end": (
        {"patterns": [{"regex": r"TICKET-(?:\d|\d\d)+(?<!1)", "score": 0.8}], "examples": ["TICKET-" + "1" * 60]},
        "TimeoutError",
    ),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(write: Write, given: dict[str, object], message: str) -> None:
    told = problems(write(one(**given)))
    assert re.search(message, told), told
    assert re.search(r"recognizers\.yaml:\d+: recognizers\.0", told), told
    assert "TICKET" not in ENTITIES


def test_all_problems_are_told_at_once_and_nothing_is_registered(write: Write) -> None:
    told = problems(
        write(
            STAFF
            + r"""
  - entity: SECOND
    description: second
    patterns: [{regex: 'SEC-\d+', score: 0.5}]
    validator: nonsense
    trigger: '('
    examples: [SEC-1]
  - entity: THIRD
    description: third
    patterns: [{regex: 'TRD-\d+', score: 0.5}]
    examples: [TRD-1, nothing]
    counter_examples: [TRD-2]
"""
        )
    )
    assert "4 problem(s)" in told
    for place in ("1.validator", "1.trigger", "2.examples.1", "2.counter_examples.0"):
        assert f"recognizers.{place}" in told
    assert not {"EMPLOYEE_ID", "SECOND", "THIRD"} & set(ENTITIES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no mapping"),
        ("recognizers: [", "no valid YAML at line"),
        ("recognizers: []", "recognizers"),
        ("other: 1", "recognizers"),
        (STAFF + STAFF.replace("\nrecognizers:\n", "\n"), "EMPLOYEE_ID is there twice"),
        (STAFF.replace("score: 0.6", "score: 0.6\n        score: 0.7"), "is given twice"),
    ],
)
def test_a_file_of_another_form_is_an_error(write: Write, content: str, message: str) -> None:
    assert message in problems(write(content))


def test_a_missing_file_is_an_error_of_both_kinds(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_custom_recognizers(tmp_path / "none.yaml")
    with pytest.raises(ValueError, match="does not exist"):
        load_custom_recognizers(tmp_path / "none.yaml")


def test_a_pattern_that_runs_out_of_its_budget_raises(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text then counts as not scanned."""
    path = write(one(patterns=[{"regex": r"TICKET-(?:\d|\d\d)+(?<!1)", "score": 0.8}], examples=["TICKET-1234"]))
    monkeypatch.setattr(custom_recognizer, "BUDGET", 0.01)
    (recognizer,) = load_custom_recognizers(path)
    text = "TICKET-" + "1" * 100
    with pytest.raises(TimeoutError):
        list(recognizer.find(text, 0, len(text)))
