"""How many plain completions a second the upstream simulator answers; `python -m tests.benchmarks.upstream`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

REQUEST = {"model": "demo", "messages": [{"role": "user", "content": "What is the capital of France?"}]}


def measure(seconds: int = 5, connections: int = 20) -> dict[str, float]:
    """Load one simulator process, which uses one core, with `wrk`.

    `requests_per_second` depends on what else the machine does, `requests_per_processor_second` hardly: it divides by
    the processor time that the simulator used.

    Raises:
        FileNotFoundError: `wrk` is not installed.
        RuntimeError: Some requests were not answered with 200, so the figures would mean nothing.
    """
    command = [sys.executable, "-m", "inferspect.testing.upstream"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        script = Path(folder) / "request.lua"
        script.write_text(
            'wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n'
            f"wrk.body = [==[{json.dumps(REQUEST)}]==]\n"
        )
        process = psutil.Process(server.pid)
        used_before, started = _processor_seconds(process), time.perf_counter()
        load = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
        output = subprocess.run(
            [*load, f"{url}/v1/chat/completions"], capture_output=True, text=True, check=True
        ).stdout
        elapsed, used = time.perf_counter() - started, _processor_seconds(process) - used_before
        server.send_signal(signal.SIGTERM)
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"not every request was answered:\n{output}")
    requests = int(_figure(r"(\d+) requests in", output))
    return {
        "requests_per_second": float(_figure(r"Requests/sec:\s+([\d.]+)", output)),
        "requests_per_processor_second": requests / used,
        "processor_share": used / elapsed,
        "latency_p99_ms": _milliseconds(_figure(r"99%\s+(\S+)", output)),
    }


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _figure(pattern: str, output: str) -> str:
    found = re.search(pattern, output)
    if found is None:
        raise RuntimeError(f"wrk printed nothing like {pattern}:\n{output}")
    return found[1]


def _milliseconds(duration: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\D+)", duration).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:,.2f}")  # noqa: T201 - the figures are the program's output
