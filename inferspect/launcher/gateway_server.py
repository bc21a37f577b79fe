"""The gateway's main process: LiteLLM set up by its own command line, served by gunicorn.

``python -m inferspect.launcher.gateway_server --config … --host … --port … --num_workers …``. LiteLLM applies its
migrations and settings (``--skip_server_startup``); the application is loaded once and the workers are forked from
it, so a worker that dies is back in seconds instead of importing everything again.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import mmap
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from uvicorn.workers import UvicornWorker

from inferspect.configuration import Configuration, load_configuration
from inferspect.launcher.lifeline import die_with_parent
from inferspect.launcher.litellm_range import check_litellm
from inferspect.launcher.metric_files import use_places
from inferspect.logs import configure_logs, take_over_output

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger("inferspect.launcher")

GRACE = 4  # seconds for requests in flight when the gateway is stopped; the launcher allows a little more
KEEP_ALIVE = 75  # seconds, longer than the idle time of common load balancers
HUNG = 600  # seconds without a sign of life after which a worker is replaced
START_AGAIN_AFTER = 1.0  # second
NOT_STARTED = 1  # exit status after which gunicorn makes another worker


class GatewayLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Leaves its loggers to the root handler, so gunicorn's lines look like all others."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002  gunicorn's signature
        self.error_log.setLevel("INFO")
        self.access_log.setLevel("WARNING")


class GatewayWorker(UvicornWorker):
    """A worker that ends with the main process and hands its last requests in when told to stop.

    Gunicorn stops altogether when a worker cannot start. That is right for a first start, and wrong once one has
    served: the database may just be away, and the other workers go on without it. Then the start is tried again.
    """

    has_served = mmap.mmap(-1, 1)  # in memory that the main process shares with all workers
    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012  the base class reads this name from the class
        "loop": "uvloop",
        "http": "httptools",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # only the proxies that `access.trusted_proxies` names are believed
        "timeout_graceful_shutdown": GRACE,
    }

    async def callback_notify(self) -> None:
        self.has_served[0] = 1
        await super().callback_notify()

    async def _serve(self) -> None:
        try:
            await super()._serve()
        except SystemExit as ended:
            if ended.code == Arbiter.WORKER_BOOT_ERROR and self.has_served[0]:
                await asyncio.sleep(START_AGAIN_AFTER)
                sys.exit(NOT_STARTED)
            raise


class Gateway(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """Gunicorn around LiteLLM's application."""

    def __init__(self, application: FastAPI, options: dict[str, Any]) -> None:
        self._application = application
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> FastAPI:
        return self._application


def main() -> None:
    die_with_parent()
    use_places()
    check_litellm()
    arguments = _arguments()
    configuration = load_configuration(Path(arguments.config))
    take_over_output()
    os.environ["CONFIG_FILE_PATH"] = arguments.config
    gateway = Gateway(
        _litellm_application(arguments, configuration),
        {
            "bind": f"{arguments.host}:{arguments.port}",
            "workers": arguments.num_workers,
            "worker_class": GatewayWorker,
            "logger_class": GatewayLogger,
            "preload_app": True,
            "timeout": HUNG,
            "graceful_timeout": GRACE,
            "keepalive": KEEP_ALIVE,
            "post_fork": lambda _server, _worker: die_with_parent(signal.SIGKILL),
        },
    )
    gateway.run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--num_workers", required=True, type=int)
    return parser.parse_args()


def _litellm_application(arguments: argparse.Namespace, configuration: Configuration) -> FastAPI:
    """Everything that LiteLLM's command line does before it serves.

    LiteLLM's own gunicorn mode also starts a thread that reaps Prisma engines. Ours end by themselves, and a fork
    while a thread imports would leave the worker waiting for that import's lock for ever: so no thread may run yet.
    """
    configure_logs(configuration.settings.log)
    import litellm_proxy_extras.utils  # noqa: F401, PLC0415  makes the handler of its log when imported
    from litellm.proxy.proxy_cli import run_server  # noqa: PLC0415  takes seconds to import
    from litellm.proxy.proxy_server import app  # noqa: PLC0415
    from litellm.rust_bridge.fork_guard import reserve_process_for_forking  # noqa: PLC0415

    configure_logs(configuration.settings.log)  # again, because LiteLLM made handlers of its own
    run_server(
        args=[
            *("--config", arguments.config, "--host", arguments.host, "--port", str(arguments.port)),
            *("--num_workers", str(arguments.num_workers), "--skip_server_startup"),
        ],
        standalone_mode=False,
    )
    reserve_process_for_forking("the gateway's main process")
    for module in hook_modules(configuration):
        import_module(module)
    running = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if running:
        log.warning("threads are running before workers are forked", threads=running)
    # What is loaded lives as long as the process: the collector need not go through it again and again, which takes
    # a tenth of a second each time, nor touch its memory, which workers share.
    gc.collect()
    gc.freeze()
    application: FastAPI = app
    return application


def hook_modules(configuration: Configuration) -> list[str]:
    """Packages of the hooks, imported once here instead of in each worker; a file beside the configuration is not."""
    names = (configuration.content.get("litellm_settings") or {}).get("callbacks") or []
    modules = [name.rpartition(".")[0] for name in names if isinstance(name, str) and "." in name]
    return [
        module
        for module in dict.fromkeys(modules)
        if not (configuration.file.parent / Path(*module.split("."))).with_suffix(".py").exists()
    ]


if __name__ == "__main__":
    main()
