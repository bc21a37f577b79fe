"""Sets the guardrails of a worker up at its start."""

from __future__ import annotations

import os

from guardrails.pipeline.service import GuardrailService, install
from inferspect.extension import Worker


async def start(worker: Worker) -> None:
    """Warm the pool, open the vault, mount the routes.

    Raises:
        ValueError, OSError: a file that the settings name is wrong; the worker does not start.
    """
