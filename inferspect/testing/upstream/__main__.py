"""`python -m inferspect.testing.upstream`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from .application import Application
from .behaviour import UnknownCommandError
from .script import Script, ScriptError
from .server_thread import new_event_loop, serve


def main() -> int:
    """Serve until SIGTERM or SIGINT; one JSON line with the URL is printed once connections are accepted."""
    parser = argparse.ArgumentParser(prog="python -m inferspect.testing.upstream", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--script", type=Path, metavar="FILE", help="YAML file of scripted answers")
    parser.add_argument(
        "--behaviour",
        action="append",
        default=[],
        metavar="MODEL=COMMANDS",
        help="what a model (or * for every model) does, for example gpt-4o=demo; may be repeated",
    )
    options = parser.parse_args()
    try:
        behaviours = dict(_assignment(text) for text in options.behaviour)
        application = Application(Script.load(options.script) if options.script else None, behaviours)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(application, options.host, options.port))
    except ScriptError as error:
        parser.error(f"{options.script}: {error}")
    except (OSError, UnknownCommandError, ValueError) as error:
        parser.error(str(error))
    return 0


def _assignment(text: str) -> tuple[str, str]:
    model, separator, command = text.partition("=")
    if not separator:
        raise ValueError(f"--behaviour takes MODEL=COMMANDS, not {text!r}")
    return model, command


async def _serve(application: Application, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: there the signals' own effect ends the process
            loop.add_signal_handler(number, stop.set)
    await serve(application, host, port, stop, _announce)


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)  # noqa: T201 - whoever started the process reads it


if __name__ == "__main__":
    sys.exit(main())
