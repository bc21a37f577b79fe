"""Which models have a name of their own in figures: those that an administrator has configured.

A client may ask for any name, so what it asks for is never a label by itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inferspect.labels.names import OTHER, NamesSeen, label

ASKED_AGAIN_AFTER = 60.0  # seconds; models can be added while the gateway runs
REMEMBERED = 2_000
MOST_NAMES = 200


class ModelLabels:
    """Labels of models.

    Args:
        configured: names of all configured models, wildcards such as ``openai/*`` among them.
        most: how many of them are told apart; those that come later are ``other``.
    """

    def __init__(self, configured: Callable[[], Iterable[str]], most: int = MOST_NAMES) -> None:
        self._configured = configured
        self._exact: frozenset[str] = frozenset()
        self._wildcards: list[tuple[str, re.Pattern[str]]] = []
        self._labels: dict[str, str] = {}
        self._told = NamesSeen(most)
        self._asked_at: float | None = None

    def __call__(self, model: str) -> str:
        """The configured name that ``model`` falls under, the longest wildcard where several match; else ``other``."""
        now = time.monotonic()
        if self._asked_at is None or now - self._asked_at > ASKED_AGAIN_AFTER or len(self._labels) >= REMEMBERED:
            self._asked_at = now
            self._ask()
        known = self._labels.get(model)
        if known is None:
            known = self._labels[model] = self._find(model)
        return known

    def _ask(self) -> None:
        names = set(self._configured())
        self._exact = frozenset(name for name in names if "*" not in name)
        wildcards = sorted((name for name in names if "*" in name), key=len, reverse=True)
        self._wildcards = [
            (name, re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)) for name in wildcards
        ]
        self._labels.clear()

    def _find(self, model: str) -> str:
        if model in self._exact:
            return self._told.name(label(model))
        return next((self._told.name(label(name)) for name, fits in self._wildcards if fits.fullmatch(model)), OTHER)


def models_of(content: Mapping[str, Any]) -> list[str]:
    """Names that ``model_list`` of a checked configuration has: all that a process without LiteLLM can know."""
    return [entry["model_name"] for entry in content.get("model_list", ())]


def models_of_the_router() -> list[str]:
    """Names that LiteLLM's router has now, from the configuration and from its database; empty before it is set up."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  there only inside of a gateway's worker

    router = proxy_server.llm_router
    return [] if router is None else list(router.model_names)
