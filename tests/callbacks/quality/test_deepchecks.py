"""What Deepchecks' client is given; the client itself lies outside."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
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


class Client:
    """As :class:`deepchecks_llm_client.client.DeepchecksLLMClient`, as far as it is used."""

    logged: list[tuple[Any, ...]]
    fails: bool

    def __init__(self, host: str, api_token: str) -> None:
        Client.made = (host, api_token)

    def log_batch_interactions(self, *arguments: Any, ignore_duplicates: bool) -> None:
        if Client.fails:
            raise ConnectionError("the answer was: A")
        assert ignore_duplicates
        Client.logged.append(arguments)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> DeepchecksSettings:
    Client.logged, Client.fails = [], False
    monkeypatch.setenv("DEEPCHECKS_TOKEN", "token")
    for name, members in {
        "client": {"DeepchecksLLMClient": Client},
        "data_types": {"LogInteraction": SimpleNamespace, "UserValueProperty": SimpleNamespace},
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


async def test_what_it_does_not_take_is_tried_again_and_not_quoted(settings: DeepchecksSettings) -> None:
    consumer = DeepchecksConsumer(settings)
    Client.fails = True
    assert await consumer.deliver([delivery(MESSAGE)]) == [Retry("Deepchecks did not take it: ConnectionError")]


def test_without_its_client_the_start_says_what_to_install(
    settings: DeepchecksSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "deepchecks_llm_client", None)
    monkeypatch.setitem(sys.modules, "deepchecks_llm_client.client", None)
    with pytest.raises(ValueError, match=r"install inferspect\[deepchecks\]"):
        DeepchecksConsumer(settings)
