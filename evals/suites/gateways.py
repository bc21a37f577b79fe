"""The gateway that suites run against: one that is given, or one of the run's own that is gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from evals.suites.scratch import scratch_folder
from evals.suites.suite import SuiteError, read_answers
from inferspect.launcher.proxies import NAMES, no_proxy_to_here
from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import ScriptError, UpstreamSimulator

# A person's own database, Redis and master key are none of the run's business; keys of providers are.
NOT_PASSED_ON = ("DATABASE_URL", "REDIS_URL", "HOST", "NUM_WORKERS", "UI_USERNAME", "UI_PASSWORD")
NOT_PASSED_ON_PREFIXES = ("LITELLM_", "INFERSPECT_", "PROMETHEUS_", "EVAL_")


class GatewayUnavailableError(Exception):
    """The gateway cannot be started or reached."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where it is, without ``/v1``, and a key: an administrator's or a tenant's."""

    url: str
    key: str


def given_gateway(url: str, key: str) -> Gateway:
    """A gateway that runs, whose address may end with ``/v1``.

    Raises:
        SuiteError: that is no address or no key, whoever is asked.
    """
    try:
        address = httpx.URL(url.rstrip("/").removesuffix("/v1"))
    except httpx.InvalidURL as error:
        raise SuiteError(f"{url!r} is no address of a gateway: {error}") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise SuiteError(f"{url!r} is no address of a gateway, such as https://gateway.example.com")
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise SuiteError("the key holds characters that no key has: look at EVAL_KEY")
    return Gateway(str(address), key)


class OwnGateway(GatewayProcess):
    """A gateway that ends with the process that started it, and knows nothing of that process's own installation."""

    command = ("evals.suites.serving",)

    def __init__(self, folder: Path, config: Path, demo_url: str) -> None:
        super().__init__(folder, config)
        own = {name: self._environment[name] for name in ("INFERSPECT_HOME", "INFERSPECT_CONFIG", "PORT")}
        passed_on = {
            name: value
            for name, value in self._environment.items()
            if name not in NOT_PASSED_ON and not name.startswith(NOT_PASSED_ON_PREFIXES)
        }
        self._environment = {**passed_on, **own, "INFERSPECT_DEMO_URL": demo_url}


@contextmanager
def own_gateway(config: Path, script: Sequence[Any]) -> Iterator[Gateway]:
    """A gateway on a free port with a new data folder, its demo model answering as a script says.

    Raises:
        GatewayUnavailableError: it did not start.
    """
    with scratch_folder() as folder, _no_proxy_to_here(), UpstreamSimulator(script=script) as simulator:
        gateway = OwnGateway(folder, config.absolute(), f"{simulator.url}/v1")
        try:
            gateway.start()
        except Exception as error:
            raise GatewayUnavailableError(f"the gateway of this run did not start: {error}") from error
        try:
            yield Gateway(gateway.url, gateway.credentials()["master_key"])
        finally:
            gateway.stop()


@contextmanager
def _no_proxy_to_here() -> Iterator[None]:
    """A proxy is for what lies elsewhere: this process and its children reach the run's own gateway without it."""
    before = {name: os.environ.get(name) for name in NAMES}
    os.environ.update(no_proxy_to_here(os.environ))
    try:
        yield
    finally:
        for name, told in before.items():
            if told is None:
                del os.environ[name]
            else:
                os.environ[name] = told


def script_of(folder: Path) -> list[Any]:
    """The answers of all suites in a folder, whichever are run: a suite alone gets what it gets among all.

    Raises:
        SuiteError: naming the file with answers that are wrong.
    """
    answers = read_answers(folder)
    for path, rules in answers:
        try:
            UpstreamSimulator(script=rules)
        except ScriptError as error:
            raise SuiteError(f"{path}: {error}") from error
    return [rule for _, rules in answers for rule in rules]
