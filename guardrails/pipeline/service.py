"""What a worker keeps for its guardrails, from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from guardrails.content_safety.classifier import Classifier
from guardrails.judge import Judge, ask_router
from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.placeholders.vault import Vault
from guardrails.policy.policy import Policies
from guardrails.scanning.budget import Budget
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from guardrails.scanning.pool import ScanPool
from inferspect.settings import GuardrailSettings


@dataclass(frozen=True, slots=True)
class GuardrailService:
    """The parts that requests share.

    Attributes:
        vault: values behind placeholders for answers to earlier ones; ``None`` where none are kept.
    """

    settings: GuardrailSettings
    policies: Policies
    finder: Finder
    keys: TenantKeys
    vault: Vault | None = None
    judge: Judge = field(default_factory=lambda: Judge(ask_router))
    classifier: Classifier | None = None

    def minting(self, tenant_id: str) -> Minting:
        return Minting(self.keys, tenant_id)


PLAN_FUNCTION = "guardrails.policy.plans.plan_of"


async def started_finder(settings: GuardrailSettings) -> Finder:
    """A finder with its pool, warm.

    Raises:
        PoolError: a process of the pool does not start.
    """
    budget = Budget.scaled(settings.budget)
    pool = None
    if settings.pool_processes:
        pool = ScanPool(PLAN_FUNCTION, budget, processes=settings.pool_processes, deadline=settings.deadline)
        await pool.start()
    cache = FindingsCache(settings.cache_bytes, settings.cache_for)
    return Finder(cache, pool, budget, inline_characters=settings.inline_characters)


_installed: list[GuardrailService] = []


def install(service: GuardrailService) -> None:
    """Make ``service`` this process's; replaces one that is there."""
    _installed[:] = [service]


def service() -> GuardrailService:
    """This process's guardrails.

    Raises:
        RuntimeError: the worker's start did not set them up, so nothing may be let through.
    """
    if not _installed:
        raise RuntimeError("the guardrails were not started; their entry point `inferspect.extensions` is missing")
    return _installed[0]
