"""How LiteLLM's proxy is run: its command, its environment, and when it counts as ready."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import httpx

from inferspect.launcher.metric_files import SHARED_FOLDER
from inferspect.launcher.prisma_client import prisma_environment
from inferspect.launcher.proxies import no_proxy_to_here
from inferspect.launcher.service import Program
from inferspect.logs.line_handler import LOG_FILE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from inferspect.launcher.home import Credentials, Home
    from inferspect.settings import LaunchSettings, Settings

OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_TELEMETRY": "False",
    "DISABLE_ADMIN_UI_UPDATE_CHECK": "True",
}
GATEWAY, DELIVERIES = "gateway", "deliveries"
STARTUP_HOOK = "inferspect.gateway:start"


def gateway_environment(
    launch: LaunchSettings, home: Home, credentials: Credentials, database_url: str, redis_url: str | None
) -> dict[str, str]:
    """Environment of the gateway's processes: the caller's, completed by what was generated or embedded."""
    hooks = [hook for hook in os.environ.get("LITELLM_WORKER_STARTUP_HOOKS", "").split(",") if hook.strip()]
    return {
        **OFFLINE,
        "LITELLM_MODE": "PRODUCTION",
        **os.environ,
        **no_proxy_to_here(os.environ),
        **prisma_environment(),
        "LITELLM_WORKER_STARTUP_HOOKS": ",".join(dict.fromkeys([STARTUP_HOOK, *hooks])),
        "LITELLM_MASTER_KEY": launch.litellm_master_key or credentials.master_key,
        "LITELLM_SALT_KEY": launch.litellm_salt_key or credentials.salt_key,
        "UI_USERNAME": launch.ui_username,
        "UI_PASSWORD": launch.ui_password or credentials.ui_password,
        "DATABASE_URL": database_url,
        "INFERSPECT_CACHE_TYPE": "redis" if redis_url else "local",
        **({"REDIS_URL": redis_url} if redis_url else {}),
        SHARED_FOLDER: os.environ.get(SHARED_FOLDER) or str(home.run / "metrics"),
        "INFERSPECT_HOME": str(home.folder),
        "INFERSPECT_CONFIG": str(launch.inferspect_config.absolute()),
        "PYTHONUNBUFFERED": "1",
    }


def gateway_program(launch: LaunchSettings, settings: Settings, home: Home, environment: dict[str, str]) -> Program:
    to_file = settings.log.destination == "file"
    return Program(
        name=GATEWAY,
        command=[
            *(sys.executable, "-m", "inferspect.launcher.gateway_server"),
            *("--config", environment["INFERSPECT_CONFIG"]),
            *("--host", launch.host, "--port", str(launch.port), "--num_workers", str(launch.num_workers)),
        ],
        log=gateway_log(home) if to_file else None,
        is_ready=_readiness(local_url(launch)),
        environment={**environment, LOG_FILE: str(gateway_log(home)) if to_file else ""},
    )


def deliveries_program(settings: Settings, home: Home, environment: dict[str, str]) -> Program:
    """The process that delivers events where ``events.consumers`` is ``process``; it needs no time to be ready."""
    log = home.logs / "deliveries.log" if settings.log.destination == "file" else None
    return Program(
        name=DELIVERIES,
        command=[sys.executable, "-m", "inferspect.launcher.deliveries"],
        log=log,
        is_ready=_at_once,
        environment={**environment, LOG_FILE: str(log or "")},
    )


async def _at_once() -> bool:
    return True


def gateway_log(home: Home) -> Path:
    return home.logs / "gateway.log"


def local_url(launch: LaunchSettings) -> str:
    """Where this machine reaches the gateway."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(launch.host, launch.host)  # noqa: S104  compared, not bound
    return f"http://{host}:{launch.port}"


def _readiness(url: str) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"{url}/health/readiness")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return is_ready
