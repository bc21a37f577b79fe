"""What Deepchecks' client is given; the client itself lies outside."""

from __future__ import annotations

import logging
import sys
from dataclasses import make_dataclass
from types import ModuleType
from typing import Any

import pytest

from callbacks.quality.deepchecks import DeepchecksConsumer
from inferspect.events.delivery import DONE, Delivery, Rejected, Retry
from inferspect.observation.quality import DeepchecksSettings
from tests.callbacks.quality.made import NOON, event

MESSAGE = {
    "id": "5f0c8f0e-0000-4000-8000-000000000000", "started_at": 10.0, "seconds": 0.5, "session_id": None,
    "tenant_id": "a", "model": "demo", "provider": "openai", "input_tokens": 3, "output_tokens": 4,
    "scores": {"Relevance": 0.5, "Language": 0.9}, "labels": {"Language": "en"},
    "question": "Q", "context": "", "answer": "A",
}  # fmt: skip


LOGGER = logging.getLogger("deepchecks_llm_client.client")
UserValueProperty = make_dataclass("UserValueProperty", ["name", "value", ("reason", str, None)])
LogInteraction = make_dataclass(
    "LogInteraction",
    [
        (name, Any, None)
        for name in (
            "input", "output", "information_retrieval", "history", "full_prompt", "expected_output", "is_completed",
            "metadata", "tokens", "input_tokens", "output_tokens", "model", "model_provider", "annotation",
            "annotation_reason", "steps", "user_value_properties", "started_at", "finished_at", "user_interaction_id",
            "vuln_type", "vuln_trigger_str", "topic", "interaction_type", "interaction_type_id", "session_id",
        )
    ],
)  # fmt: skip


class Client:
    """As :class:`deepchecks_llm_client.client.DeepchecksLLMClient` of 0.45.8, as far as it is used."""

    logged: list[tuple[Any, ...]]
    fails: bool

    def __init__(self, host: str, api_token: str, log_level: int = logging.WARNING) -> None:
        Client.made = (host, api_token)
        LOGGER.setLevel(log_level)

    def log_batch_interactions(
        self,
        app_name: str,
        version_name: str,
        env_type: str,
        interactions: list[Any],
        ignore_duplicates: bool = False,
    ) -> None:
        if Client.fails:
            LOGGER.error("Deepchecks SDK encountered a problem: the answer was: A")
            raise ConnectionError("the answer was: A")
        for _ in interactions:
            logging.getLogger("deepchecks_llm_client.data_types").warning("Deprecation Warning")
        assert ignore_duplicates
        Client.logged.append((app_name, version_name, env_type, interactions))


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> DeepchecksSettings:
    Client.logged, Client.fails = [], False
    monkeypatch.setenv("DEEPCHECKS_TOKEN", "token")
    for name, members in {
        "client": {"DeepchecksLLMClient": Client},
        "data_types": {"LogInteraction": LogInteraction, "UserValueProperty": UserValueProperty},
    }.items():
        module = ModuleType(f"deepchecks_llm_client.{name}")
        module.__dict__.update(members)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "deepchecks_llm_client", ModuleType("deepchecks_llm_client"))
    return DeepchecksSettings(application="shop", token="os.environ/DEEPCHECKS_TOKEN")


def delivery(message: dict[str, Any]) -> Delivery:
    return Delivery("deepchecks", "5f0c8f0e-0000-4000-8000-000000000000", NOON, "a", 1, message=message)


async def test_answers_are_logged_with_their_scores(settings: DeepchecksSettings) -> None:
    consumer = DeepchecksConsumer(settings)
    assert not consumer.wants(event())
    assert await consumer.deliver([delivery(MESSAGE), delivery({"id": "x"})]) == [
        DONE,
        Rejected("no message of scores"),
    ]
    assert Client.made == ("https://app.llm.deepchecks.com", "token")
    ((application, version, environment, (interaction,)),) = Client.logged
    assert (application, version, environment) == ("shop", "production", "PROD")
    assert (interaction.input, interaction.output, interaction.finished_at) == ("Q", "A", 10.5)
    assert {each.name: each.value for each in interaction.user_value_properties} == {
        "Relevance": 0.5,
        "Language": 0.9,
        "Language label": "en",
    }
    await consumer.close()


async def test_what_it_does_not_take_is_tried_again_and_quoted_nowhere(
    settings: DeepchecksSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """Its client logs what the server answers, and a warning for each interaction."""
    consumer = DeepchecksConsumer(settings)
    assert await consumer.deliver([delivery(MESSAGE)]) == [DONE]
    Client.fails = True
    assert await consumer.deliver([delivery(MESSAGE)]) == [Retry("Deepchecks did not take it: ConnectionError")]
    assert caplog.records == []


def test_without_its_client_the_start_says_what_to_install(
    settings: DeepchecksSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepchecks_llm_client", None)
    monkeypatch.setitem(sys.modules, "deepchecks_llm_client.client", None)
    with pytest.raises(ValueError, match="install deepchecks-llm-client"):
        DeepchecksConsumer(settings)
