"""A tenant for each suite, with the rules that the suite asks for, gone when the suite has been run."""

from __future__ import annotations

import math
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from evals.suites.gateways import Gateway, GatewayUnavailableError
from evals.suites.suite import Suite, SuiteError

PATIENCE = 60.0  # seconds
REFUSED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A key to run a suite with; ``made`` where it is of a tenant of the suite's own."""

    key: str
    made: bool


class Tenants:
    """Makes tenants on a gateway where its key may; with a plain key, that key runs every suite.

    Args:
        keys: takes every key that is used, to look for in what the run leaves behind.
        lifetime: seconds after which a tenant's key ends by itself, as that of a run that is killed must.

    Attributes:
        left: tenants that could not be removed, and why.
    """

    def __init__(self, gateway: Gateway, keys: set[str], lifetime: float) -> None:
        keys.add(gateway.key)
        self._keys = keys
        self._lifetime = f"{math.ceil(lifetime)}s"
        self.left: list[str] = []
        self._gateway = gateway
        self._api = httpx.AsyncClient(
            base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.key}"}, timeout=PATIENCE
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._api.aclose()

    async def check(self) -> None:
        """Be sure that the gateway is there and takes the key.

        Raises:
            GatewayUnavailableError: it does not answer.
            SuiteError: it refuses the key.
        """
        response = await self._ask("GET", "/v1/models")
        if response.status_code in REFUSED:
            raise SuiteError(f"{self._gateway.url} refuses the key ({_message(response)}): give another with EVAL_KEY")
        if not response.is_success:
            raise GatewayUnavailableError(f"{self._gateway.url}/v1/models answered {response.status_code}")

    @asynccontextmanager
    async def tenant(self, suite: Suite) -> AsyncIterator[Tenant]:
        """A tenant with the suite's rules.

        Raises:
            SuiteError: the gateway refuses the rules.
            GatewayUnavailableError: it does not answer as it should.
        """
        team = await self._team(suite)
        if team is None:
            yield Tenant(self._gateway.key, made=False)
            return
        try:
            asked = {"team_id": team, "key_alias": f"{team}-key", "duration": self._lifetime}
            made = await self._made("/key/generate", asked, suite)
            key = str(made["key"])
            self._keys.add(key)
            yield Tenant(key, made=True)
        finally:
            await self._remove(team)

    async def _team(self, suite: Suite) -> str | None:
        """Id of a new team; ``None`` where the key is not one that may make teams."""
        name = f"eval-{suite.name}-{uuid.uuid4().hex[:8]}"
        body = {"team_id": name, "team_alias": name, "metadata": {"inferspect": suite.options.rules}}
        response = await self._ask("POST", "/team/new", body)
        if response.status_code in REFUSED:
            return None
        self._check(response, suite)
        return name

    async def _made(self, path: str, body: dict[str, Any], suite: Suite) -> dict[str, Any]:
        response = await self._ask("POST", path, body)
        self._check(response, suite)
        made: dict[str, Any] = response.json()
        return made

    def _check(self, response: httpx.Response, suite: Suite) -> None:
        if response.is_client_error:
            raise SuiteError(f"{suite.configuration}: metadata.inferspect.rules: {_message(response)}")
        if not response.is_success:
            path = response.request.url.path
            raise GatewayUnavailableError(f"{path} answered {response.status_code}: {_message(response)}")

    async def _remove(self, team: str) -> None:
        """Remove a tenant with its keys, once more where that fails; a run is not lost for what is left of it."""
        told = ""
        for _ in range(2):
            try:
                response = await self._ask("POST", "/team/delete", {"team_ids": [team]})
            except GatewayUnavailableError as error:
                told = str(error)
                continue
            if response.is_success:
                return
            told = _message(response)
        self.left.append(f"{team}: {told}")

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            return await self._api.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise GatewayUnavailableError(
                f"{self._gateway.url} cannot be reached ({type(error).__name__}): is the gateway running?"
            ) from error


def _message(response: httpx.Response) -> str:
    """What the gateway says is wrong."""
    try:
        told = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        told = response.text
    return str(told)[:500]
