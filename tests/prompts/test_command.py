from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from inferspect.prompts.command import app
from tests.prompts.conftest import Write

BODY = "# system\n\nBe kind.\n\n# user\n\n{{ name }} has {{ items | join(', ') }}\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


@pytest.fixture
def folder(tmp_path: Path, write: Write) -> str:
    write(version=1)
    write(version=2, body=BODY, changelog="Kinder.")
    return str(tmp_path)


def test_list_has_each_prompt_with_its_versions(folder: str) -> None:
    assert json.loads(run("list", "--folder", folder, "--json").stdout) == [
        {"name": "greeting", "versions": [1, 2], "model": "demo", "owner": "tests", "changelog": "Kinder."}
    ]
    shown = run("list", "--folder", folder).stdout
    assert "greeting" in shown
    assert "1, 2" in shown


def test_show_has_the_file(folder: str) -> None:
    """The newest where no version is named."""
    assert run("show", "greeting", "--folder", folder).stdout == Path(folder, "greeting/v2.md").read_text("utf-8")
    told = json.loads(run("show", "greeting@1", "--folder", folder, "--json").stdout)
    assert (told["version"], told["messages"]) == (1, [{"role": "user", "content": "Hello"}])


def test_diff_has_what_changed(folder: str) -> None:
    shown = run("diff", "greeting", "1", "2", "--folder", folder).stdout.splitlines()
    assert shown[:2] == ["--- greeting/v1.md", "+++ greeting/v2.md"]
    assert {"-changelog: The first.", "+changelog: Kinder.", "+Be kind.", "-Hello"} <= set(shown)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_render_fills_in_variables(folder: str, tmp_path: Path, suffix: str) -> None:
    """Those of the command line before those of a file; a text stays a text."""
    file = tmp_path / f"variables.{suffix}"
    file.write_text('{"items": ["a", 1], "name": "nobody"}', encoding="utf-8")
    arguments = ("render", "greeting", "--folder", folder, "--vars", str(file), "--var", "name={{ a=b }}")
    assert run(*arguments).stdout == "# system\n\nBe kind.\n\n# user\n\n{{ a=b }} has a, 1\n"
    assert json.loads(run(*arguments, "--json").stdout)[1] == {"role": "user", "content": "{{ a=b }} has a, 1"}


def test_check_names_each_mistake_and_fails(folder: str, write: Write) -> None:
    well = run("check", "--folder", folder)
    assert (well.exit_code, well.stdout) == (0, "0 mistakes in 2 versions of 1 prompts\n")
    file = write(version=3, body="Hello", owner="5")
    wrong = run("check", "--folder", folder)
    assert wrong.exit_code == 1
    assert wrong.stdout.splitlines()[:2] == [
        f"{file}:5: owner: input should be a valid string",
        f"{file}:9: a message begins with a line that is one of `# system`, `# user`, `# assistant`",
    ]
    told = json.loads(run("check", "--folder", folder, "--json").stdout)
    assert (told["ok"], told["versions"], len(told["mistakes"]), told["mistakes"][0]["line"]) == (False, 3, 2, 5)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("show", "absent"), 2, "there is no prompt 'absent'; versions of 'absent' are none; prompts are greeting"),
        (("show", "greeting@7"), 2, "versions of 'greeting' are 1, 2"),
        (("show", "greeting@x"), 2, "a version is a whole number"),
        (("show", "greeting@3"), 1, "has no message"),
        (("diff", "greeting", "1", "9"), 2, "there is no prompt 'greeting@9'"),
        (("render", "greeting@2"), 1, "v2.md:15: `name` is not given"),
        (("render", "greeting", "--var", "name"), 2, "write NAME=TEXT"),
        (("render", "greeting", "--vars", "/absent.json"), 2, "/absent.json"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: str, write: Write, arguments: tuple[str, ...], status: int, said: str
) -> None:
    write(version=3, body="")
    result = run(*arguments, "--folder", folder)
    assert result.exit_code == status
    assert said in result.stderr


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = run("check", "--folder", str(tmp_path / "absent"))
    assert (result.exit_code, "No such file" in result.stderr) == (2, True)


def test_without_a_configuration_the_folder_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a repository of prompts."""
    monkeypatch.setenv("INFERSPECT_CONFIG", str(tmp_path / "absent.yaml"))
    ran = run("check")
    assert (ran.exit_code, "by --folder" in ran.stderr) == (2, True)


def test_to_check_a_folder_without_prompts_is_a_mistake(folder: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Such as the one above the right one, which would pass in CI for ever."""
    above = tmp_path_factory.mktemp("above")
    shutil.copytree(folder, above / "prompts")
    for arguments in ((), ("--json",)):
        result = run("check", "--folder", str(above), *arguments)
        assert (result.exit_code, "holds no prompt" in result.stderr) == (2, True)


def test_the_folder_is_that_of_the_configuration(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is named."""
    config = tmp_path / "litellm_config.yaml"
    monkeypatch.setenv("INFERSPECT_CONFIG", str(config))
    config.write_text("model_list: []\n", encoding="utf-8")
    assert "there is no folder promptfoo/prompts beside" in run("list").stderr
    config.write_text(json.dumps({"inferspect": {"prompts": {"folder": folder}}}), encoding="utf-8")
    assert "greeting" in run("list").stdout


def test_a_number_that_json_does_not_have_is_said(folder: str, tmp_path: Path) -> None:
    """YAML has some."""
    file = tmp_path / "variables.yaml"
    file.write_text("{name: .nan, items: []}", encoding="utf-8")
    result = run("render", "greeting", "--folder", folder, "--vars", str(file))
    assert (result.exit_code, "`name` is a number that JSON does not have" in result.stderr) == (1, True)
