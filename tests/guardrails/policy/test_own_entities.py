from pathlib import Path

import pytest

from inferspect.configuration import load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.tenancy import TenantDirectory
from inferspect.tenancy.entities import ENTITIES

RECOGNIZERS = r"""
recognizers:
  - entity: BADGE_NUMBER
    description: number on a badge
    patterns: [{regex: '\bBDG-\d{6}\b', score: 0.6}]
    examples: [EXAMPLE]
"""


@pytest.fixture(autouse=True)
def known_entities() -> object:
    """Entities are known to the whole process; as they were again afterwards."""
    before = dict(ENTITIES)
    yield
    ENTITIES.clear()
    ENTITIES.update(before)


def configured(folder: Path, example: str) -> Path:
    (folder / "recognizers.yaml").write_text(RECOGNIZERS.replace("EXAMPLE", example), encoding="utf-8")
    config = folder / "litellm_config.yaml"
    config.write_text(
        f"inferspect:\n  guardrails: {{recognizers: {folder / 'recognizers.yaml'}}}\n"
        "  default_rules:\n    pii: {entities: {BADGE_NUMBER: block}}\n",
        encoding="utf-8",
    )
    return config


def test_rules_may_name_entities_of_own_recognizers(tmp_path: Path) -> None:
    """Default rules and those of tenants."""
    configuration = load_configuration(configured(tmp_path, "badge BDG-123456"))
    directory = TenantDirectory(configuration.default_rules)
    own = {"inferspect": {"pii": {"entities": {"BADGE_NUMBER": "report"}}}}
    assert directory.find("t", None, None).rules.pii.entities["BADGE_NUMBER"].action == "block"
    assert directory.find("t", None, own).rules.pii.entities["BADGE_NUMBER"].action == "report"


def test_a_wrong_file_of_recognizers_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    """A recognizer that does not find its own example would let values through."""
    with pytest.raises(ConfigurationError, match=r"recognizers\.yaml"):
        load_configuration(configured(tmp_path, "no badge here"))
    assert "BADGE_NUMBER" not in ENTITIES


def test_a_missing_file_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    """Not one of the first request."""
    config = configured(tmp_path, "badge BDG-123456")
    (tmp_path / "recognizers.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"recognizers\.yaml"):
        load_configuration(config)
