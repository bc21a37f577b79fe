from __future__ import annotations

from structlog.testing import capture_logs

from callbacks.langfuse_tracing.sending import side_by_side
from inferspect.events.delivery import Retry
from inferspect.observation.langfuse import Project


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
