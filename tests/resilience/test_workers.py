"""What one worker learns, all know."""

from __future__ import annotations

from pathlib import Path

import httpx

from inferspect.testing.gateway import GatewayProcess

ROOT = Path(__file__).parents[2]
BODY = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
ENOUGH_FOR_BOTH = 20


def asked(gateway: GatewayProcess, key: str) -> list[int]:
    """Statuses of requests over connections of their own, so that both workers get some."""
    statuses = []
    for _ in range(ENOUGH_FOR_BOTH):
        with gateway.client(key) as client:
            statuses.append(client.post("/v1/chat/completions", json=BODY).status_code)
    return statuses


def test_a_revoked_key_and_a_changed_rule_are_known_to_every_worker_at_once(tmp_path: Path) -> None:
    config, two_workers = ROOT / "litellm_config.yaml", {"NUM_WORKERS": "2"}
    with GatewayProcess(tmp_path, config, two_workers) as gateway, gateway.client() as admin:
        team = admin.post("/team/new", json={"team_alias": "changing"}).raise_for_status().json()["team_id"]
        key = admin.post("/key/generate", json={"team_id": team}).raise_for_status().json()["key"]
        assert set(asked(gateway, key)) == {httpx.codes.OK}
        rules = {"inferspect": {"models": {"allowed": ["other"]}}}
        admin.post("/team/update", json={"team_id": team, "metadata": rules}).raise_for_status()
        assert set(asked(gateway, key)) == {httpx.codes.FORBIDDEN}
        admin.post("/key/delete", json={"keys": [key]}).raise_for_status()
        assert set(asked(gateway, key)) == {httpx.codes.UNAUTHORIZED}
