from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from callbacks.quality.scoring import Scored, Scoring


@pytest.fixture(scope="session")
def scoring() -> Scoring:
    """The gateway's own scorers."""
    return Scoring()


@pytest.fixture(scope="session")
def scored(scoring: Scoring) -> Callable[..., Scored]:
    """Scores an answer to a question as a process of the pool does, from what is kept of a chat completion."""

    def score(answer: Any, question: Any = "What?", **figures: Any) -> Scored:
        messages = question if isinstance(question, list) else [{"role": "user", "content": question}]
        choices = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}]
        return scoring.score(scoring.read(figures, json.dumps(messages), json.dumps(choices)))

    return score
