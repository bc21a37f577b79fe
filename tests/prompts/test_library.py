from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inferspect.prompts import library
from inferspect.prompts.library import (
    PromptFolder,
    PromptLibrary,
    PromptNotFoundError,
    PromptUnusableError,
    Shelf,
    usable,
)
from inferspect.prompts.settings import PromptSettings, folder_of
from tests.prompts.conftest import Write, prompt_text


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at each time."""
    monkeypatch.setattr(library, "FRESH_FOR", 0.0)


def test_the_newest_answers_where_no_version_is_named(tmp_path: Path, write: Write) -> None:
    """By number, not by name: ten comes after nine."""
    for version in (10, 9, 1):
        write(version=version)
    write("other", 1)
    shelf = PromptFolder(tmp_path).read()
    assert shelf.find("greeting").version == 10
    assert shelf.find("greeting", 9).version == 9
    assert [(name, [one.version for one in versions]) for name, versions in usable(shelf)] == [
        ("greeting", [1, 9, 10]),
        ("other", [1]),
    ]


@pytest.mark.parametrize(("name", "number"), [("absent", None), ("absent", 1), ("greeting", 2), ("../greeting", None)])
def test_what_is_not_there_is_not_found(tmp_path: Path, write: Write, name: str, number: int | None) -> None:
    write()
    with pytest.raises(PromptNotFoundError):
        PromptFolder(tmp_path).read().find(name, number)


def test_a_wrong_file_makes_its_version_unusable_and_no_other(tmp_path: Path, write: Write) -> None:
    write(version=1)
    write(version=2, body="nothing")
    write("broken", 1, owner="5")
    shelf = PromptFolder(tmp_path).read()
    assert shelf.find("greeting").version == 1
    with pytest.raises(PromptUnusableError, match=r"v2\.md:9: a message begins with"):
        shelf.find("greeting", 2)
    with pytest.raises(PromptUnusableError, match="owner"):
        shelf.find("broken")
    assert len(shelf.mistakes) == 2


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """As a user whom the rights of files hold for."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    yield
    os.seteuid(own)


def test_a_folder_that_cannot_be_read_takes_no_other_with_it(
    unprivileged: None,
) -> None:
    """What was known of it is kept; of one that never could be read, there is nothing."""
    with tempfile.TemporaryDirectory() as home:
        for name in ("closed", "open"):
            Path(home, name).mkdir()
            Path(home, name, "v1.md").write_text(prompt_text(name), encoding="utf-8")
        folder = PromptFolder(Path(home))
        folder.read()
        Path(home, "closed").chmod(0)
        Path(home, "open", "v2.md").write_text(prompt_text("open", 2), encoding="utf-8")
        for reader, names in ((folder, ["closed", "open"]), (PromptFolder(Path(home)), ["open"])):
            shelf = reader.read()
            assert list(shelf.prompts) == names
            assert shelf.find("open").version == 2
            assert [str(mistake) for mistake in shelf.mistakes] == [f"{home}/closed: cannot be read: Permission denied"]
        Path(home, "closed").chmod(0o700)


def test_what_is_meant_to_be_a_version_and_is_none_is_told(tmp_path: Path, write: Write) -> None:
    """A README may stand beside versions; hidden folders, such as Kubernetes' own, are passed over."""
    file = write()
    for name in ("v01.md", "V2.md", "v3.MD", "v4.txt", "v99999999999.md", "notes.md"):
        shutil.copy(file, file.with_name(name))
    for name in ("README.md", "cases.yaml"):
        (file.parent / name).write_text("x", encoding="utf-8")
    for name in (".git", "has space"):
        (tmp_path / name).mkdir()
        shutil.copy(file, tmp_path / name / "v1.md")
    shelf = PromptFolder(tmp_path).read()
    told = sorted(mistake.file.name for mistake in shelf.mistakes)
    assert told == ["V2.md", "has space", "notes.md", "v01.md", "v3.MD", "v4.txt", "v99999999999.md"]
    assert list(shelf.prompts) == ["greeting"]


def test_only_changed_files_are_read_again(tmp_path: Path, write: Write) -> None:
    """Also one that has the same length and time as before."""
    write(version=1)
    file = write(version=2, body="# user\n\nOne\n")
    folder = PromptFolder(tmp_path)
    before = folder.read()
    times = file.stat()
    file.rename(tmp_path / "before")  # where it lies on, its number in the file system is no other file's
    write(version=2, body="# user\n\nTwo\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = folder.read()
    assert after.find("greeting", 1) is before.find("greeting", 1)
    assert after.find("greeting", 2).messages[0].source == "Two"


async def test_changes_are_served_without_restart(tmp_path: Path, write: Write, impatient: None) -> None:
    """New versions, corrected ones, and those that are gone."""
    file = write(version=1)
    prompts = PromptLibrary(PromptFolder(tmp_path))
    await prompts.open()
    write(version=2, body="# user\n\nNew\n")
    assert (await prompts.shelf()).find("greeting").version == 2
    write(version=2, body="# user\n\nNewer\n")
    assert (await prompts.shelf()).find("greeting").messages[0].source == "Newer"
    shutil.rmtree(file.parent)
    assert (await prompts.shelf()).prompts == {}


async def test_while_the_folder_is_away_what_is_known_is_served(tmp_path: Path, write: Write, impatient: None) -> None:
    write()
    prompts = PromptLibrary(PromptFolder(tmp_path))
    await prompts.open()
    (tmp_path).rename(tmp_path.with_name("gone"))
    assert (await prompts.shelf()).find("greeting").version == 1


async def test_a_slow_disk_holds_up_no_request(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, and what is known is served until it answers."""
    write()
    asked, answers = threading.Semaphore(0), threading.Event()

    class Slow(PromptFolder):
        def read(self) -> Shelf:
            asked.release()
            answers.wait()
            return super().read()

    answers.set()
    prompts = PromptLibrary(Slow(tmp_path))
    await prompts.open()
    answers.clear()
    monkeypatch.setattr(library, "FRESH_FOR", 0.0)
    monkeypatch.setattr(library, "PATIENCE", 0.01)
    write(version=2)
    for _ in range(3):
        assert (await prompts.shelf()).find("greeting").version == 1
    answers.set()
    monkeypatch.setattr(library, "PATIENCE", 60)
    assert (await prompts.shelf()).find("greeting").version == 2
    assert asked.acquire(blocking=False)
    assert asked.acquire(blocking=False)


@pytest.mark.parametrize(
    ("made", "setting", "expected"),
    [
        ("promptfoo/prompts", None, "promptfoo/prompts"),
        ("elsewhere", None, None),
        ("elsewhere", "elsewhere", "elsewhere"),
    ],
)
def test_the_folder_stands_beside_the_configuration(
    tmp_path: Path, made: str, setting: str | None, expected: str | None
) -> None:
    (tmp_path / made).mkdir(parents=True)
    found = folder_of(PromptSettings.model_validate({"folder": setting}), tmp_path / "litellm_config.yaml")
    assert found == (None if expected is None else tmp_path / expected)


def test_a_folder_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="/absent is no folder"):
        folder_of(PromptSettings.model_validate({"folder": "absent"}), tmp_path / "litellm_config.yaml")


async def test_much_work_is_done_outside_of_the_event_loop(tmp_path: Path, write: Write) -> None:
    """The same text either way."""
    threads: list[str] = []

    class Noted(dict[str, object]):
        def get(self, name: str, default: object = None) -> object:
            threads.append(threading.current_thread().name)
            return super().get(name, default)

    write(body="# user\n{% for x in xs %}{{ x }}{% endfor %}\n")
    prompt = PromptFolder(tmp_path).read().find("greeting")
    main = threading.current_thread().name
    assert await prompt.rendered(Noted(xs=[1] * 10)) == [{"role": "user", "content": "1" * 10}]
    assert set(threads) == {main}
    assert await prompt.rendered(Noted(xs=[1] * 5_000)) == [{"role": "user", "content": "1" * 5_000}]
    assert threads[-1] != main
