"""Checks of this machine: the port, the data folder, the credentials."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import tempfile
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, error, ok, warning

ENOUGH_ROOM = 1024**3
PATIENCE = 5.0  # seconds for an answer on the port, which is slow on a machine that is just starting it
STARTS = "starts with `inferspect serve`"


def check_port(examination: Examination) -> Result:
    host, port = examination.launch.host, examination.launch.port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family):
            return ok("port", f"{host}:{port} is free; the gateway {STARTS}")
    except OSError as taken:
        reason = taken.strerror or str(taken)
    health = _health(host, port)
    if health is None:
        return error(
            "port", f"{host}:{port} cannot be listened on: {reason}", "end what uses it, or choose PORT=... or HOST=..."
        )
    if health["status"] == "ok":
        return ok("port", f"{host}:{port} is served by InferSpect, all components well")
    unwell = [name for name, component in health["components"].items() if not component["ok"]]
    return warning(
        "port", f"{host}:{port} is served by InferSpect, {health['status']}: {', '.join(unwell)}", "see the log"
    )


def check_data_folder(examination: Examination) -> Result:
    folder = examination.home
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"x" * 4096)
    except OSError as failure:
        return error(
            "data folder",
            f"{folder} cannot be written: {failure.strerror}",
            "make room, correct its permissions, or name another one in INFERSPECT_HOME",
        )
    free = shutil.disk_usage(there).free
    if free < ENOUGH_ROOM:
        return warning(
            "data folder",
            f"{folder} has {free / 1024**2:,.0f} MB left",
            "make room: without any, requests are refused, because their events cannot be kept",
        )
    return ok("data folder", f"{folder}, {free / 1024**3:,.0f} GB free" + ("" if there == folder else "; not made yet"))


def check_credentials(examination: Examination) -> Result:
    path = examination.home / "credentials.json"
    if not path.exists():
        if (examination.home / "postgres").exists():
            return error(
                "credentials",
                f"{path} is missing, and a database is there that only its passwords open",
                "restore it from a backup",
            )
        return ok("credentials", "made at the first start")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        return error("credentials", f"{path} cannot be read ({type(failure).__name__})", "restore it from a backup")
    if not isinstance(content, dict):
        return error("credentials", f"{path} holds no JSON object", "restore it from a backup")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode != stat.S_IRUSR | stat.S_IWUSR:
        return warning("credentials", f"{path} has mode {mode:04o}; others may read it", f"chmod 0600 {path}")
    return ok("credentials", f"{path}, readable by its owner only")


def _health(host: str, port: int) -> Any:
    """What ``/inferspect/health`` says; ``None`` where whoever listens there is not our gateway."""
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  compared, not bound
    url = f"http://{local}:{port}/inferspect/health"
    asking_no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(OSError, ValueError):
        try:
            body = asking_no_proxy.open(url, timeout=PATIENCE).read()
        except urllib.error.HTTPError as unwell:
            body = unwell.read()
        answer = json.loads(body)
        if isinstance(answer, dict) and {"status", "components"} <= answer.keys():
            return answer
    return None


def read_text(path: Path) -> str:
    """A small file's content, empty where it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return ""
