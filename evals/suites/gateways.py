"""The gateway that suites run against: one that is given, or one of the run's own that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.suites.suite import SuiteError, read_answers
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
    folder = Path(tempfile.mkdtemp(prefix="inferspect-eval-"))
    try:
        with UpstreamSimulator(script=script) as simulator:
            gateway = OwnGateway(folder, config.absolute(), f"{simulator.url}/v1")
            try:
                gateway.start()
            except Exception as error:
                raise GatewayUnavailableError(f"the gateway of this run did not start: {error}") from error
            try:
                yield Gateway(gateway.url, gateway.credentials()["master_key"])
            finally:
                gateway.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
