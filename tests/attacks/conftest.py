"""Tenants of the running gateway that attack it, and each other."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.attacks.tenants import Tenant


@pytest.fixture(scope="session")
def make_tenant(gateway: GatewayProcess) -> Callable[..., Tenant]:
    def make(team_id: str | None = None) -> Tenant:
        with gateway.client() as client:
            people = []
            for _ in range(2):
                made = client.post("/user/new", json={"user_role": "internal_user", "auto_create_key": False})
                people.append(made.raise_for_status().json()["user_id"])
            roles = [{"role": role, "user_id": one} for role, one in zip(("admin", "user"), people, strict=True)]
            body = {"team_alias": f"t-{uuid.uuid4().hex[:8]}", "members_with_roles": roles}
            if team_id is not None:
                body["team_id"] = team_id
            team = client.post("/team/new", json=body).raise_for_status().json()["team_id"]
            keys = [
                client.post("/key/generate", json={"team_id": team, "user_id": one}).raise_for_status().json()["key"]
                for one in people
            ]
        return Tenant(team, *keys)

    return make


@pytest.fixture(scope="session")
def ours(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


@pytest.fixture(scope="session")
def theirs(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()
