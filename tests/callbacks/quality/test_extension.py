"""What joins a process, by its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from callbacks.quality.extension import start
from inferspect.events.delivery import Consumers
from inferspect.extension import Observer
from inferspect.secret import MissingSecretError
from inferspect.settings import settings_from

Starting = Callable[..., Any]
MODELS = {"url": "http://127.0.0.1:4000", "key": "os.environ/SCORER_KEY", "dollars_a_day": 1}


@pytest.fixture
def starting(observer: Observer) -> Starting:
    async def begin(quality: dict[str, Any], *, delivers: bool = False) -> tuple[list[str], int]:
        """Names of the consumers, and how much goes on in the background."""
        begun: list[Any] = []

        def in_background(work: Any) -> None:
            begun.append(work)
            work.close()

        changed = replace(
            observer,
            settings=settings_from({"quality": quality}),
            consumers=Consumers(),
            retained=[],
            in_background=in_background,
            delivers=delivers,
        )
        await start(changed)
        assert changed.retained == ["scores"]
        for consumer in changed.consumers.consumers:
            await consumer.close()
        return [consumer.name for consumer in changed.consumers.consumers], len(begun)

    return begin


@pytest.mark.parametrize(
    ("quality", "names"),
    [({}, ["quality"]), ({"enabled": False}, ["quality"]), ({"models": MODELS}, ["quality", "quality-models"])],
)
async def test_consumers_follow_from_the_settings(
    starting: Starting, quality: dict[str, Any], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORER_KEY", "sk-" + "scorer")
    assert (await starting(quality))[0] == names


async def test_only_a_process_that_delivers_scores_and_compares(starting: Starting) -> None:
    assert (await starting({}))[1] == 0
    assert (await starting({}, delivers=True))[1] == 2
    assert (await starting({"enabled": False}, delivers=True))[1] == 0


async def test_a_key_that_is_not_there_stops_the_start(starting: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCORER_KEY", raising=False)
    with pytest.raises(MissingSecretError, match=r"os\.environ/SCORER_KEY"):
        await starting({"models": MODELS})
