"""What the doctor says about the files of prompts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.prompts import check_prompts
from tests.prompts.conftest import prompt_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prompt beside a configuration, where the gateway looks for prompts."""
    config = tmp_path / "litellm_config.yaml"
    config.write_text("model_list: []\n", encoding="utf-8")
    monkeypatch.setenv("INFERSPECT_CONFIG", str(config))
    home = tmp_path / "promptfoo" / "prompts"
    (home / "greeting").mkdir(parents=True)
    (home / "greeting" / "v1.md").write_text(prompt_text(), encoding="utf-8")
    return home


def test_sound_files_are_counted(folder: Path, patient: Examination) -> None:
    assert check_prompts(patient).message == f"1 in {folder}"


def test_a_wrong_file_is_named_with_its_mistake(folder: Path, patient: Examination) -> None:
    (folder / "greeting" / "v2.md").write_text(prompt_text(version=2, body="Hello"), encoding="utf-8")
    result = check_prompts(patient)
    assert result.level is Level.WARNING
    assert result.message.startswith(f"{folder}/greeting/v2.md:9: a message begins with")


def test_nothing_configured_is_well(folder: Path, patient: Examination) -> None:
    folder.rename(folder.with_name("elsewhere"))
    assert check_prompts(patient).level is Level.OK


def test_a_folder_that_is_not_there_is_a_mistake_of_the_configuration(folder: Path, patient: Examination) -> None:
    content = json.dumps({"inferspect": {"prompts": {"folder": "absent"}}})
    (folder.parents[1] / "litellm_config.yaml").write_text(content, encoding="utf-8")
    assert check_prompts(patient).level is Level.INFO
