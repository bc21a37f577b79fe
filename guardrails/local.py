"""Guardrails in this process, for the command line: with the rules, settings and keys that the gateway would have."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.policy.policy import Policies, Way
from guardrails.preview import Preview, Source, preview
from guardrails.scanning.budget import Budget
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect.configuration import load_configuration
from inferspect.launcher.home import stored_credentials
from inferspect.settings import LaunchSettings
from inferspect.tenancy import TenantDirectory, TenantRules

KeyOrigin = Literal["environment", "data folder", "throwaway"]


@dataclass(frozen=True, slots=True)
class LocalGuardrails:
    """What looks through texts by one tenant's rules.

    Attributes:
        keys_from: where the key comes from that placeholders and hashes are made with; a throwaway one makes others
            than the gateway would.
    """

    policies: Policies
    finder: Finder
    minting: Minting
    rules: TenantRules
    keys_from: KeyOrigin

    async def preview(self, text: str, way: Way = "input", source: Source = "user") -> Preview:
        """As :func:`guardrails.preview.preview`."""
        return await preview(self.policies, self.finder, self.minting, self.rules, text, way=way, source=source)

    def looked_for(self, way: Way = "input") -> frozenset[str]:
        """The entities that the rules have found."""
        policy = self.policies.of(self.rules, way)
        return frozenset() if policy is None else frozenset(policy.treatments)


def local_guardrails(launch: LaunchSettings, rules: Mapping[str, Any] | None, tenant_id: str) -> LocalGuardrails:
    """Set up from the configuration.

    Args:
        rules: of the tenant, as in ``metadata.inferspect``, laid over the default rules.
        tenant_id: whose placeholders to make.

    Raises:
        ConfigurationError: the configuration is wrong, or a file of recognizers that it names.
        InvalidRules: the rules are.
    """
    configuration = load_configuration(launch.inferspect_config)
    settings = configuration.settings.guardrails
    metadata = None if rules is None else {"inferspect": rules}
    tenant = TenantDirectory(configuration.default_rules).find(tenant_id, None, metadata)
    salt_key, origin = _salt_key(launch)
    budget = Budget.scaled(settings.budget)
    return LocalGuardrails(
        Policies(settings),
        Finder(FindingsCache(0, 0), budget=budget),
        Minting(TenantKeys(salt_key, settings.placeholder_key_version), tenant_id),
        tenant.rules,
        origin,
    )


def _salt_key(launch: LaunchSettings) -> tuple[str, KeyOrigin]:
    if launch.litellm_salt_key:
        return launch.litellm_salt_key, "environment"
    stored = stored_credentials(launch.inferspect_home)
    return (stored.salt_key, "data folder") if stored else (secrets.token_urlsafe(24), "throwaway")
