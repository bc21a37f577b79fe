"""Check of the collector of OpenTelemetry that spans go to. The gateway serves without, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inferspect.configuration_file import ConfigurationError
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning

if TYPE_CHECKING:
    import httpx

PATIENCE = 3.0  # seconds for an answer
PROTOBUF = "application/x-protobuf"
UNAUTHORIZED = (401, 403)


def check_collector(examination: Examination) -> Result:
    """Whether the collector takes a request, which has no spans."""
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info("collector", "unknown, because the configuration is not valid")
    settings = configuration.settings.tracing
    if settings.url is None:
        return ok("collector", "not configured; no spans are sent over OpenTelemetry")
    headers = {name: reference.reveal() for name, reference in settings.headers.items()}
    answer = ask("POST", settings.url, {**headers, "content-type": PROTOBUF})
    if isinstance(answer, str):
        return warning("collector", f"{settings.url} cannot be reached: {answer}", "start it, or correct the address")
    if answer.status_code in UNAUTHORIZED:
        return warning(
            "collector", f"{settings.url} refuses the headers ({answer.status_code})", "correct tracing.headers"
        )
    if not answer.is_success:
        return warning("collector", f"{settings.url} answers {answer.status_code}", "correct tracing.endpoint")
    return ok("collector", f"takes spans at {settings.url}")


def ask(method: str, url: str, headers: Mapping[str, str]) -> httpx.Response | str:
    """The answer, or why there is none."""
    import httpx  # noqa: PLC0415  mostly not needed

    try:
        return httpx.request(method, url, headers=dict(headers), timeout=PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
        return type(failure).__name__
