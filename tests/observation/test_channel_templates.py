"""Templates of notifications: what they may do, and when they are found wrong."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from callbacks.alerts.notification import Notification
from inferspect.observation.channel_templates import (
    BODY,
    FULL,
    LEAST,
    TITLE,
    NotificationTemplate,
    for_slack,
    without_mentions,
)


def test_templates_are_tried_with_all_that_a_notification_holds() -> None:
    """A member that is added to notifications has to be added to the samples."""
    assert FULL.keys() == LEAST.keys() == {member.name for member in fields(Notification)}
    for sample in (FULL, LEAST):
        Notification(**sample)


def test_the_built_in_templates_do_with_the_least() -> None:
    assert NotificationTemplate(TITLE).render(LEAST) == "[CRITICAL] error-rate"
    assert NotificationTemplate(BODY).render(LEAST).splitlines() == [
        "12 % of the requests of the last 5 minutes failed; the limit is 5 %.",
        "Since 2026-01-02 03:04:05+00:00",
    ]


def test_the_built_in_templates_tell_all_there_is() -> None:
    assert NotificationTemplate(TITLE).render(FULL) == "[RESOLVED] error-rate (acme)"
    assert NotificationTemplate(BODY).render(FULL).splitlines() == [
        "12 % of the requests of the last 5 minutes failed; the limit is 5 %.",
        "Value: 0.12, limit 0.05",
        "provider: openai",
        "Since 2026-01-02 03:04:05+00:00, until 2026-01-02 03:04:05+00:00",
        "Runbook: https://example.com/runbooks/error-rate",
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("one\n{{ nope }}", r"line 2 of the template: UndefinedError: 'nope'"),
        ("one\n\n{% if %}", "line 3 of the template: Expected an expression"),
        ("{{ rule", "line 1 of the template"),
        ("{% for x in y %}", "line 1 of the template"),
        ("{{ rule | no_filter }}", "line 1 of the template: No filter named"),
        ("{{ summary.nope }}", "UndefinedError"),
        ("{{ value | round }}", "line 1 of the template: TypeError"),  # an alert may have no value
        ("\n{{ 1 / repeat }}", "line 2 of the template: ZeroDivisionError"),
        ("{% include 'other' %}", "line 1 of the template"),
        ("{% import 'os' as os %}", "line 1 of the template"),
        # out of the sandbox
        ("{{ ''.__class__ }}", "SecurityError"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "SecurityError"),
        ("{{ summary['__class__'] }}", "SecurityError|UndefinedError"),
        ("{{ summary | attr('__class__') }}", "SecurityError"),
        ("{{ '{0.__class__}'.format(summary) }}", "SecurityError|AttributeError|unsafe"),
        ("{{ self._TemplateReference__context }}", "SecurityError|UndefinedError"),
        ("{{ cycler.__init__.__globals__ }}", "SecurityError"),
        ("{{ lipsum.__globals__['os'].popen('id').read() }}", "SecurityError"),
        ("{{ labels.update({'a': 'b'}) }}", "SecurityError"),
        ("{% for x in range(10000000) %}{% endfor %}", "OverflowError"),
        # much of little
        ("{{ 'x' * 300000000 }}", "line 1 of the template: OverflowError"),
        ("{{ 300000000 * ['x'] }}", "OverflowError"),
        ("{{ 9 ** 300000000 }}", "OverflowError"),
        ("{{ 'x'.ljust(300000000) }}", "OverflowError"),
        ("{{ '1'.zfill(300000000) }}", "OverflowError"),
        ("{{ summary | center(300000000) }}", "OverflowError"),
        ("{{ summary | center(width=300000000) }}", "OverflowError"),
        ("{{ summary | indent(300000000, true) }}", "OverflowError"),
        ("{{ '%300000000d' % 1 }}", "OverflowError"),
        ("{{ '%*d' % (300000000, 1) }}", "OverflowError"),
        ("{{ '%300000000d' | format(1) }}", "OverflowError"),
        ("{{ '{:300000000}'.format(1) }}", "OverflowError"),
        ("{{ '{:{}}'.format(1, 300000000) }}", "OverflowError"),
        ("{% for x in range(1001) %}{% endfor %}", "OverflowError"),
        (
            "{% for x in range(1000) %}{% for y in range(1000) %}x{% endfor %}{% endfor %}",
            "more than 200,000 characters",
        ),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
    ],
)
def test_a_template_that_is_wrong_is_refused_with_its_line(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        NotificationTemplate(source)


def test_a_label_that_an_alert_does_not_have_is_empty() -> None:
    """Rules differ in their labels, and a channel is for many."""
    assert NotificationTemplate("<{{ labels.model }}>").render(FULL) == "<>"
    assert NotificationTemplate("<{{ labels['model'] }}>").render(FULL) == "<>"
    assert NotificationTemplate("{{ labels.provider }}").render(FULL) == "openai"


def test_nothing_is_shown_for_what_is_not_there() -> None:
    assert NotificationTemplate("{{ rule }}:{{ tenant_alias }}").render(LEAST) == "error-rate:"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ '-' * 40 }}", "-" * 40),
        ("{{ 'a'.ljust(3) }}|", "a  |"),
        ("{{ '%.1f %%' % 12.34 }}", "12.3 %"),
        ("{{ '%05.1f' | format(12.34) }}", "012.3"),
        ("{{ '{:,} of {total:>6}'.format(1234567, total=8) }}", "1,234,567 of      8"),
        ("{% for n in range(3) %}{{ n * 1000000 }},{% endfor %}", "0,1000000,2000000,"),
        ("{{ rule | center(14) }}.", "  error-rate  ."),
    ],
)
def test_what_templates_are_for_is_left_to_them(source: str, text: str) -> None:
    assert NotificationTemplate(source).render(FULL) == text.strip()


def test_what_tenants_write_is_no_template() -> None:
    values: dict[str, Any] = {**FULL, "tenant_alias": "{{ ''.__class__ }}{% for %}"}
    assert NotificationTemplate("{{ tenant }}").render(values) == "{{ ''.__class__ }}{% for %}"


def test_values_are_escaped_and_the_template_is_not() -> None:
    values: dict[str, Any] = {**FULL, "tenant_alias": "<!channel> & <https://e.example|x>", "labels": {"a": "<b>"}}
    template = NotificationTemplate(
        "<!here> {{ tenant }} {{ tenant | upper }} {{ labels.a | safe }} {{ '<c>' }}", for_slack
    )
    assert template.render(values) == (
        "<!here> &lt;!channel&gt; &amp; &lt;https://e.example|x&gt; "
        "&lt;!CHANNEL&gt; &amp; &lt;HTTPS://E.EXAMPLE|X&gt; &lt;b&gt; &lt;c&gt;"
    )


@pytest.mark.parametrize("word", ["@channel", "@here", "@everyone", "@Everyone", "x@channel."])
def test_words_that_notify_everyone_are_taken_apart(word: str) -> None:
    assert "@\u200b" in without_mentions(word)


@pytest.mark.parametrize("word", ["@channels", "a@heresy.example", "@ channel", "oncall@example.com"])
def test_other_words_are_left(word: str) -> None:
    assert without_mentions(word) == word
