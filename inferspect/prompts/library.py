"""All prompts of a folder, and how a worker keeps up with changes of its files."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from inferspect.prompts.endpoints import LARGEST_VERSION
from inferspect.prompts.file import read_prompt
from inferspect.prompts.front_matter import NAME
from inferspect.prompts.mistake import Mistake, PromptFileError
from inferspect.prompts.prompt import Prompt

log = structlog.get_logger("inferspect.prompts")

VERSION = re.compile(r"v([1-9][0-9]{0,9})\.md")
MEANT = re.compile(r"v[0-9].*|.*\.md", re.IGNORECASE)  # a file that somebody takes for a version
BESIDE = "readme.md"
FRESH_FOR = 1.0  # seconds in which files are not looked at again
PATIENCE = 0.5  # seconds that a request waits for a slow disk; then it gets what is known


class PromptNotFoundError(LookupError):
    """There is no prompt of that name, or no such version of it."""


class PromptUnusableError(ValueError):
    """The file of the version is wrong."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a prompt, or what is wrong with its file."""

    number: int
    prompt: Prompt | None
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a folder held at one moment.

    Attributes:
        prompts: by name, the versions by number in ascending order.
        mistakes: all of them, those of files that are no version, too.
    """

    prompts: Mapping[str, Mapping[int, Version]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def find(self, name: str, number: int | None = None) -> Prompt:
        """A version of a prompt; the newest that is usable where no number is given.

        Raises:
            PromptNotFoundError: there is none.
            PromptUnusableError: its file is wrong.
        """
        versions = self.prompts.get(name, {})
        found = [version for version in versions.values() if number in (None, version.number)]
        if not found:
            raise PromptNotFoundError(name)
        prompt = next((version.prompt for version in reversed(found) if version.prompt is not None), None)
        if prompt is None:
            raise PromptUnusableError("\n".join(str(mistake) for one in found for mistake in one.mistakes))
        return prompt


Stamp = tuple[int, int, int, int]


class PromptFolder:
    """Reads a folder; a file that has not changed since is not read again.

    Args:
        folder: with a folder for each prompt, called as it is, and in it a file ``v<number>.md`` for each version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, tuple[Stamp | None, Version]] = {}

    def read(self) -> Shelf:
        """What is there now.

        Raises:
            OSError: the folder cannot be read.
        """
        known, prompts, mistakes = {}, {}, list[Mistake]()
        for home in sorted(self.folder.iterdir()):
            try:
                if home.name.startswith(".") or not home.is_dir():
                    continue
                found, wrong = self._versions(home)
            except OSError as error:  # of this folder only: what is known of it is kept
                found = {file: held for file, held in self._known.items() if file.parent == home}
                wrong = [Mistake(home, f"cannot be read: {error.strerror}")]
            mistakes += wrong
            for file, (stamp, version) in found.items():
                known[file] = stamp, version
                mistakes += version.mistakes
            if found:
                numbered = {version.number: version for _, version in found.values()}
                prompts[home.name] = dict(sorted(numbered.items()))
        self._known = known
        return Shelf(prompts, tuple(mistakes))

    def _versions(self, home: Path) -> tuple[dict[Path, tuple[Stamp | None, Version]], list[Mistake]]:
        mistakes, found = [], {}
        if not NAME.fullmatch(home.name):
            message = (
                "is no name of a prompt: letters, digits, `.`, `-` and `_`, at most 100, the first a letter or digit"
            )
            return {}, [Mistake(home, message)]
        for file in sorted(home.iterdir()):
            number = VERSION.fullmatch(file.name)
            if number is not None and int(number[1]) <= LARGEST_VERSION:
                found[file] = self._version(file, home.name, int(number[1]))
            elif MEANT.fullmatch(file.name) and file.name.lower() != BESIDE:
                mistakes.append(Mistake(file, "is no version: those are called v1.md, v2.md and so on"))
        return found, mistakes

    def _version(self, file: Path, name: str, number: int) -> tuple[Stamp | None, Version]:
        stamp = _stamp(file)  # before it is read: what changes meanwhile is read again next time
        known = self._known.get(file)
        if known is not None and stamp is not None and known[0] == stamp:
            return known
        try:
            return stamp, Version(number, read_prompt(file, name, number))
        except PromptFileError as error:
            return stamp, Version(number, None, error.mistakes)


class PromptLibrary:
    """The prompts of a folder for a worker: looked at again after a second, outside of the event loop."""

    def __init__(self, folder: PromptFolder) -> None:
        self._folder = folder
        self._shelf = Shelf()
        self._looked = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read the folder for the first time.

        Raises:
            OSError: it cannot be read.
        """
        self._take(await asyncio.to_thread(self._folder.read))

    async def shelf(self) -> Shelf:
        """What is there; while the disk is slow or away, what was there last."""
        if time.monotonic() - self._looked >= FRESH_FOR:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.get_running_loop().create_task(self._look())
            await asyncio.wait({self._looking}, timeout=PATIENCE)
        return self._shelf

    async def _look(self) -> None:
        try:
            self._take(await asyncio.to_thread(self._folder.read))
        except OSError as error:
            self._looked = time.monotonic()
            log.warning("the folder of prompts cannot be read; those known are used", reason=str(error.strerror))

    def _take(self, shelf: Shelf) -> None:
        for mistake in sorted(set(shelf.mistakes) - set(self._shelf.mistakes), key=str):
            log.warning("a prompt cannot be used", mistake=str(mistake))
        self._shelf, self._looked = shelf, time.monotonic()


def usable(shelf: Shelf) -> Iterator[tuple[str, list[Prompt]]]:
    """Names with the versions that can be used, of those that have any."""
    for name, versions in shelf.prompts.items():
        prompts = [version.prompt for version in versions.values() if version.prompt is not None]
        if prompts:
            yield name, prompts


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
