"""The data folder: where everything lies that the gateway keeps, and the lock that gives it to one launcher."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path


class LaunchError(Exception):
    """Why the gateway cannot be started, and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Secrets made at the first start, kept in ``credentials.json`` with mode 0600."""

    master_key: str = field(default_factory=lambda: f"sk-master-{secrets.token_urlsafe(24)}")
    salt_key: str = field(default_factory=lambda: f"sk-salt-{secrets.token_urlsafe(24)}")
    ui_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    postgres_password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    redis_password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    demo_key: str = field(default_factory=lambda: f"sk-demo-{secrets.token_urlsafe(24)}")


class Home:
    """The data folder.

    Raises:
        LaunchError: it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        try:
            for part in (self.folder, self.logs, self.run):
                part.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self.run / f"probe-{os.getpid()}"
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise LaunchError(
                f"The data folder {self.folder} cannot be written ({error.strerror}). Make room or correct its "
                "permissions, or name another one in INFERSPECT_HOME."
            ) from error
        self._lock: int | None = None

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def credentials_file(self) -> Path:
        return self.folder / "credentials.json"

    def lock(self) -> None:
        """Claim the folder for this process until it ends, however it ends.

        Raises:
            LaunchError: another launcher has it.
        """
        path = self.run / "launcher.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise LaunchError(
                f"A gateway is running already with the data folder {self.folder} (process {holder}). Stop it, or "
                "start this one with another INFERSPECT_HOME and PORT."
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._lock = descriptor

    def credentials(self) -> Credentials:
        """The secrets of this folder; what the file does not have yet is generated and added.

        Raises:
            LaunchError: the file cannot be read as JSON.
        """
        known = {}
        if self.credentials_file.exists():
            try:
                stored = json.loads(self.credentials_file.read_text(encoding="utf-8"))
                known = {f.name: stored[f.name] for f in fields(Credentials) if isinstance(stored.get(f.name), str)}
            except (OSError, ValueError, AttributeError) as error:
                raise LaunchError(
                    f"{self.credentials_file} cannot be read ({type(error).__name__}). Restore it from a backup: "
                    "without its salt key, credentials stored in the database cannot be decrypted."
                ) from error
        credentials = Credentials(**known)
        if len(known) < len(fields(Credentials)):
            write_private(self.credentials_file, json.dumps(asdict(credentials), indent=2) + "\n")
        return credentials


def stored_credentials(folder: Path) -> Credentials | None:
    """The secrets of a data folder; ``None`` where no gateway was ever started with it.

    Raises:
        LaunchError: they cannot be read.
    """
    return Home(folder).credentials() if (folder / "credentials.json").exists() else None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
