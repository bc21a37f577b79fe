"""docs/errors.md lists the errors that the code makes, all of them and no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from inferspect.http import error_bodies
from tests.docs.markdown import ROOT, table_rows

SOURCES = ("inferspect", "plugins", "guardrails", "callbacks")
MAKERS = {"Refusal", "ApiError", "super().__init__"}
Made = tuple[int | None, str]


def documented() -> set[tuple[int, str]]:
    rows = list(table_rows((ROOT / "docs" / "errors.md").read_text(encoding="utf-8")))
    return {(int(row[0]), row[1].strip("`")) for row in rows if row[0].isdigit()}


def raised() -> Iterator[tuple[Path, int, str]]:
    """Status and code of every refusal and error that is written out in the source."""
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS and len(node.args) > 1:
                    status, code = node.args[:2]
                    if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                        yield path.relative_to(ROOT), status.value, code.value


def told() -> set[str]:
    """Codes that are given to LiteLLM's errors."""
    return {*error_bodies.CODES.values(), *error_bodies.TELLING_TYPES.values()}


def test_every_error_that_is_raised_is_documented_with_its_status() -> None:
    missing = [(str(path), status, code) for path, status, code in raised() if (status, code) not in documented()]
    assert missing == []


def test_no_refusal_computes_its_code() -> None:
    """A code that does not stand in the source cannot be looked up, neither here nor by a person."""
    computed = []
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                is_refusal = isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal"
                if is_refusal and not isinstance(node.args[1], ast.Constant):
                    computed.append((str(path.relative_to(ROOT)), node.lineno))
    assert computed == []


def test_every_code_for_litellms_errors_is_documented() -> None:
    assert told() - {code for _, code in documented()} == set()
    assert {pair for pair in error_bodies.CODES.items() if pair not in documented()} == set()


def test_nothing_is_documented_that_no_code_makes() -> None:
    made = (
        {code for _, _, code in raised()}
        | told()
        | {"internal_error", "invalid_request"}
        | {error_bodies.provider_error(error_bodies.ApiError(401, "", "")).code}
    )
    assert {code for _, code in documented()} - made == set()


def test_every_error_has_a_meaning_and_a_remedy() -> None:
    rows = list(table_rows((ROOT / "docs" / "errors.md").read_text(encoding="utf-8")))
    assert all(len(row) == 4 and row[2] and row[3] for row in rows)
