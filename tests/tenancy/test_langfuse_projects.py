from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inferspect.observation.langfuse import LangfuseSettings, Project
from inferspect.tenancy.langfuse_projects import ProjectError, Projects
from inferspect.tenancy.langfuse_rules import LangfuseRules

TEAM = "9b1c-team"
OWN = {
    "public_key": "os.environ/LANGFUSE_9B1C_TEAM_PUBLIC_KEY",
    "secret_key": "os.environ/LANGFUSE_9B1C_TEAM_SECRET_KEY",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("LANGFUSE_BASE_URL", "LANGFUSE_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LANGFUSE", "LANGFUSE_9B1C_TEAM", "LANGFUSE_9B1C_TEAM_2", "OPERATOR"):
        monkeypatch.setenv(f"{name}_PUBLIC_KEY", f"public of {name}")
        monkeypatch.setenv(f"{name}_SECRET_KEY", f"secret of {name}")
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-" + "master")
    return monkeypatch


def find(rules: dict[str, Any], tenant: str | None = TEAM, defaults: Any = None, **settings: Any) -> Project | None:
    projects = Projects(LangfuseSettings.model_validate(settings), LangfuseRules.model_validate(defaults or {}))
    return projects.of(tenant, LangfuseRules.model_validate({**(defaults or {}), **rules}))


def test_the_gateway_s_project_is_every_tenant_s() -> None:
    """Unless its rules name one."""
    project = Project("https://cloud.langfuse.com", "public of LANGFUSE", "secret of LANGFUSE")
    assert find({}) == find({}, tenant=None) == project
    assert "secret of" not in repr(project)


def test_a_tenant_s_own_project(environment: pytest.MonkeyPatch) -> None:
    """With keys of its own, at the gateway's address or another that is allowed."""
    keys = ("public of LANGFUSE_9B1C_TEAM", "secret of LANGFUSE_9B1C_TEAM")
    assert find(OWN) == Project("https://cloud.langfuse.com", *keys)
    us = "https://us.cloud.langfuse.com"
    assert find({**OWN, "host": f"{us}/"}) == Project(us, *keys)
    assert find({**OWN, "host": "http://127.0.0.1:3000/"}, host="http://127.0.0.1:3000") == find(
        OWN, host="http://127.0.0.1:3000"
    )
    environment.setenv("LANGFUSE_BASE_URL", "http://langfuse:3000")
    assert find({**OWN, "host": "http://langfuse:3000"}) == find(OWN) == Project("http://langfuse:3000", *keys)
    assert find(OWN, host="http://127.0.0.1:3000") == Project("http://127.0.0.1:3000", *keys)


@pytest.mark.parametrize(
    "reference",
    [
        "os.environ/LITELLM_MASTER_KEY",
        "os.environ/LANGFUSE_SECRET_KEY",
        "os.environ/LANGFUSE_9B1C_TEAM_2_SECRET_KEY",
        "os.environ/LANGFUSE_OTHER_SECRET_KEY",
        "file:/etc/passwd",
        "file:/run/secrets/langfuse/9b1c-team/../other/secret",
    ],
)
def test_a_tenant_reads_no_secret_of_others(reference: str) -> None:
    """Neither the gateway's own, nor other tenants', nor files: only what the operator has set aside for it."""
    for rules in ({**OWN, "secret_key": reference}, {**OWN, "public_key": reference}):
        with pytest.raises(ProjectError, match="tenant_secrets"):
            find(rules)


@pytest.mark.parametrize("tenant", [None, "../../etc", "a/b", "*", "", "team.1", "9b1c-team\n"])
def test_an_odd_tenant_has_no_secrets(tenant: str | None) -> None:
    """An id that means something in a path or a pattern is no part of a reference."""
    settings: dict[str, Any] = {"tenant_secrets": ["os.environ/*", "file:/run/{tenant}/*"]}
    with pytest.raises(ProjectError, match="tenant_secrets"):
        find(OWN, tenant=tenant, **settings)


def test_the_operator_sets_secrets_aside(tmp_path: Path) -> None:
    """By patterns, in which the tenant's id is a folder or a part of a name."""
    folder = tmp_path / TEAM
    folder.mkdir()
    (folder / "public").write_text("pk")
    (folder / "secret").write_text("sk\n")
    rules = {"public_key": f"file:{folder}/public", "secret_key": f"file:{folder}/secret"}
    patterns = [f"file:{tmp_path}/{{tenant}}/*"]
    found = find(rules, tenant_secrets=patterns)
    assert found is not None
    assert (found.public_key, found.secret_key) == ("pk", "sk")
    for tenant in ("other", TEAM + "2"):
        with pytest.raises(ProjectError, match="tenant_secrets"):
            find(rules, tenant=tenant, tenant_secrets=patterns)
    with pytest.raises(ProjectError, match="tenant_secrets"):
        find({**rules, "secret_key": f"file:{folder}/deeper/secret"}, tenant_secrets=patterns)


@pytest.mark.parametrize(
    "host",
    ["http://169.254.169.254", "http://127.0.0.1:4000", "https://evil.example", "https://cloud.langfuse.com.evil.example",
     "http://cloud.langfuse.com", "https://cloud.langfuse.com:8443", "https://cloud.langfuse.com/evil"],
)  # fmt: skip
def test_a_tenant_names_no_server_that_is_not_allowed(host: str) -> None:
    """Keys and contents go where the operator lets them go."""
    with pytest.raises(ProjectError, match="allowed_hosts"):
        find({**OWN, "host": host})
    found = find({**OWN, "host": host}, allowed_hosts=[host])
    assert found is not None
    assert found.host == host


DEFAULTS = {"public_key": "os.environ/OPERATOR_PUBLIC_KEY", "secret_key": "os.environ/OPERATOR_SECRET_KEY"}


def test_the_default_rules_are_the_operator_s() -> None:
    """What they name is allowed, for every tenant; but a tenant does not take their keys to another server."""
    host = {"host": "https://langfuse.internal.example"}
    expected = Project(host["host"], "public of OPERATOR", "secret of OPERATOR")
    assert find({}, defaults={**DEFAULTS, **host}) == expected
    for tenant in (TEAM, None):
        with pytest.raises(ProjectError, match="default rules"):
            find({"host": "https://us.cloud.langfuse.com"}, tenant=tenant, defaults={**DEFAULTS, **host})


def test_a_key_that_is_not_there_is_told(environment: pytest.MonkeyPatch) -> None:
    """The reference is named, not what it would hold."""
    environment.delenv("LANGFUSE_9B1C_TEAM_SECRET_KEY")
    with pytest.raises(ProjectError, match=r"os\.environ/LANGFUSE_9B1C_TEAM_SECRET_KEY is not set"):
        find(OWN)
    environment.delenv("LANGFUSE_SECRET_KEY")
    with pytest.raises(ProjectError, match=r"os\.environ/LANGFUSE_SECRET_KEY is not set"):
        find({})


def test_a_wrong_address_in_the_environment_stops_nothing_else(environment: pytest.MonkeyPatch) -> None:
    """The gateway starts, whoever set the variable; traces wait and say why, but for tenants with an address."""
    environment.setenv("LANGFUSE_HOST", "localhost:3000")
    for rules in ({}, OWN):
        with pytest.raises(ProjectError, match="LANGFUSE_HOST must be an address"):
            find(rules)
    assert find({**OWN, "host": "https://us.cloud.langfuse.com"}) is not None


def test_no_keys_no_project(environment: pytest.MonkeyPatch) -> None:
    """Langfuse is not configured."""
    environment.delenv("LANGFUSE_PUBLIC_KEY")
    environment.setenv("LANGFUSE_SECRET_KEY", " ")
    assert find({}) is None
