"""What a worker process holds for its hooks: the settings and the services that the start-up hook opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inferspect.context import current
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from inferspect.context import RequestContext
    from inferspect.events.recorder import EventRecorder
    from inferspect.settings import Settings
    from inferspect.tenancy import Tenant, TenantDirectory


@dataclass(frozen=True, slots=True)
class Runtime:
    """The services of one worker process."""

    settings: Settings
    tenants: TenantDirectory
    recorder: EventRecorder | None = None

    def tenant_of(self, context: RequestContext, key: Any) -> Tenant:
        """The tenant of a request, found once and kept in its context.

        Args:
            key: LiteLLM's ``UserAPIKeyAuth`` as every hook receives it.

        Raises:
            InvalidRules: the tenant's rules do not validate; nothing may be done for it.
        """
        if context.tenant is None:
            context.tenant = self.tenants.find(key.team_id, key.team_alias, key.team_metadata)
        return context.tenant


_installed: list[Runtime] = []


def install(runtime: Runtime) -> None:
    """Make ``runtime`` this process's; replaces one that is there."""
    _installed[:] = [runtime]


def running() -> Runtime:
    """This process's runtime.

    Raises:
        RuntimeError: the start-up hook did not run, so hooks must not serve.
    """
    if not _installed:
        raise RuntimeError(
            "InferSpect is not running in this process: start with `inferspect serve`, or set "
            "LITELLM_WORKER_STARTUP_HOOKS=inferspect.gateway:start for the stock `litellm` command."
        )
    return _installed[0]


def served_request() -> RequestContext:
    """The context of the request that a hook decides about, which must have one.

    Raises:
        Refusal: 500 ``request_context_missing``: the middleware did not run, so nothing may be decided.
    """
    context = current()
    if context is None:
        raise Refusal(500, "request_context_missing", "The gateway is set up wrongly: its middleware did not run.")
    return context
