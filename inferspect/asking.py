"""Asks the gateway that runs on this machine, as its platform administrator: for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from inferspect.launcher.gateway_program import local_url
from inferspect.launcher.home import stored_credentials
from inferspect.settings import LaunchSettings

ENOUGH = 90.0  # seconds


class GatewayUnavailableError(Exception):
    """The gateway gave no answer, or a refusal; the message says which and what to do."""


class RunningGateway:
    """The gateway at the address and with the key that the settings name.

    Args:
        client: with the gateway's address and the platform administrator's key.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The object that a route answers with; of the query what is not ``None`` is sent.

        Raises:
            GatewayUnavailableError: it refused, or gave no answer.
        """
        return self._ask("GET", path, query)

    def post(self, path: str, content: Any = None, **query: Any) -> dict[str, Any]:
        """As :meth:`get`."""
        return self._ask("POST", path, query, content)

    def delete(self, path: str) -> dict[str, Any]:
        """As :meth:`get`."""
        return self._ask("DELETE", path, {})

    def team(self, tenant: str) -> dict[str, Any]:
        """The LiteLLM team of a tenant.

        Args:
            tenant: id or alias.

        Raises:
            GatewayUnavailableError: there is none or more than one of this alias, or no answer.
        """
        found = self._send("GET", "/team/info", params={"team_id": tenant})
        if found.is_success:
            team: dict[str, Any] = found.json()["team_info"]
            return team
        listed = self.get("/v2/team/list", team_alias=tenant, page_size=100)
        teams = [team for team in listed["teams"] if team["team_alias"] == tenant]
        if len(teams) == 1:
            return dict(teams[0])
        if teams:
            ids = ", ".join(str(team["team_id"]) for team in teams)
            raise GatewayUnavailableError(f"Several tenants are called {tenant!r}; give the id of one: {ids}.")
        raise GatewayUnavailableError(f"There is no tenant of the id or alias {tenant!r}.")

    def _ask(self, method: str, path: str, query: dict[str, Any], content: Any = None) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        response = self._send(method, path, params=given, json=content)
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        told = body.get("error") if isinstance(body, dict) else None
        message = told.get("message") if isinstance(told, dict) else None
        raise GatewayUnavailableError(f"The gateway refused ({response.status_code}): {message or 'no reason given'}")

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise GatewayUnavailableError(
                f"No gateway answers at {self._client.base_url} ({type(error).__name__}). Start it with `inferspect "
                "serve`, or name its HOST and PORT."
            ) from None


@contextmanager
def running_gateway(launch: LaunchSettings) -> Iterator[RunningGateway]:
    """The gateway of these settings.

    Raises:
        GatewayUnavailableError: there is no key to ask it with.
        LaunchError: the data folder's secrets cannot be read.
    """
    stored = None if launch.litellm_master_key else stored_credentials(launch.inferspect_home)
    key = launch.litellm_master_key or (stored.master_key if stored else None)
    if key is None:
        raise GatewayUnavailableError(
            f"There is no key to ask the gateway with: {launch.inferspect_home.absolute()} has no credentials.json. "
            "Set LITELLM_MASTER_KEY or INFERSPECT_HOME as for the gateway."
        )
    headers = {"Authorization": f"Bearer {key}"}
    # The address is this machine's own: no proxy of the environment stands between.
    with httpx.Client(base_url=local_url(launch), headers=headers, timeout=ENOUGH, trust_env=False) as client:
        yield RunningGateway(client)
