from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stamps import SetupError, Step, run_steps

from .conftest import FOLDER

# A set-up of two steps in a folder; the first takes until its input is removed.
SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stamps import Step, run_steps
folder = Path(sys.argv[2])

def work():
    (folder / "working").write_text("")
    while (folder / "hold").exists():
        time.sleep(0.01)
    with (folder / "done").open("a") as done:
        done.write("slow\\n")

run_steps([Step("slow", work, ["1"])], folder / "environment" / "stamps")
"""


class Setup:
    """Steps that note that they ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.input = folder / "input"
        self.input.write_text("one")
        self.fails = ""

    def step(self, name: str, *inputs: Path | str) -> Step:
        def action() -> None:
            if name == self.fails:
                raise SetupError(f"{name} cannot be done")
            self.ran.append(name)

        return Step(name, action, inputs)

    def run(self, *steps: Step) -> list[str]:
        self.ran.clear()
        run_steps(steps, self.folder / "environment" / "stamps")
        return self.ran


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_a_step_runs_once_and_again_when_an_input_changes(setup: Setup) -> None:
    """By content: a file that was only touched changes nothing."""
    steps = (setup.step("a step", setup.input, "word"), setup.step("other"))
    assert setup.run(*steps) == ["a step", "other"]
    assert setup.run(*steps) == []
    setup.input.touch()
    assert setup.run(*steps) == []
    setup.input.write_text("two")
    assert setup.run(*steps) == ["a step"]
    assert setup.run(setup.step("a step", setup.input, "other word"), steps[1]) == ["a step"]


def test_a_failed_step_is_resumed_where_it_failed(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    """What was done before it is not done again."""
    steps = (setup.step("first"), setup.step("second"), setup.step("third"))
    setup.fails = "second"
    with pytest.raises(SetupError, match="second cannot be done"):
        setup.run(*steps)
    assert setup.ran == ["first"]
    assert "[2/3] second ... not finished" in capsys.readouterr().err
    setup.fails = ""
    assert setup.run(*steps) == ["second", "third"]


def test_a_step_whose_rerun_fails_is_not_taken_for_done(setup: Setup) -> None:
    """Its old stamp goes before it starts, so going back to the old input runs it again."""
    step = setup.step("a", setup.input)
    setup.run(step)
    setup.input.write_text("two")
    setup.fails = "a"
    with pytest.raises(SetupError):
        setup.run(step)
    setup.input.write_text("one")
    setup.fails = ""
    assert setup.run(step) == ["a"]


def test_a_missing_input_is_named(setup: Setup) -> None:
    """An incomplete checkout ends in words."""
    with pytest.raises(SetupError, match=r"absent.*missing"):
        setup.run(setup.step("a", setup.folder / "absent"))


def test_deleting_the_environment_forgets_its_stamps(setup: Setup) -> None:
    """The stamps lie inside of what they describe."""
    step = setup.step("a")
    setup.run(step)
    (setup.folder / "environment" / "stamps" / "a").unlink()
    assert setup.run(step) == ["a"]


def start_slow(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW, str(FOLDER), str(folder)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_a_second_run_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    """It finds the work done and does nothing twice."""
    (tmp_path / "hold").write_text("")
    first = start_slow(tmp_path)
    while not (tmp_path / "working").exists():
        assert first.poll() is None
    second = start_slow(tmp_path)
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    (tmp_path / "hold").unlink()
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert (tmp_path / "done").read_text() == "slow\n"


def test_a_killed_run_is_resumed_by_the_next(tmp_path: Path) -> None:
    """Its lock goes with it, and its half-done step is done again."""
    (tmp_path / "hold").write_text("")
    first = start_slow(tmp_path)
    while not (tmp_path / "working").exists():
        assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (tmp_path / "hold").unlink()
    second = start_slow(tmp_path)
    second.communicate()
    assert second.returncode == 0
    assert (tmp_path / "done").read_text() == "slow\n"
