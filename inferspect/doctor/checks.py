"""The checks in the order of the report. A new one is a function and a line here."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from inferspect.doctor.alerting import check_channels
from inferspect.doctor.audit import check_audit_log
from inferspect.doctor.engine import check_node, check_prisma_client, check_prisma_engine
from inferspect.doctor.events import check_clock, check_dead_letters, check_spools
from inferspect.doctor.examination import Examination
from inferspect.doctor.installation import check_litellm_version, check_packages, check_python, check_set_up
from inferspect.doctor.langfuse import check_langfuse
from inferspect.doctor.machine import check_credentials, check_data_folder, check_port
from inferspect.doctor.prompts import check_prompts
from inferspect.doctor.result import Check, Result, error
from inferspect.doctor.services import check_database, check_migrations, check_redis
from inferspect.doctor.setting_up import check_configuration, check_environment, check_providers
from inferspect.doctor.tracing import check_collector
from inferspect.launcher.prisma_client import PrismaSetupError

CHECKS: tuple[Check, ...] = (
    Check("python", check_python),
    Check("litellm", check_litellm_version),
    Check("packages", check_packages),
    Check("set-up", check_set_up),
    Check("node", check_node),
    Check("prisma engine", check_prisma_engine),
    Check("prisma client", check_prisma_client),
    Check("environment", check_environment),
    Check("configuration", check_configuration),
    Check("data folder", check_data_folder),
    Check("credentials", check_credentials),
    Check("port", check_port),
    Check("database", check_database),
    Check("migrations", check_migrations),
    Check("audit log", check_audit_log),
    Check("clock", check_clock),
    Check("redis", check_redis),
    Check("providers", check_providers),
    Check("prompts", check_prompts),
    Check("langfuse", check_langfuse),
    Check("collector", check_collector),
    Check("alert channels", check_channels),
    Check("spools", check_spools),
    Check("dead letters", check_dead_letters),
)


def examine(examination: Examination, checks: Sequence[Check] = CHECKS) -> list[Result]:
    """Results in the order of the checks, which run side by side: most of their time is waiting for others."""
    with ThreadPoolExecutor(len(checks) or 1) as pool:
        return list(pool.map(partial(_result_of, examination), checks))


def _result_of(examination: Examination, check: Check) -> Result:
    try:
        return check.ask(examination)
    except PrismaSetupError as missing:
        return error(check.name, str(missing), "make setup")
    except Exception as failure:  # noqa: BLE001  a check that breaks must not hide the others
        return error(check.name, f"the check itself failed: {type(failure).__name__}: {failure}", "report it as a bug")
