"""Asks the gateway that runs on this machine about alerts, as its platform administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from inferspect.launcher.gateway_program import local_url
from inferspect.launcher.home import Home
from inferspect.settings import LaunchSettings

ENOUGH = 90  # seconds


class GatewayUnavailableError(Exception):
    """The gateway gave no answer, or a refusal; the message says which and what to do."""


class Alerts:
    """The routes below ``/api/v1/`` that are about alerts.

    Args:
        client: with the gateway's address and the platform administrator's key.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What a route tells; of the query what is not ``None``.

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

    def _ask(self, method: str, path: str, query: dict[str, Any], content: Any = None) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        try:
            response = self._client.request(method, f"/api/v1/{path}", params=given, json=content)
        except httpx.HTTPError as error:
            raise GatewayUnavailableError(
                f"No gateway answers at {self._client.base_url} ({type(error).__name__}). Start it with `inferspect "
                "serve`, or name its HOST and PORT."
            ) from None
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        told = body.get("error") if isinstance(body, dict) else None
        message = told.get("message") if isinstance(told, dict) else None
        raise GatewayUnavailableError(f"The gateway refused ({response.status_code}): {message or 'no reason given'}")


@contextmanager
def running_gateway(launch: LaunchSettings) -> Iterator[Alerts]:
    """The gateway of these settings.

    Raises:
        GatewayUnavailableError: there is no key to ask it with.
        LaunchError: the data folder's secrets cannot be read.
    """
    folder = launch.inferspect_home
    key = launch.litellm_master_key
    if key is None and (folder / "credentials.json").exists():
        key = Home(folder).credentials().master_key
    if key is None:
        raise GatewayUnavailableError(
            f"There is no key to ask the gateway with: {folder.absolute()} has no credentials.json. "
            "Set LITELLM_MASTER_KEY or INFERSPECT_HOME as for the gateway."
        )
    headers = {"Authorization": f"Bearer {key}"}
    # The address is this machine's own: no proxy of the environment stands between.
    with httpx.Client(base_url=local_url(launch), headers=headers, timeout=ENOUGH, trust_env=False) as client:
        yield Alerts(client)
