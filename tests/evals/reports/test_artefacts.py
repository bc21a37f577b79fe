"""Where reports are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from evals.reports.artefacts import ArtefactError, Artefacts

Root = Callable[[Path], str]
ROOTS: list[Root] = [
    str,
    lambda folder: folder.as_uri(),
    lambda folder: f"memory://{folder.name}/reports",
]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.html"
    file.write_text("<p>", encoding="utf-8")
    return file


@pytest.mark.parametrize("root", ROOTS)
def test_what_is_put_is_got_by_its_url_and_goes_with_its_folder(root: Root, tmp_path: Path, report: Path) -> None:
    """In a folder, or wherever a URL leads."""
    artefacts = Artefacts(root(tmp_path / "kept"))
    url = artefacts.put(report, "acme", "w1", "report.html")
    other = artefacts.put(report, "acme", "w2", "report.html")
    assert artefacts.put(report, "acme", "w1", "report.html") == url
    artefacts.get(url, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "<p>"
    artefacts.delete_folder(url)
    artefacts.delete_folder(url)
    with pytest.raises(ArtefactError, match="cannot be read"):
        artefacts.get(url, tmp_path / "copy")
    with fsspec.open(other) as opened:
        assert opened.read() == b"<p>"


@pytest.mark.parametrize(
    "tenant", ["..", ".", "../../etc", "/etc", "a/b", "c:\\d", "tên khách", "x" * 100, "%2e%2e", "*"]
)
def test_a_name_from_outside_never_leads_out_of_the_root(tmp_path: Path, report: Path, tenant: str) -> None:
    root = tmp_path / "kept"
    artefacts = Artefacts(str(root))
    url = artefacts.put(report, tenant, "report.html")
    (found,) = root.rglob("report.html")
    assert found.parent.parent == root
    artefacts.delete_folder(url)
    assert root.exists()
    assert not found.exists()


def test_different_names_never_share_a_folder(tmp_path: Path, report: Path) -> None:
    artefacts = Artefacts(str(tmp_path / "kept"))
    names = ("a b", "a_b", "a%20b", "a/b", "a%2Fb", "..", "_%2E%2E", ".")
    assert len({artefacts.put(report, name, "report.html") for name in names}) == len(names)


def test_nothing_is_deleted_outside_of_the_root(tmp_path: Path, report: Path) -> None:
    """Such as of a store that the settings named before."""
    Artefacts(str(tmp_path / "kept")).delete_folder(report.as_uri())
    assert report.exists()


def test_a_url_whose_package_is_not_there_is_told() -> None:
    with pytest.raises(ArtefactError, match=r"nosuch://bucket.*docs/deepchecks.md"):
        Artefacts("nosuch://bucket/reports")
