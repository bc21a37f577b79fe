"""Where commands find the gateway's database: ``DATABASE_URL``, or the embedded one that runs in the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferspect.launcher.home import Home, LaunchError
from inferspect.launcher.postgres import DATABASE, USER

if TYPE_CHECKING:
    from inferspect.settings import LaunchSettings

PORT_LINE = 3  # of PostgreSQL's postmaster.pid, counted from 0


def running_database(launch: LaunchSettings) -> str:
    """The URL of the database, with its password.

    Raises:
        LaunchError: there is none, and what to do.
    """
    if launch.database_url:
        return launch.database_url
    folder = launch.inferspect_home
    try:
        port = int((folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[PORT_LINE])
    except (OSError, ValueError, IndexError):
        raise LaunchError(
            f"No gateway runs with the data folder {folder.absolute()}, and DATABASE_URL is not set. Start it with "
            "`inferspect serve`, or name its database or its data folder (INFERSPECT_HOME)."
        ) from None
    password = Home(folder).credentials().postgres_password
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
