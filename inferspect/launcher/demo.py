"""The demo tenant: a team and a key, so that the first request works before anything is set up."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import httpx

from inferspect.launcher.home import LaunchError

if TYPE_CHECKING:
    from inferspect.launcher.home import Credentials

TEAM = "demo"
MODELS = ["demo", "demo-embedding"]


async def ensure_demo_tenant(url: str, master_key: str, credentials: Credentials) -> None:
    """Create the team ``demo`` and its key where they are not there; asks LiteLLM's API like any administrator.

    Raises:
        LaunchError: the API refused.
    """
    headers = {"Authorization": f"Bearer {master_key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as api:
        if (await api.get("/key/info", params={"key": credentials.demo_key})).is_success:
            return
        if not (await api.get("/team/info", params={"team_id": TEAM})).is_success:
            await _post(api, "/team/new", {"team_id": TEAM, "team_alias": "Demo", "models": MODELS})
        key = {"team_id": TEAM, "key": credentials.demo_key, "models": MODELS}
        # Another data folder may have made a demo key in this database, and LiteLLM takes each alias once.
        own = f"demo-{sha256(credentials.demo_key.encode()).hexdigest()[:8]}"
        if not (await api.post("/key/generate", json={**key, "key_alias": "demo"})).is_success:
            await _post(api, "/key/generate", {**key, "key_alias": own})


async def _post(api: httpx.AsyncClient, path: str, body: dict[str, object]) -> None:
    response = await api.post(path, json=body)
    if not response.is_success:
        raise LaunchError(f"The demo tenant cannot be made: {path} answered {response.status_code}: {response.text}")
