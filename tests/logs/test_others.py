"""What is told of the messages of others' loggers, which quote what must not be told."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable

import pytest
import structlog

from inferspect.logs import configure_logs, withhold_values
from inferspect.logs.printed import log_warning
from inferspect.settings import LogSettings

from .conftest import Written

SECRET = "jane@example.com asked: what's (wrong) with {me}?\nTell"
theirs = logging.getLogger("LiteLLM Proxy")
error = ValueError(SECRET)


class RateLimitError(Exception):
    pass


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (lambda: theirs.error("nothing put in"), "nothing put in"),
        (lambda: theirs.error("100 % of it"), "100 % of it"),
        (lambda: theirs.error(f"failed for {SECRET}"), "failed for …"),
        (lambda: theirs.error(f"{SECRET} failed {7} times, {True}, {0.25}s"), "… failed 7 times, True, 0.25s"),
        (lambda: theirs.error("failed: %s after %d tries", SECRET, 3), "failed: … after 3 tries"),
        (lambda: theirs.error("100%% failed: %s", SECRET), "100% failed: …"),
        (lambda: theirs.error("failed: {} in {:.1f}".format(SECRET, 1.5)), "failed: … in 1.5"),  # noqa: UP032
        (lambda: theirs.error("failed: %s (%s)" % (SECRET, 5)), "failed: … (…)"),  # noqa: UP031
        (lambda: theirs.error("failed: " + SECRET), "failed: …"),
        (lambda: theirs.error("failed: " + SECRET + f" {404}."), "failed: … …."),
        (lambda: theirs.error(SECRET), "…"),
        (lambda: theirs.error(str(error)), "…"),
        (lambda: theirs.error(error), "…"),
        (lambda: theirs.log(logging.ERROR, f"failed: {error!r}"), "failed: ValueError …"),
        (lambda: theirs.error(f"x.RateLimitError: {error}"), "x.RateLimitError: …"),
        (lambda: theirs.error(f"litellm {'a.RateLimitError: ' + SECRET}"), "litellm a.RateLimitError …"),
        (lambda: theirs.error(f"card {4111111111111111}"), "card …"),
        (
            lambda: theirs.error(
                "over lines: "  # with a comment ")"
                f"{SECRET}, "
                "and an end"
            ),
            "over lines: …, and an end",
        ),
    ],
)  # fmt: skip
def test_of_a_message_the_words_of_its_source_are_told(serving: Written, say: Callable[[], None], told: str) -> None:
    """And of the values only those that cannot be content."""
    say()
    (line,) = serving.lines()
    assert line["event"] == told
    assert line["place"].startswith("test_others:")
    assert "jane" not in serving.getvalue()


def test_a_message_that_quotes_the_words_around_it_stays_withheld(serving: Written) -> None:
    """Wherever the value is cut, no part of it is told."""
    theirs.error(f"asked {'jane, answered jane'}, answered {SECRET}")
    assert "jane" not in serving.getvalue()


def test_a_place_that_cannot_be_read_tells_nothing(serving: Written) -> None:
    record = logging.LogRecord("LiteLLM", logging.ERROR, "/nowhere/x.py", 12, SECRET, None, None)
    logging.getLogger("LiteLLM").handle(record)
    assert serving.lines()[0]["event"] == "…"


def test_litellm_is_told_whole_until_withhold_values(written: Written) -> None:
    """What it says at the start is about its configuration; of other libraries nobody knows."""
    theirs.error(f"cannot read {'config.yaml'}")
    logging.getLogger("langfuse").error("cannot send %s", SECRET)
    assert [line["event"] for line in written.lines()] == ["cannot read config.yaml", "cannot send …"]


def test_servers_and_our_own_are_told_whole(serving: Written) -> None:
    logging.getLogger("gunicorn.error").warning("Booting worker with pid: %s", "12345678")
    structlog.get_logger("guardrails.pipeline").warning("refused", reason="because")
    lines = serving.lines()
    assert [line["event"] for line in lines] == ["Booting worker with pid: 12345678", "refused"]
    assert lines[1]["reason"] == "because"


def test_loggers_that_the_operator_names_are_told_whole(serving: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", serving)
    configure_logs(LogSettings(whole=("my_plugin",)))
    for name in ("my_plugin.part", "my_plugin_too"):
        logging.getLogger(name).warning("about %s", "jim")
    assert [line["event"] for line in serving.lines()] == ["about jim", "about …"]


def test_handlers_that_libraries_make_are_removed_once_withhold_values(written: Written) -> None:
    """They would write messages whole, and each line twice."""
    theirs.addHandler(logging.StreamHandler(written))
    theirs.propagate = False
    withhold_values()
    theirs.error(f"failed: {SECRET}")
    assert [line["event"] for line in written.lines()] == ["failed: …"]


async def test_asyncio_tells_what_happened_and_no_object(serving: Written) -> None:
    """It writes tasks with their exceptions."""
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "Task exception was never retrieved", "exception": error, "task": SECRET})
    loop.call_exception_handler({"message": f"Exception in callback f({SECRET!r})", "exception": error})
    lines = serving.lines()
    assert [line["event"] for line in lines] == ["Task exception was never retrieved", "Exception in callback f"]
    assert [line["exception"] for line in lines] == ["ValueError", "ValueError"]
    assert "jane" not in serving.getvalue()


def test_a_warning_is_told_by_kind_and_place(serving: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pydantic's quote the value that they warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", log_warning)
        warnings.warn(f"unexpected value: {SECRET}", UserWarning, stacklevel=1)
    (line,) = serving.lines()
    assert str(line["event"]).startswith("UserWarning at test_others.py:")
    assert "jane" not in serving.getvalue()


def test_a_warning_that_logging_has_captured_is_told_likewise(serving: Written) -> None:
    """LiteLLM has logging capture them."""
    logging.captureWarnings(False)  # where it is imported it has done so, before pytest put its own function back
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"unexpected value: {SECRET}", UserWarning, stacklevel=1)
    finally:
        logging.captureWarnings(False)
    assert str(serving.lines()[0]["event"]).startswith("UserWarning at test_others.py:")
    assert "jane" not in serving.getvalue()
