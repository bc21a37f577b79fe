from __future__ import annotations

from pathlib import Path

import pytest

from evals.suites.keys import REMOVED, remove_keys, without_keys


def test_a_key_is_removed_from_the_files_of_a_run_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the run and of the environment; other texts stay."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-person-1234")
    (tmp_path / "a.json").write_text('{"a": "sk-virtual-123456", "b": 1}', encoding="utf-8")
    (tmp_path / "b.html").write_text("<p>sk-of-a-person-1234</p>", encoding="utf-8")
    (tmp_path / "c.xml").write_text("nothing", encoding="utf-8")
    files = [tmp_path / name for name in ("a.json", "b.html", "c.xml", "absent")]
    assert remove_keys(files, ["sk-virtual-123456", ""]) == ["a.json", "b.html"]
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == f'{{"a": "{REMOVED}", "b": 1}}'
    assert remove_keys(files, ["sk-virtual-123456"]) == []
    assert (tmp_path / "c.xml").read_text(encoding="utf-8") == "nothing"


@pytest.mark.parametrize(
    "text", ['<"p&ssword">', r"\u003c is none; <\"p&ssword\">", "&lt;&quot;p&amp;ssword&quot;&gt;"]
)
def test_a_key_is_found_as_json_and_html_write_it(text: str) -> None:
    assert "ssword" not in without_keys(text, ['<"p&ssword">'])


def test_a_key_that_begins_with_another_is_removed_whole() -> None:
    keys = [f"sk-{'a' * length}" for length in range(12, 40)]
    assert without_keys(f"it is {keys[-1]}.", keys) == f"it is {REMOVED}."
