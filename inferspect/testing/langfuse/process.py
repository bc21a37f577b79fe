"""The collector as a process of its own: what it was sent outlives it, so it may be killed and started again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import TypeAdapter

from inferspect.testing.http_double import CONTROL
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.langfuse.records import Score, Trace

_TRACES = TypeAdapter(dict[str, Trace])
_SCORES = TypeAdapter(list[Score])


class LangfuseProcess:
    """One collector on one port, which it keeps when it is started again.

    Args:
        folder: where it keeps what comes.
        keys: secret keys by public key; unless told, the collector's own pair.
    """

    def __init__(self, folder: Path, keys: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._keys = keys or {PUBLIC_KEY: SECRET_KEY}
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it listens, once it was started."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            RuntimeError: it ended before, or runs.
        """
        if self._process is not None:
            raise RuntimeError("the collector runs")
        pairs = [f"--key={public}={secret}" for public, secret in self._keys.items()]
        command = [sys.executable, "-m", "inferspect.testing.langfuse", f"--port={self._port}"]
        self._process = subprocess.Popen(
            [*command, f"--folder={self._folder}", *pairs], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None  # noqa: S101  it was asked for
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the collector ended with status {self._process.wait()}")
        self._port = httpx.URL(json.loads(line)["url"]).port or 0
        return self

    def kill(self) -> None:
        """End it as ``kill -9`` does: nobody listens on its port until :meth:`start`."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it, where it runs."""
        if self._process is not None:
            self._end(signal.SIGTERM)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def behave(
        self, command: str, *, requests: int | None = None, seconds: float | None = None, path: str = ""
    ) -> None:
        """As of :class:`~inferspect.testing.langfuse.collector.LangfuseCollector`; a new start forgets it."""
        order = {"command": command, "requests": requests, "seconds": seconds, "path": path}
        self._ask("POST", "behaviour", order)

    def recover(self) -> None:
        """No request fails any more."""
        self._ask("DELETE", "behaviour")

    def traces(self, public_key: str | None = None) -> dict[str, Trace]:
        """Traces by id, of the first project unless told."""
        return _TRACES.validate_json(self._ask("GET", "traces", public_key=public_key))

    def scores(self, public_key: str | None = None) -> list[Score]:
        """Scores of the project."""
        return _SCORES.validate_json(self._ask("GET", "scores", public_key=public_key))

    @property
    def requests(self) -> int:
        """How many requests came since it was started."""
        return int(json.loads(self._ask("GET", "health"))["requests"])

    def _ask(self, method: str, name: str, content: Any = None, public_key: str | None = None) -> bytes:
        options = {} if public_key is None else {"public_key": public_key}
        url = f"{self.url}{CONTROL}{name}"
        reply = httpx.request(method, url, json=content, params=options, timeout=60, trust_env=False)
        return reply.raise_for_status().content

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101  it was started
        self._process.send_signal(number)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
