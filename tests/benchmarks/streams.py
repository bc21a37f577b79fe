"""Streams with all guardrails on against none, alternating; `python -m tests.benchmarks streams`.

One gateway and two tenants: one has all guardrails on, the other none. The simulator writes at several paces, a piece
of four characters at a time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.comparison import CONFIG, Scenario, Side, chat, upstream
from tests.benchmarks.hooks import ALL_ON
from tests.benchmarks.load import Generator, Pace
from tests.benchmarks.tables import difference, table

ROUNDS = 4
OFF, ON = "off", "on"
ALL_OFF: dict[str, Any] = {name: {"enabled": False} for name in ALL_ON}
PACES = {2: 8, 5: 6, 20: 2}
"""Streams in each round, by the milliseconds between two pieces."""
ANSWERS = {
    "prose": (
        "The river rises in the hills above the old mill and runs past three villages before it meets the sea. In "
        "spring it carries snow and timber, in summer hardly any water."
    ),
    "long first word": (
        "Unfortunately nobody remembers who built the first bridge over the river, but everybody in the valley has a "
        "story to tell about the night on which it fell."
    ),
    "with values": (
        "You can write to jane.doe@example.com or call (212) 555-0123 on weekdays. The refund goes to the account "
        "DE89370400440532013000 within three days at the latest, as usual."
    ),
}
"""Text waits for the end of its word, so what the first piece of an answer holds decides when it goes out."""


def report() -> str:
    """Measure all paces and describe them in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "answers.yaml"
        rules = [{"match": f"^{kind} ", "answer": answer} for kind, answer in ANSWERS.items()]
        script.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
        with (
            upstream("--script", str(script)) as url,
            GatewayProcess(folder, CONFIG, {"INFERSPECT_DEMO_URL": f"{url}/v1"}) as gateway,
        ):
            sides = {
                ON: Side(gateway.url, gateway.new_key(ALL_ON)),
                OFF: Side(gateway.url, gateway.new_key(ALL_OFF)),
            }
            results = measure(url, sides)
    return "\n\n".join(tables(results))


Results = dict[tuple[int, str], dict[str, list[Pace]]]
"""Of each round, by pace, kind of answer and side."""


def measure(upstream_url: str, sides: dict[str, Side]) -> Results:
    results: Results = {(pace, kind): {side: [] for side in sides} for pace in PACES for kind in ANSWERS}
    with Generator() as load:
        for number in range(ROUNDS + 1):
            for pace, kind in results:
                behaviour = {"demo": f"speed-{1000 // pace}tps"}
                httpx.post(f"{upstream_url}/_simulator/behaviour", json=behaviour).raise_for_status()
                scenario = Scenario(kind, 1, PACES[pace], chat(f"{kind} {{word}}", stream=True))
                for name in sorted(sides, reverse=bool(number % 2)):
                    figures = load.run(sides[name].job(scenario, scenario.requests))
                    assert figures.pace is not None
                    # The first round warms up.
                    if number:
                        results[pace, kind][name].append(figures.pace)
    return results


def tables(results: Results) -> list[str]:
    return [
        _table(results, "first chunk with text", "first_p50", "first_p99"),
        _table(results, "between two chunks with text", "between_p50", "between_p99"),
        _table(results, "a character, on average", "character"),
    ]


def _table(results: Results, what: str, *names: str) -> str:
    lines = []
    for (pace, kind), rounds in results.items():
        cells = [
            difference([getattr(each, name) for each in rounds[ON]], [getattr(each, name) for each in rounds[OFF]])
            for name in names
        ]
        lines.append(f"| a piece every {pace} ms, {kind} | {' | '.join(cells)} |")
    shares = [name.rpartition("_")[2] for name in names] if len(names) > 1 else ["mean"]
    return table(f"{what}: milliseconds, {OFF} → {ON} | {' | '.join(shares)}", lines)
