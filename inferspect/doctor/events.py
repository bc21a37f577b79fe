"""Checks of the way of events: what waits for a person, and whether this machine's clock is the database's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inferspect.configuration import Configuration
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning
from inferspect.doctor.services import connect
from inferspect.launcher.home import LaunchError
from inferspect.launcher.running_database import running_database
from inferspect.settings import EventSettings

if TYPE_CHECKING:
    import psycopg

MOST_DIFFERENCE = 5.0  # seconds between two clocks
DEAD = (
    "SELECT consumer, count(*) FROM inferspect.deliveries WHERE dead_at IS NOT NULL GROUP BY consumer ORDER BY consumer"
)


def check_spools(examination: Examination) -> Result:
    """Whether anything in the folder of spools waits for a person, and what waits for the database."""
    from inferspect.events.folder import look_into  # noqa: PLC0415  takes a second, mostly not needed

    configuration = examination.configuration
    events = configuration.settings.events if isinstance(configuration, Configuration) else EventSettings()
    folder = examination.home / "spool"
    try:
        found = look_into(folder, events.settle_after)
    except OSError as failure:
        return warning("spools", f"{folder} cannot be read: {failure.strerror}", "correct its permissions")
    problems, remedies = [], []
    if found.set_aside:
        problems.append(f"{found.set_aside} events are set aside, because the database does not take them")
        remedies.append("`inferspect events dead-letter list --consumer database` says why; replay or drop them")
    if broken := [*found.damaged, *found.unreadable]:
        problems.append(f"damaged, and what could not be read is not stored: {', '.join(broken)}")
        remedies.append(f"look for errors of the disk; keep these files of {folder} for whoever can mend them")
    if problems:
        return warning("spools", "\n".join(problems), "\n".join(remedies))
    return ok("spools", f"{found.depth} events wait for the database, the oldest for {found.oldest_seconds:.0f} s")


def check_dead_letters(examination: Examination) -> Result:
    """Whether a consumer did not take something for good."""
    import psycopg  # noqa: PLC0415  as above

    try:
        with connect(running_database(examination.launch)) as connection:
            dead = connection.execute(DEAD).fetchall()
    except LaunchError:
        return info("dead letters", "unknown, because no gateway runs here and DATABASE_URL is not set")
    except (ValueError, OSError) as failure:
        return info("dead letters", f"unknown, because the database cannot be asked: {failure}")
    except psycopg.errors.UndefinedTable:
        return ok("dead letters", "none: the database is new")
    if dead:
        told = ", ".join(f"{count} of {consumer}" for consumer, count in dead)
        return warning("dead letters", told, "`inferspect events dead-letter list` says why; replay or drop them")
    return ok("dead letters", "none")


def check_clock(examination: Examination) -> Result:
    """Whether this machine dates events as the database does, which says when they are delivered and deleted."""
    url = examination.launch.database_url
    if url is None:
        return ok("clock", "the embedded PostgreSQL has this machine's")
    try:
        with connect(url) as connection:
            difference = _difference(connection)
    except (ValueError, OSError):
        return info("clock", "unknown, because the database cannot be reached")
    if abs(difference) > MOST_DIFFERENCE:
        return warning(
            "clock",
            f"this machine's is {abs(difference):,.0f} s {'behind' if difference > 0 else 'ahead of'} the database's",
            "have both follow one time server (NTP)",
        )
    return ok("clock", "as the database's")


def _difference(connection: psycopg.Connection[Any]) -> float:
    """Seconds by which the database's clock is ahead, at least: the time of asking may be either's."""
    before = time.time()
    [(there,)] = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
    after = time.time()
    return float(there - min(max(there, before), after))
