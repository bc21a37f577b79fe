from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from callbacks.langfuse_tracing.sending import FoundProjects, side_by_side
from inferspect.events.delivery import Retry
from inferspect.observation.langfuse import Project
from inferspect.tenancy.langfuse_projects import ProjectError
from inferspect.tenancy.langfuse_rules import LangfuseRules
from inferspect.tenancy.rules import TenantRules


async def test_what_fails_of_one_project_fails_of_no_other() -> None:
    """Whatever a receiver brings about, those beside it get theirs; the log says where it went wrong, and no key."""
    sent: list[str] = []

    async def send(project: Project) -> None:
        if project.host == "broken":
            raise ArithmeticError("odd")
        sent.append(project.host)

    projects = [Project(host, "public", "secret", f"tenant of {host}") for host in ("one", "broken", "two")]
    with capture_logs() as logs:
        failed = await side_by_side({project: send(project) for project in projects})
    assert failed == {projects[1]: Retry("sending failed: ArithmeticError")}
    assert sent == ["one", "two"]
    assert [line["tenant_id"] for line in logs] == ["tenant of broken"]
    assert "secret" not in str(logs)


async def test_the_project_of_a_tenant_is_found_once_for_a_batch() -> None:
    """Whether there is one or not: its keys may be in files."""
    looked: list[str | None] = []

    class Projects:
        def of(self, tenant_id: str | None, _rules: LangfuseRules) -> Project:
            looked.append(tenant_id)
            if tenant_id == "without":
                raise ProjectError("no key")
            return Project("host", "public", "secret", tenant_id)

    class Tenants:
        async def rules_of(self, _tenant_id: str | None) -> TenantRules:
            return TenantRules()

    found = FoundProjects(Projects(), Tenants())  # type: ignore[arg-type]
    for _ in range(2):
        _, project = await found.of("one")
        assert project is not None
        assert project.tenant_id == "one"
        with pytest.raises(ProjectError, match="no key"):
            await found.of("without")
    assert looked == ["one", "without"]
