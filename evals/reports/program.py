"""Starts the program that runs Deepchecks, in its own Python environment, without any of our secrets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inferspect.launcher.lifeline import Preparation

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ".venv-deepchecks"
WRONG_INPUT = 2
LAST_WORDS = 2000
# What a Python and its libraries need; no key and no address of a database.
HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProgramError(Exception):
    """No report could be made; the message says why.

    Attributes:
        wrong_input: whether the suite is at fault, so that another try changes nothing.
    """

    def __init__(self, message: str, *, wrong_input: bool = False) -> None:
        super().__init__(message)
        self.wrong_input = wrong_input


def deepchecks_python(told: Path | None) -> Path:
    """The Python that has Deepchecks.

    Raises:
        ProgramError: it is not there.
    """
    beside = [folder / ENVIRONMENT / "bin" / "python" for folder in (Path(sys.prefix).parent, ROOT)]
    places = [told] if told else beside
    for place in places:
        if place.is_file():
            return place.absolute()  # the program runs in another folder
    raise ProgramError(
        f"Deepchecks is not installed: there is no {places[0]}. Set it up with `make setup-deepchecks`, or name its "
        "Python in `reports.python`."
    )


@contextmanager
def _started(python: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProgramError(f"{python} cannot be started: {error.strerror}") from error


async def run_program(python: Path, folder: Path, deadline: float) -> None:
    """Make ``folder/output`` of ``folder/responses.csv`` and ``folder/suite.json``.

    The program ends with this process, however that ends.

    Raises:
        ProgramError: it failed, or took longer than ``deadline`` seconds.
    """
    log = folder / "program.log"
    environment = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    arguments = [str(folder / name) for name in ("responses.csv", "suite.json", "output")]
    with log.open("wb") as written, _started(python):
        process = await asyncio.create_subprocess_exec(
            str(python), "-m", "evals.deepchecks", *arguments,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            preexec_fn=Preparation(signal.SIGKILL),
        )  # fmt: skip
    try:
        async with asyncio.timeout(deadline):
            status = await process.wait()
    except TimeoutError:
        raise ProgramError(f"Deepchecks took longer than {deadline:g} seconds (`reports.deadline`)") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status:
        said = log.read_text(encoding="utf-8", errors="replace").strip()[-LAST_WORDS:]
        if status == WRONG_INPUT:
            raise ProgramError(said, wrong_input=True)
        raise ProgramError(f"Deepchecks failed with status {status}: {said}")
