"""Usage and cost by tenant, for a bounded number of tenants: the rest is told together, as ``other``.

Usage of a tenant that has no name yet is kept aside for a moment, until :mod:`callbacks.metrics.chosen` says for all
workers whether it gets one; so nothing is counted under two names, and no request waits for a file.
"""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import Counter

from inferspect.events.event import GatewayEvent
from inferspect.labels.names import OTHER, label

NOBODY = "none"  # requests that were refused before it was known whose they are
MOST_WAITING = 5_000
Labels = tuple[str, str]

REQUESTS = Counter(
    "inferspect_tenant_requests_total",
    "Requests of a tenant by how they ended.",
    ("tenant", "tenant_alias", "result"),
)
TOKENS = Counter(
    "inferspect_tenant_tokens_total",
    "Tokens of a tenant. `prompt` and `completion` are all; the other kinds are parts of them.",
    ("tenant", "tenant_alias", "kind"),
)
COST = Counter(
    "inferspect_tenant_cost_dollars_total",
    "Cost of a tenant's requests in US dollars, as LiteLLM calculates it.",
    ("tenant", "tenant_alias"),
)


@dataclass(slots=True)
class Usage:
    """What a tenant has used and is not told yet."""

    alias: str | None
    results: Sums[str] = field(default_factory=Sums)
    tokens: Sums[str] = field(default_factory=Sums)
    cost: float = 0.0


class _Series:
    """The parts of the metrics that belong to one tenant, looked up once."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._results: dict[str, Counter] = {}
        self._tokens: dict[str, Counter] = {}
        self._cost = COST.labels(*labels)

    def add(self, result: str, tokens: Mapping[str, int], cost: float, requests: int = 1) -> None:
        if result not in self._results:
            self._results[result] = REQUESTS.labels(*self._labels, result)
        self._results[result].inc(requests)
        self.add_usage(tokens, cost)

    def add_usage(self, tokens: Mapping[str, int], cost: float) -> None:
        for kind, number in tokens.items():
            if kind not in self._tokens:
                self._tokens[kind] = TOKENS.labels(*self._labels, kind)
            self._tokens[kind].inc(number)
        if cost:
            self._cost.inc(cost)


class TenantUsage:
    """Counts events by tenant.

    Attributes:
        waiting: usage of tenants of which it is not decided whether they have a name, by id.
    """

    def __init__(self) -> None:
        self._named: dict[str, _Series] = {NOBODY: _Series((NOBODY, ""))}
        self._other = _Series((OTHER, ""))
        self._closed = False
        self.waiting: dict[str, Usage] = {}

    def count(self, event: GatewayEvent) -> None:
        tenant = event.tenant_id or NOBODY
        tokens, cost = _tokens(event), max(0.0, event.cost or 0.0)
        series = self._named.get(tenant)
        if series is None and (self._closed or (tenant not in self.waiting and len(self.waiting) >= MOST_WAITING)):
            series = self._other
        if series is not None:
            series.add(event.result, tokens, cost)
            return
        usage = self.waiting.setdefault(tenant, Usage(event.tenant_alias))
        usage.results[event.result] += 1
        usage.tokens.update(tokens)
        usage.cost += cost

    def settle(self, names: Mapping[str, str | None], *, closed: bool) -> None:
        """Tell what has waited.

        Args:
            names: aliases of all tenants that have a name, by id.
            closed: no tenant that is not among them will ever get one.
        """
        for tenant, alias in names.items():
            if tenant not in self._named:
                self._named[tenant] = _Series((label(tenant), label(alias or "")))
        self._closed = closed
        waiting, self.waiting = self.waiting, {}
        for tenant, usage in waiting.items():
            series = self._named.get(tenant, self._other)
            for result, requests in usage.results.items():
                series.add(result, {}, 0.0, requests)
            series.add_usage(usage.tokens, usage.cost)


def _tokens(event: GatewayEvent) -> dict[str, int]:
    """Numbers of tokens by kind, those that are not zero."""
    kinds = {"prompt": event.prompt_tokens or 0, "completion": event.completion_tokens or 0, **event.usage}
    return {kind: number for kind, number in kinds.items() if number > 0}
