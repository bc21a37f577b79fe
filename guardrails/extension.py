"""Sets the guardrails of a worker up at its start."""

from __future__ import annotations

import os

from redis.asyncio import Redis

from guardrails.content_safety.classifier import load_classifier
from guardrails.pipeline.service import GuardrailService, install, started_finder
from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.vault import PostgresVault, RedisVault, Vault
from guardrails.policy.policy import Policies, Way
from inferspect.extension import Worker


async def start(worker: Worker) -> None:
    """Compile the default policy, warm the pool, open the vault, mount the routes.

    Raises:
        ValueError, OSError: a file that the settings name is wrong; the worker does not start.
    """
    from guardrails.api import router  # noqa: PLC0415  LiteLLM is there only inside its worker
    from inferspect.http.tenant_access import mount  # noqa: PLC0415  as above

    settings = worker.settings.guardrails
    keys = TenantKeys(os.environ["LITELLM_SALT_KEY"], settings.placeholder_key_version)
    policies = Policies(settings)
    ways: tuple[Way, ...] = ("input", "output")
    for way in ways:
        policy = policies.of(worker.settings.default_rules, way)
        if policy is not None:
            _ = policy.plan  # compiled now, and not while a first request waits
    finder = await started_finder(settings)
    classifier = load_classifier(settings.content_classifier) if settings.content_classifier else None
    service = GuardrailService(settings, policies, finder, keys, _vault(worker, keys), classifier=classifier)
    install(service)
    mount(worker.app, router)


def _vault(worker: Worker, keys: TenantKeys) -> Vault | None:
    where = worker.settings.guardrails.vault
    if where == "postgres":
        vault = PostgresVault(worker.engine, keys)
        worker.in_background(vault.run())
        return vault
    if where == "redis":
        url = worker.launch.redis_url
        if url is None:
            raise ValueError("inferspect.guardrails.vault is `redis`, but there is no REDIS_URL and no embedded Redis")
        return RedisVault(Redis.from_url(url), keys)
    return None
