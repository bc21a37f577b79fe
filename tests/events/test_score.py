from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from inferspect.events.delivery import Consumers
from inferspect.events.score import Score, ScoreMessage, are_traced

MESSAGE = ScoreMessage(
    event_id="0191d2f0-0000-7000-8000-000000000001",
    occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    tenant_id="team-1",
    trace_parent=None,
    session_id="conversation",
    environment=None,
    scores=(Score("Relevance", 0.5), Score("Language", "vi", "CATEGORICAL", "by its letters")),
)


def test_a_message_survives_json() -> None:
    """What is posted is read again as it was, times included."""
    assert ScoreMessage.from_message(orjson.loads(orjson.dumps(MESSAGE.to_message()))) == MESSAGE


def test_ids_follow_from_the_request_and_the_names() -> None:
    """Scored again, the same names overwrite; further names are a message of their own."""
    again = replace(MESSAGE, scores=tuple(replace(score, comment="again") for score in reversed(MESSAGE.scores)))
    assert again.id == MESSAGE.id
    assert set(again.score_ids()) == set(MESSAGE.score_ids())
    assert replace(MESSAGE, scores=MESSAGE.scores[:1]).id != MESSAGE.id


@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        ("high", "NUMERIC"),
        ("yes", "BOOLEAN"),
        (1.0, "CATEGORICAL"),
        (2, "TEXT"),
        (1.0, "PERCENT"),
        (float("nan"), "NUMERIC"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(value: Any, data_type: Any) -> None:
    """A score that Langfuse would refuse is refused where it is made."""
    with pytest.raises(ValueError, match="score"):
        Score("Relevance", value, data_type)


@pytest.mark.parametrize(
    ("name", "wants", "traced"), [("langfuse", True, True), ("langfuse", False, False), ("otlp", True, False)]
)
def test_scores_join_only_traces_that_are_made(name: str, wants: bool, traced: bool) -> None:
    """Scores are posted where the consumer of traces wants the request, and nowhere else."""
    consumers: Any = Consumers([SimpleNamespace(name=name, wants=lambda _: wants)])  # type: ignore[list-item]
    assert are_traced(consumers, SimpleNamespace()) is traced  # type: ignore[arg-type]
