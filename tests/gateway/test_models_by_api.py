"""Models that an administrator adds, changes and removes while the gateway runs."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

CREDENTIAL = "made-up-credential-4f1c9a7e"


def complete(gateway: GatewayProcess, key: str, model: str) -> httpx.Response:
    with gateway.client(key) as client:
        body = {"model": model, "messages": [{"role": "user", "content": f"for {model}"}]}
        return client.post("/v1/chat/completions", json=body)


def added(gateway: GatewayProcess, upstream: UpstreamSimulator, name: str) -> str:
    """The id of a new model that echoes."""
    params = {"model": "openai/echo", "api_base": f"{upstream.url}/v1", "api_key": CREDENTIAL}
    with gateway.client() as admin:
        made = admin.post("/model/new", json={"model_name": name, "litellm_params": params}).raise_for_status()
    return str(made.json()["model_id"])


def deleted(gateway: GatewayProcess, model_id: str) -> None:
    with gateway.client() as admin:
        admin.post("/model/delete", json={"id": model_id}).raise_for_status()


def test_a_new_model_is_usable_at_once_and_a_deleted_one_is_gone(
    gateway: GatewayProcess, upstream: UpstreamSimulator, key: str
) -> None:
    """The first request after a model was added is served with its credential; after its deletion it is unknown."""
    name = f"added-{uuid.uuid4().hex[:8]}"
    model_id = added(gateway, upstream, name)
    answer = complete(gateway, key, name).raise_for_status().json()
    assert json.loads(answer["choices"][0]["message"]["content"])["model"] == "echo"
    sent = next(request for request in upstream.received if f"for {name}" in request.text)
    assert sent.headers["authorization"] == f"Bearer {CREDENTIAL}"
    deleted(gateway, model_id)
    while (response := complete(gateway, key, name)).status_code == httpx.codes.OK:
        time.sleep(0.2)  # the router forgets it with its next look at the database
    assert response.json()["error"]["code"] == "model_not_found"


def test_a_credential_is_stored_encrypted_and_never_shown(gateway: GatewayProcess, upstream: UpstreamSimulator) -> None:
    """Neither the database, nor the log, nor the administrator's API show a provider's key that was stored."""
    name = f"added-{uuid.uuid4().hex[:8]}"
    model_id = added(gateway, upstream, name)
    rows: list[dict[str, Any]] = gateway.query(
        'SELECT litellm_params FROM "LiteLLM_ProxyModelTable" WHERE model_id = %s', model_id
    )
    stored = rows[0]["litellm_params"]
    assert stored["api_key"]
    assert CREDENTIAL not in json.dumps(stored)
    with gateway.client() as admin:
        assert CREDENTIAL not in admin.get("/model/info").raise_for_status().text
        assert CREDENTIAL not in admin.get("/v2/model/info").raise_for_status().text
    assert CREDENTIAL not in gateway.log()
    deleted(gateway, model_id)
