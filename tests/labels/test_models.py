from __future__ import annotations

from types import SimpleNamespace

import pytest

from inferspect.labels.models import ASKED_AGAIN_AFTER, MOST_NAMES, REMEMBERED, ModelLabels, models_of


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("demo", "demo"),
        ("openai/gpt-4o", "openai/*"),
        ("openai/o1/preview", "openai/o1/*"),
        ("demo ", "other"),
        ("my secret is 42", "other"),
        ("", "other"),
    ],
)
def test_a_model_is_told_by_the_name_that_is_configured(model: str, label: str) -> None:
    """The longest wildcard that fits, where none has the very name."""
    assert ModelLabels(lambda: ["demo", "openai/*", "openai/o1/*"])(model) == label


def test_models_that_are_added_later_get_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("inferspect.labels.models.time", SimpleNamespace(monotonic=lambda: clock[0]))
    configured = ["demo"]
    labels = ModelLabels(lambda: configured)
    assert labels("new") == "other"
    configured.append("new")
    assert labels("new") == "other"
    clock[0] += ASKED_AGAIN_AFTER + 1
    assert labels("new") == "new"


def test_memory_is_bounded_whatever_is_asked_for() -> None:
    labels = ModelLabels(lambda: ["demo"])
    for number in range(3 * REMEMBERED):
        labels(f"invented-{number}")
    assert len(labels._labels) <= REMEMBERED  # noqa: SLF001  what is bounded


def test_a_process_without_litellm_knows_the_models_of_the_configuration() -> None:
    content = {"model_list": [{"model_name": "demo"}, {"model_name": "openai/*"}]}
    assert models_of(content) == ["demo", "openai/*"]
    assert models_of({}) == []


def test_names_are_bounded_however_many_are_configured() -> None:
    names = [f"model-{number}" for number in range(2 * MOST_NAMES)]
    labels = ModelLabels(lambda: names)
    assert len({labels(name) for name in names}) == MOST_NAMES + 1
