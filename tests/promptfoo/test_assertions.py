"""The assertions in Python, loaded by path as Promptfoo does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "promptfoo" / "shared"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SHARED / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def passes(assertion: str, output: object, **config: Any) -> bool:
    verdict = load(assertion).get_assert(output, {"config": config})
    assert verdict["score"] == float(verdict["pass"])
    assert verdict["reason"]
    return bool(verdict["pass"])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hóa đơn được phát hành vào ngày 5 hằng tháng.", "vi"),
        ("Dạ được.", "vi"),
        ("The invoice is issued on the fifth of each month.", "en"),
        ("Vous pouvez renvoyer un livre non lu dans les 30 jours.", "fr"),
        ("Bücher können innerhalb von 30 Tagen zurückgegeben werden.", "de"),
        ("Puede devolver un libro no leído en un plazo de 30 días.", "es"),
    ],
)
def test_a_language_is_known_by_its_letters_and_words(text: str, language: str) -> None:
    """Also where another would be accepted too."""
    assert passes("language", text, language=language)
    assert passes("language", text, language=["ja", language])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hoa don duoc phat hanh vao ngay 5 hang thang.", "vi"),
        ("The invoice is issued on the fifth of each month.", "vi"),
        ("Vous pouvez renvoyer un livre non lu.", "en"),
        ("The dish phở is served with herbs and lime, and everybody in the house likes it.", "vi"),
        ("391", "en"),
        ("", "en"),
    ],
)
def test_another_language_fails(text: str, language: str) -> None:
    """Vietnamese without its signs and a single word of it are none."""
    assert not passes("language", text, language=language)


def test_a_language_must_be_named() -> None:
    """An assertion that asks for nothing would always pass."""
    with pytest.raises(ValueError, match="language"):
        load("language").get_assert("Hello", {"config": {}})


SCHEMA = {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "number"}}}
FENCED = '```json\n{"answer": 1}\n```'


@pytest.mark.parametrize("output", ['{"answer": 1}', ' {"answer": 1.5, "unit": null}\n', {"answer": 2}])
def test_json_of_the_schema_passes(output: object) -> None:
    """As text, or as the object that a provider made of it."""
    assert passes("json_schema", output, schema=SCHEMA)


@pytest.mark.parametrize(
    "output", ['{"answer": "1"}', "{}", "[]", "The answer is 1.", "", FENCED, '{"answer": NaN}', "[" * 100_000]
)
def test_anything_else_fails(output: str) -> None:
    """A fence as well, unless it is allowed; and what only Python reads as JSON."""
    assert not passes("json_schema", output, schema=SCHEMA)


def test_a_fence_may_be_allowed() -> None:
    """Models write one where nobody told them not to."""
    assert passes("json_schema", FENCED, schema=SCHEMA, fenced=True)


def test_a_failure_is_told_by_its_place() -> None:
    """Whoever reads it wants to know which field."""
    verdict = load("json_schema").get_assert('{"answer": "1"}', {"config": {"schema": SCHEMA}})
    assert verdict["reason"] == "$.answer: '1' is not of type 'number'"


def test_a_schema_may_stand_in_a_file() -> None:
    """Below the folder of the suites."""
    schema = "suites/data-analysis/answer.schema.json"
    assert passes("json_schema", '{"answer": 1, "unit": null, "explanation": "One."}', schema=schema)
    assert not passes("json_schema", '{"answer": 1}', schema=schema)
