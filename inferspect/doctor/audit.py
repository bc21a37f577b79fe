"""Check of what keeps entries of the audit log from being changed."""

from __future__ import annotations

from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning
from inferspect.doctor.services import connect
from inferspect.launcher.home import LaunchError
from inferspect.launcher.running_database import running_database

NAME = "audit log"
ROLES = 'see "Roles of the database" in docs/audit.md'


def check_audit_log(examination: Examination) -> Result:
    """Whether the database refuses changes of the log, and whether the gateway's own login could have it not to."""
    import psycopg  # noqa: PLC0415  takes a second, mostly not needed

    from inferspect.store.audit.protection import GUARDED, MAY_CHANGE, TRIGGER  # noqa: PLC0415  as above

    try:
        with connect(running_database(examination.launch)) as connection:
            guarded = connection.execute(GUARDED.encode()).fetchone()
            may_change = connection.execute(MAY_CHANGE.encode()).fetchone()
    except (LaunchError, ValueError, OSError):
        return info(NAME, "unknown, because no database can be reached")
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return ok(NAME, "none: the database is new")
    if guarded != (True,):
        return warning(
            NAME,
            f"trigger {TRIGGER} of inferspect.audit_log is missing, disabled or another: entries can be changed",
            "find out who did that; `inferspect audit verify` says what was changed; restore the trigger",
        )
    if may_change is None or may_change[0] is None:
        return ok(NAME, "append-only: the gateway's login can neither change entries nor the trigger")
    told = f"append-only by a trigger, which the gateway's login could drop: it {may_change[0]}"
    if examination.launch.database_url is None:
        return info(NAME, f"{told}, as in every embedded PostgreSQL")
    return warning(NAME, told, ROLES)
