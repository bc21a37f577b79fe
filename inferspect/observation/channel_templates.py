"""Templates of notifications: Jinja in a sandbox, tried out where they are written, never first when an alert fires."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

Escape = Callable[[str], str]
"""Makes a value harmless in the markup of a channel; what the template itself says is left as it is."""

TITLE = (
    '[{{ "RESOLVED" if resolved else "TEST" if type == "alert.test" else severity | upper }}] '
    "{{ rule }}{% if tenant %} ({{ tenant }}){% endif %}"
)
BODY = """\
{{ summary }}
{% if value is not none %}Value: {{ value }}{% if threshold is not none %}, limit {{ threshold }}{% endif %}
{% endif %}{% for name, text in labels | dictsort %}{{ name }}: {{ text }}
{% endfor %}Since {{ started_at }}{% if resolved_at %}, until {{ resolved_at }}{% endif %}
{% if runbook %}Runbook: {{ runbook }}{% endif %}"""

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# What a notification may hold, and the least that it holds: a template must do with both.
FULL: Mapping[str, Any] = {
    "type": "alert.resolved",
    "rule": "error-rate",
    "severity": "critical",
    "summary": "12 % of the requests of the last 5 minutes failed; the limit is 5 %.",
    "started_at": NOW,
    "alert_id": "6a1f0c1e-0000-4000-8000-000000000000",
    "tenant_id": "8d2e5b7a",
    "tenant_alias": "acme",
    "value": 0.12,
    "threshold": 0.05,
    "window": "5m",
    "resolved_at": NOW,
    "runbook": "https://example.com/runbooks/error-rate",
    "labels": {"provider": "openai"},
    "repeat": 1,
}
LEAST: Mapping[str, Any] = {
    **dict.fromkeys(FULL),
    **{name: FULL[name] for name in ("rule", "severity", "summary", "started_at", "alert_id")},
    "type": "alert.firing",
    "labels": {},
    "repeat": 0,
}
MOST_CHARACTERS = 200_000  # of what a template makes; channels take less
MENTION = re.compile(r"@(?=channel\b|here\b|everyone\b)", re.IGNORECASE)
QUIET = "@\u200b"


class Labels(dict[str, str]):
    """Labels of an alert; one that it does not have is empty, as rules differ in theirs."""

    def __missing__(self, name: str) -> str:
        return ""


def as_it_is(text: str) -> str:
    """For plain text."""
    return text


def for_slack(text: str) -> str:
    """For Slack's markup: no links, no mentions.

    Source: https://docs.slack.dev/messaging/formatting-message-text
    """
    return without_mentions(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def without_mentions(text: str) -> str:
    """Words that chats notify everyone for are taken apart by a character that is not seen."""
    return MENTION.sub(QUIET, text)


class NotificationTemplate:
    """One compiled template.

    Args:
        source: Jinja; the variables are the members of :data:`FULL` and ``firing``, ``resolved``, ``tenant``.
        escape: for the values.

    Raises:
        ValueError: it is no template, or fails with what a notification may hold, or makes too much of it; the message
            names the line.
    """

    def __init__(self, source: str, escape: Escape = as_it_is) -> None:
        # A tenth of a second, for those who have channels.
        from jinja2 import StrictUndefined, TemplateSyntaxError  # noqa: PLC0415

        from inferspect.observation.channel_sandbox import BoundedEnvironment  # noqa: PLC0415

        # Values are escaped by `finalize`, each in the way of its channel, which HTML's autoescape is not.
        environment = BoundedEnvironment(
            undefined=StrictUndefined,
            autoescape=False,
            finalize=lambda value: "" if value is None else escape(str(value)),
        )
        try:
            self._template: Template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise ValueError(f"line {error.lineno} of the template: {error.message}") from None
        for sample in (FULL, LEAST):
            self.render(sample)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for a notification.

        Raises:
            ValueError: the template fails with these values.
        """
        try:
            return self._rendered(variables(values)).strip()
        except Exception as error:  # noqa: BLE001  what a template calls raises what it likes
            where = _line_of(error)
            raise ValueError(f"{where}of the template: {type(error).__name__}: {error}") from None

    def _rendered(self, given: Mapping[str, Any]) -> str:
        parts, room = [], MOST_CHARACTERS
        for part in self._template.generate(given):
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise OverflowError(f"it makes more than {MOST_CHARACTERS:,} characters")
        return "".join(parts)


def variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a template can name."""
    return {
        **values,
        "labels": Labels(values["labels"]),
        "firing": values["type"] == "alert.firing",
        "resolved": values["type"] == "alert.resolved",
        "tenant": values["tenant_alias"] or values["tenant_id"],
    }


def _line_of(error: BaseException) -> str:
    """Where in the template it failed: Jinja gives frames of templates the template's line numbers."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line} " if line is not None else "a line "
