from __future__ import annotations

from pathlib import Path

from evals.suites.session import new_folder


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    """Their results are never mixed."""
    made = [new_folder(tmp_path / "20260301T120000Z").name for _ in range(3)]
    assert made == ["20260301T120000Z", "20260301T120000Z-2", "20260301T120000Z-3"]
