"""The routes for dead letters, and what LiteLLM's own tables tell of tenants, in a real gateway."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from inferspect.launcher.running_database import running_database
from inferspect.settings import LaunchSettings
from inferspect.store.address import driver_url
from inferspect.tenancy.lookup import TenantLookup
from inferspect.testing.gateway import GatewayProcess

PATH = "/api/v1/events/dead-letters"


def database_of(gateway: GatewayProcess) -> str:
    """The embedded one, found as commands find it."""
    return running_database(LaunchSettings(inferspect_home=gateway.home, database_url=None))


@pytest.fixture
def consumer(gateway: GatewayProcess) -> Iterator[str]:
    """A name of a consumer of the test's own."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    with psycopg.connect(database_of(gateway)) as connection:
        connection.execute("DELETE FROM inferspect.deliveries WHERE consumer = %s", (name,))


def dead(gateway: GatewayProcess, consumer: str, event_id: str) -> str:
    with psycopg.connect(database_of(gateway)) as connection:
        connection.execute(
            "INSERT INTO inferspect.deliveries"
            " (consumer, id, occurred_at, tenant_id, revision, attempts, dead_at, reason)"
            " SELECT %s, id, occurred_at, tenant_id, 1, 3, now(), 'refused' FROM inferspect.events WHERE id = %s",
            (consumer, event_id),
        )
    return event_id


def served(gateway: GatewayProcess, key: str, event_of: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
    with gateway.client(key) as client:
        return event_of(client.post("/v1/chat/completions", json=body).headers["x-request-id"])


def test_dead_letters_are_found_replayed_and_dropped(
    gateway: GatewayProcess, key: str, event_of: Callable[[str], dict[str, Any]], consumer: str
) -> None:
    ids = [dead(gateway, consumer, str(served(gateway, key, event_of)["id"])) for _ in range(2)]
    with gateway.client() as client:
        listed = client.get(PATH, params={"consumer": consumer}).json()["dead_letters"]
        shown = client.get(f"{PATH}/{consumer}/{ids[0]}").json()
        replayed = client.post(f"{PATH}/replay", json={"consumer": consumer, "id": ids[0]}).json()
        dropped = client.request("DELETE", PATH, json={"consumer": consumer, "older_than": 0}).json()
        gone = client.get(f"{PATH}/{consumer}/{ids[1]}")
    assert {letter["id"] for letter in listed} == set(ids)
    assert (shown["reason"], shown["event"]["route"]) == ("refused", "/v1/chat/completions")
    assert (replayed, dropped) == ({"replayed": 1}, {"dropped": 1})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "dead_letter_not_found")
    rows = gateway.query("SELECT id, dead_at, attempts FROM inferspect.deliveries WHERE consumer = %s", consumer)
    assert [(str(row["id"]), row["dead_at"], row["attempts"]) for row in rows] == [(ids[0], None, 0)]


@pytest.mark.parametrize("body", [{}, {"all": True}], ids=["nothing", "an unknown field"])
def test_a_selection_has_to_say_which(gateway: GatewayProcess, body: dict[str, Any]) -> None:
    with gateway.client() as client:
        refused = client.post(f"{PATH}/replay", json=body)
    assert refused.status_code in {400, 422}


def test_they_are_for_administrators_of_the_platform(gateway: GatewayProcess, key: str) -> None:
    with gateway.client(key) as client:
        answers = [
            client.get(PATH),
            client.get(f"{PATH}/x/{uuid.uuid4()}"),
            client.post(f"{PATH}/replay", json={"older_than": 0}),
            client.request("DELETE", PATH, json={"older_than": 0}),
        ]
    assert {answer.status_code for answer in answers} <= {401, 403}


def test_a_request_has_content_usage_and_no_open_deliveries_in_the_end(
    gateway: GatewayProcess, key: str, event_of: Callable[[str], dict[str, Any]]
) -> None:
    """Each consumer of the gateway has got it, or said that it does not want it."""
    event = served(gateway, key, event_of)
    (usage,) = gateway.query("SELECT * FROM inferspect.usage WHERE id = %s", event["id"])
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["cost"]) == (
        event["prompt_tokens"],
        event["completion_tokens"],
        event["cost"],
    )
    (content,) = gateway.query("SELECT * FROM inferspect.event_contents WHERE id = %s", event["id"])
    assert "Hello" in content["input"]
    assert content["output"]
    while gateway.query("SELECT FROM inferspect.deliveries WHERE id = %s AND dead_at IS NULL", event["id"]):
        pass
    assert not gateway.query("SELECT FROM inferspect.deliveries WHERE id = %s", event["id"])


def test_rules_of_tenants_are_found_in_litellms_table(gateway: GatewayProcess) -> None:
    """As LiteLLM itself writes it."""
    key = gateway.new_key(rules={"observation": {"retention_days": 3}})
    with gateway.client() as client:
        team = client.get("/key/info", params={"key": key}).json()["info"]["team_id"]

    async def looked_up() -> tuple[int | None, int | None]:
        engine = create_async_engine(driver_url(database_of(gateway)))
        try:
            lookup = TenantLookup(engine, {})
            everybody = await lookup.all()
            return (await lookup.rules_of(team)).observation.retention_days, everybody[team].observation.retention_days
        finally:
            await engine.dispose()

    assert asyncio.run(looked_up()) == (3, 3)
