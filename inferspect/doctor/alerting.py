"""Check of the channels that notifications are sent to, without sending."""

from __future__ import annotations

from inferspect.configuration_file import ConfigurationError
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning
from inferspect.observation.channel_checks import problems_of

NAME = "alert channels"


def check_channels(examination: Examination) -> Result:
    """Whether the secrets of each channel are there and say what they should; templates are the configuration's."""
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info(NAME, "unknown, because the configuration is not valid")
    settings = configuration.settings
    channels = settings.alerts.channels
    if not channels:
        return info(NAME, "none; alerts are told nowhere")
    problems = [
        f"{name}: {problem}"
        for name, channel in channels.items()
        for problem in problems_of(channel, settings.access.outgoing_networks)
    ]
    if problems:
        return warning(
            NAME, "\n".join(problems), "correct inferspect.alerts.channels, or set what it refers to; the others work"
        )
    return ok(NAME, f"{', '.join(channels)}: secrets and templates are in order")
