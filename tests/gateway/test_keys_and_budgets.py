"""Keys, budgets and spend as a platform administrator manages them over HTTP."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx
import pytest

from inferspect.launcher.demo import ensure_demo_tenant
from inferspect.launcher.home import Credentials
from inferspect.testing.gateway import GatewayProcess

CHAT: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 50}


def made_team(admin: httpx.Client, **fields: Any) -> str:
    body = {"team_alias": f"tenant-{uuid.uuid4().hex[:8]}", **fields}
    return str(admin.post("/team/new", json=body).raise_for_status().json()["team_id"])


def made_key(admin: httpx.Client, **fields: Any) -> str:
    return str(admin.post("/key/generate", json=fields).raise_for_status().json()["key"])


def complete(gateway: GatewayProcess, key: str) -> httpx.Response:
    with gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=CHAT)


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    return error


def test_spend_of_a_completion_reaches_its_key_and_team(gateway: GatewayProcess) -> None:
    """What the response says it cost is what key and team have spent after the next write."""
    with gateway.client() as admin:
        team = made_team(admin, max_budget=10)
        key = made_key(admin, team_id=team)
        answer = complete(gateway, key).raise_for_status()
        cost = float(answer.headers["x-litellm-response-cost"])
        assert cost > 0
        while not (spent := admin.get("/key/info", params={"key": key}).raise_for_status().json()["info"]["spend"]):
            time.sleep(0.2)
        assert spent == pytest.approx(cost)
        while not (spent := admin.get("/team/info", params={"team_id": team}).json()["team_info"]["spend"]):
            time.sleep(0.2)
        assert spent == pytest.approx(cost)


async def test_data_folders_with_one_database_have_a_demo_key_each(gateway: GatewayProcess) -> None:
    """A second replica, or a folder that was lost: LiteLLM takes each alias once, and the gateway started no more."""
    for _ in range(2):
        other = Credentials()
        await ensure_demo_tenant(gateway.url, gateway.credentials()["master_key"], other)
        assert complete(gateway, other.demo_key).status_code == httpx.codes.OK
    with gateway.client() as admin:
        keys = admin.get("/key/list", params={"team_id": "demo", "return_full_object": True}).raise_for_status().json()
    aliases = [key["key_alias"] for key in keys["keys"]]
    assert "demo" in aliases
    assert len(set(aliases)) == len(aliases) >= 3


def test_a_team_beyond_its_budget_is_refused(gateway: GatewayProcess) -> None:
    """Once a budget is spent, requests are refused with 422 and the code ``budget_exceeded``."""
    with gateway.client() as admin:
        team = made_team(admin, max_budget=0.00002)
        key = made_key(admin, team_id=team)
        while (response := complete(gateway, key)).status_code == httpx.codes.OK:
            pass
    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert error_of(response)["code"] == "budget_exceeded"
    assert error_of(response)["type"] == "invalid_request_error"


def test_a_key_beyond_its_own_budget_is_refused(gateway: GatewayProcess) -> None:
    """A key's budget holds beside its team's, also for Anthropic's API, in its shape."""
    with gateway.client() as admin:
        key = made_key(admin, team_id=made_team(admin), max_budget=0.00002)
    while complete(gateway, key).status_code == httpx.codes.OK:
        pass
    with gateway.client(key) as client:
        response = client.post("/v1/messages", json=CHAT)
    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.json()["type"] == "error"
    assert error_of(response)["code"] == "budget_exceeded"


def test_a_revoked_key_is_refused_at_once(gateway: GatewayProcess) -> None:
    """The first request after a key was deleted is refused, though the worker had the key in mind."""
    key = gateway.new_key()
    assert complete(gateway, key).status_code == httpx.codes.OK
    with gateway.client() as admin:
        admin.post("/key/delete", json={"keys": [key]}).raise_for_status()
    response = complete(gateway, key)
    assert response.status_code == httpx.codes.UNAUTHORIZED
    assert error_of(response)["code"] == "invalid_api_key"
    assert key not in response.text


def test_a_blocked_key_is_refused_until_it_is_unblocked(gateway: GatewayProcess) -> None:
    """Blocking a key takes effect at once, and so does taking it back."""
    key = gateway.new_key()
    assert complete(gateway, key).status_code == httpx.codes.OK
    with gateway.client() as admin:
        admin.post("/key/block", json={"key": key}).raise_for_status()
        assert complete(gateway, key).status_code == httpx.codes.UNAUTHORIZED
        admin.post("/key/unblock", json={"key": key}).raise_for_status()
    assert complete(gateway, key).status_code == httpx.codes.OK


def test_an_expired_key_is_refused(gateway: GatewayProcess) -> None:
    """A key that has run out is refused with a code of its own, and nothing of the key is shown."""
    with gateway.client() as admin:
        key = made_key(admin, duration="1s")
    time.sleep(1.2)
    response = complete(gateway, key)
    assert response.status_code == httpx.codes.UNAUTHORIZED
    assert error_of(response)["code"] == "expired_api_key"
    assert key[-4:] not in response.text


def test_keys_of_a_team_are_listed_without_the_keys_themselves(gateway: GatewayProcess) -> None:
    """The list has a team's keys by alias and hash; a key itself is shown only once, when it is made."""
    alias = f"key-{uuid.uuid4().hex[:8]}"
    with gateway.client() as admin:
        team = made_team(admin)
        key = made_key(admin, team_id=team, key_alias=alias)
        listed = admin.get("/key/list", params={"team_id": team, "return_full_object": "true"}).raise_for_status()
    assert [entry["key_alias"] for entry in listed.json()["keys"]] == [alias]
    assert key not in listed.text


def test_a_tenant_key_manages_nothing(gateway: GatewayProcess, key: str) -> None:
    """A tenant cannot make keys, raise budgets, add models or read another team's spend."""
    with gateway.client(key) as tenant, gateway.client() as admin:
        other = made_team(admin)
        attempts = [
            tenant.post("/team/new", json={"team_alias": "mine"}),
            tenant.post("/team/update", json={"team_id": other, "max_budget": 1000}),
            tenant.post("/model/new", json={"model_name": "mine", "litellm_params": {"model": "openai/x"}}),
            tenant.get("/team/info", params={"team_id": other}),
            tenant.get("/spend/logs"),
        ]
    assert [response.status_code for response in attempts if response.status_code < 400] == []


def test_models_of_a_key_are_a_limit(gateway: GatewayProcess) -> None:
    """LiteLLM's own list of a key's models is enforced, with the code that our rules use too."""
    with gateway.client() as admin:
        key = made_key(admin, team_id=made_team(admin), models=["demo-embedding"])
    response = complete(gateway, key)
    assert 400 <= response.status_code < 500
    assert error_of(response)["code"] == "model_not_allowed"
