"""Which project of Langfuse a tenant's requests go to.

Tenants' rules are written by tenants' administrators, so two things are the operator's to allow: which references they
may name, or else they could send any secret of the gateway's to a server of theirs, and which servers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inferspect.observation.langfuse import Project, default_host, default_project, has_keys
from inferspect.secret import Secret

if TYPE_CHECKING:
    from inferspect.observation.langfuse import LangfuseSettings
    from inferspect.tenancy.langfuse_rules import LangfuseRules

PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+")


class ProjectError(ValueError):
    """The tenant's rules lead to no project; the message says what to do."""


class Projects:
    """Finds projects.

    Args:
        default_rules: those of the configuration; what they name is the operator's own.
    """

    def __init__(self, settings: LangfuseSettings, default_rules: LangfuseRules) -> None:
        self._settings = settings
        self._default_rules = default_rules
        named = (settings.host, default_rules.host)
        self._hosts = {*settings.allowed_hosts, *(host for host in named if host is not None)}

    def is_traced(self, rules: LangfuseRules) -> bool:
        """Whether the tenant's requests go anywhere, or should; quick."""
        if not self._settings.enabled or not rules.enabled:
            return False
        return rules.public_key is not None or has_keys(self._settings)

    def of(self, tenant_id: str | None, rules: LangfuseRules) -> Project | None:
        """The tenant's project; ``None`` where its requests are not traced.

        Raises:
            ProjectError: it may not have what its rules name, or a key is not there, or the gateway's address is none.
        """
        if not self.is_traced(rules):
            return None
        try:
            if rules.public_key is None or rules.secret_key is None:
                return default_project(self._settings)
            self._check(tenant_id, rules)
            host = rules.host or default_host(self._settings)
            is_own = rules.public_key != self._default_rules.public_key
            return Project(host, rules.public_key.reveal(), rules.secret_key.reveal(), tenant_id if is_own else None)
        except ProjectError:
            raise
        except ValueError as error:
            raise ProjectError(str(error)) from None

    def _check(self, tenant_id: str | None, rules: LangfuseRules) -> None:
        defaults = self._default_rules
        own = [
            key for key in (rules.public_key, rules.secret_key) if key not in {defaults.public_key, defaults.secret_key}
        ]
        for reference in own:
            if reference is not None and not self._may_name(tenant_id, reference):
                raise ProjectError(f"{reference} is not in inferspect.langfuse.tenant_secrets for this tenant")
        if rules.host not in {None, *self._hosts} and rules.host != default_host(self._settings):
            raise ProjectError(f"{rules.host} is not in inferspect.langfuse.allowed_hosts")
        if len(own) < 2 and rules.host != defaults.host:  # noqa: PLR2004  a pair of keys
            raise ProjectError("the keys of the default rules go to the host of the default rules only")

    def _may_name(self, tenant_id: str | None, reference: Secret) -> bool:
        text = str(reference)
        if tenant_id is None or not PLAIN_ID.fullmatch(tenant_id) or ".." in text:
            return False
        return any(_matches(pattern, tenant_id, text) for pattern in self._settings.tenant_secrets)


def _matches(pattern: str, tenant_id: str, reference: str) -> bool:
    capitals = re.sub(r"[^A-Z0-9]", "_", tenant_id.upper())
    wanted = pattern.replace("{tenant}", tenant_id).replace("{TENANT}", capitals)
    return re.fullmatch("[^/]*".join(map(re.escape, wanted.split("*"))), reference) is not None
