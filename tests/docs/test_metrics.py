"""docs/metrics.md lists the metrics that the code makes, all of them and no other, with their labels."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.docs.markdown import ROOT, table_rows

SOURCES = ("inferspect", "plugins", "guardrails", "callbacks")
KINDS = {"Counter", "Gauge", "Histogram", "Summary"}


class Metric(NamedTuple):
    name: str
    kind: str
    labels: tuple[str, ...]


def made() -> Iterator[Metric]:
    """Every metric that is made in the source, under the name that Prometheus sees."""
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "prometheus_client" in text:
                yield from made_in(ast.parse(text))


def made_in(source: ast.Module) -> Iterator[Metric]:
    for node in ast.walk(source):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) in KINDS and len(node.args) > 1):
            continue
        kind = ast.unparse(node.func).lower()
        name = str(ast.literal_eval(node.args[0]))
        labels = next((word.value for word in node.keywords if word.arg == "labelnames"), None)
        labels = node.args[2] if labels is None and len(node.args) > 2 else labels
        if kind == "counter":
            name = name.removesuffix("_total") + "_total"
        yield Metric(name, kind, () if labels is None else tuple(ast.literal_eval(labels)))


def documented() -> list[Metric]:
    rows = table_rows((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"))
    return [
        Metric(row[0].strip("`"), row[1], tuple(label.strip(" `") for label in row[2].split(",") if label.strip()))
        for row in rows
        if row[0].startswith("`inferspect_")
    ]


def test_every_metric_is_documented_with_its_type_and_labels() -> None:
    assert sorted(made()) == sorted(documented())


def test_every_metric_has_a_meaning() -> None:
    rows = table_rows((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"))
    assert all(len(row) == 4 and row[3] for row in rows if row[0].startswith("`inferspect_"))


def test_every_query_asks_for_metrics_that_exist() -> None:
    """In the examples."""
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    queries = text.partition("```promql")[2]
    asked = {re.sub(r"_bucket$", "", name) for name in re.findall(r"inferspect_\w+", queries)}
    assert asked
    assert asked <= {metric.name for metric in documented()}
