"""A gateway that observes nothing: `python -m tests.benchmarks.observation_none serve` instead of `inferspect serve`.

No setting turns events and the audit log off, so its workers have another start-up hook: no observer joins in, and
requests pass the middleware that records them by. All else is the gateway's own.
"""

from __future__ import annotations

from unittest.mock import patch

from inferspect import gateway
from inferspect.cli import main
from inferspect.events import observation
from inferspect.launcher import gateway_program
from inferspect.testing.gateway import GatewayProcess

HOOK = "tests.benchmarks.observation_none:start"


class UnobservingGateway(GatewayProcess):
    """A real gateway, but for what observes; its configuration has no hook of `callbacks`."""

    command = ("tests.benchmarks.observation_none", "serve")


async def start() -> None:
    """Start a worker as :func:`inferspect.gateway.start` does."""
    nobody = patch.object(observation, "observers", lambda: iter(()))
    passed_by = patch.object(gateway, "RecordingMiddleware", lambda app, **_options: app)
    with nobody, passed_by:
        await gateway.start()


if __name__ == "__main__":
    gateway_program.STARTUP_HOOK = HOOK
    main()
