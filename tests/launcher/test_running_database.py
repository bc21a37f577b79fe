from __future__ import annotations

from pathlib import Path

import pytest

from inferspect.launcher.home import Home, LaunchError
from inferspect.launcher.running_database import running_database
from inferspect.settings import LaunchSettings


def test_the_database_that_is_named_wins(tmp_path: Path) -> None:
    """Nothing is made in the data folder."""
    launch = LaunchSettings(inferspect_home=tmp_path / "none", database_url="postgresql://u:p@h/d")
    assert running_database(launch) == "postgresql://u:p@h/d"
    assert list(tmp_path.iterdir()) == []


def test_the_embedded_one_is_found_by_the_port_that_it_listens_on(tmp_path: Path) -> None:
    password = Home(tmp_path).credentials().postgres_password
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "postmaster.pid").write_text("17\n/data\n1700000000\n54321\n\n", encoding="utf-8")
    launch = LaunchSettings(inferspect_home=tmp_path, database_url=None)
    assert running_database(launch) == f"postgresql://gateway:{password}@127.0.0.1:54321/inferspect"


@pytest.mark.parametrize("content", [None, "", "17\n", "17\n/data\n1\nport\n"], ids=["none", "empty", "torn", "wrong"])
def test_where_none_runs_it_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    """Also after a crash has left half a file."""
    if content is not None:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "postgres" / "postmaster.pid").write_text(content, encoding="utf-8")
    with pytest.raises(LaunchError, match="inferspect serve"):
        running_database(LaunchSettings(inferspect_home=tmp_path, database_url=None))
