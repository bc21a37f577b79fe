"""All guardrails on against the same gateway without their hook, alternating; `python -m tests.benchmarks hooks`."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.comparison import CONFIG, Comparison, Scenario, Side, chat, upstream
from tests.benchmarks.gateway import worker_and_engine

ROUNDS = 10
HOOK = "guardrails.pipeline.hook"
WITHOUT, WITH = "without the hook", "all guardrails on"
ALL_ON = {
    name: {"enabled": True, "dry_run": False} for name in ("pii", "secrets", "content_safety", "prompt_injection")
}
"""Rules of a tenant."""
MESSAGE = (
    "Our office in {word} moves in spring, and the landlord asks for a new contract. Please draft a short and polite "
    "answer that asks for two more weeks. Reply to jane.doe@example.com as usual."
)
"""About 200 characters, with one value."""
SCENARIOS = (
    Scenario("1 at a time", 1, 80, chat(MESSAGE)),
    Scenario("20 at once", 20, 160, chat(MESSAGE)),
    Scenario("100 at once", 100, 200, chat(MESSAGE)),
)


def report() -> str:
    """Measure both gateways and describe them in Markdown."""
    with tempfile.TemporaryDirectory() as name, upstream() as url, ExitStack() as running:
        folder = Path(name)
        stripped = folder / "without_hook.yaml"
        stripped.write_text(yaml.safe_dump(without_hook()), encoding="utf-8")
        sides = {}
        for side, config in ((WITH, CONFIG), (WITHOUT, stripped)):
            gateway = GatewayProcess(folder / side.replace(" ", "-"), config, {"INFERSPECT_DEMO_URL": f"{url}/v1"})
            running.enter_context(gateway)
            sides[side] = Side(gateway.url, gateway.new_key(ALL_ON), worker_and_engine(gateway))
        compared = Comparison(WITHOUT, WITH)
        compared.measure(sides, SCENARIOS, ROUNDS)
    return "\n\n".join([compared.throughput(), compared.latencies("p50", "p99"), compared.processor()])


def without_hook() -> dict[str, Any]:
    """The repository's configuration, but for the guardrails' hook."""
    content: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["litellm_settings"]["callbacks"].remove(HOOK)
    return content
