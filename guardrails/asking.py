"""Asks the gateway that runs on this machine, as its platform administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from guardrails.local import stored_credentials
from inferspect.launcher.gateway_program import local_url
from inferspect.settings import LaunchSettings

ENOUGH = 60  # seconds


class GatewayUnavailableError(Exception):
    """The gateway gave no answer, or a refusal; the message says which and what to do."""


class RunningGateway:
    """The gateway at the address and with the key that the settings name.

    Args:
        client: with the gateway's address and the platform administrator's key.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

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
        query: dict[str, str | int] = {"team_alias": tenant, "page_size": 100}
        listed = self._answer(self._send("GET", "/v2/team/list", params=query))
        teams = [team for team in listed["teams"] if team["team_alias"] == tenant]
        if len(teams) == 1:
            return dict(teams[0])
        if teams:
            ids = ", ".join(str(team["team_id"]) for team in teams)
            raise GatewayUnavailableError(f"Several tenants are called {tenant!r}; give the id of one: {ids}.")
        raise GatewayUnavailableError(f"There is no tenant of the id or alias {tenant!r}.")

    def preview(self, **fields: Any) -> dict[str, Any]:
        """The answer of ``POST /api/v1/guardrails/preview``.

        Raises:
            GatewayUnavailableError: it refused, or gave no answer.
        """
        return self._answer(self._send("POST", "/api/v1/guardrails/preview", json=fields))

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise GatewayUnavailableError(
                f"No gateway answers at {self._client.base_url} ({type(error).__name__}). Start it with `inferspect "
                "serve`, name its HOST and PORT, or leave --tenant out to try the default rules without one."
            ) from None

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        told = body.get("error") if isinstance(body, dict) else None
        message = told.get("message") if isinstance(told, Mapping) else None
        raise GatewayUnavailableError(f"The gateway refused ({response.status_code}): {message or 'no reason given'}")


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
