from __future__ import annotations

import json
import logging
import sys

import pytest
import structlog

from inferspect.context import RequestContext, activate, deactivate
from inferspect.logs import configure_logs, without_secrets
from inferspect.logs.line_handler import LineHandler
from inferspect.settings import LogSettings
from inferspect.tenancy import Tenant, TenantRules

from .conftest import Written

KEY = "sk-" + "abcdefghijklmnop1234"


def test_a_line_is_an_object_with_level_logger_and_time(written: Written) -> None:
    """Our own loggers and the standard library's give the same fields."""
    structlog.get_logger("inferspect.test").info("ours", count=2)
    logging.getLogger("other.library").warning("theirs %s", 7)
    ours, theirs = written.lines()
    assert (ours["event"], ours["count"], ours["logger"], ours["level"]) == ("ours", 2, "inferspect.test", "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("theirs 7", "other.library", "warning")
    assert str(ours["timestamp"]).endswith("Z")


def test_a_line_of_a_request_has_its_id_and_tenant(written: Written) -> None:
    """The tenant once it is known; lines outside of a request have neither."""
    context = RequestContext(request_id="r-7", route="/", method="GET", client_address="")
    token = activate(context)
    logging.getLogger("LiteLLM").warning("early")
    context.team_id = "team-1"
    structlog.get_logger("inferspect.test").info("inside")
    context.tenant = Tenant("default", None, TenantRules())
    logging.getLogger("uvicorn.error").error("late")
    deactivate(token)
    logging.getLogger("LiteLLM").warning("outside")
    lines = written.lines()
    assert [line.get("request_id") for line in lines] == ["r-7", "r-7", "r-7", None]
    assert [line.get("tenant") for line in lines] == [None, "team-1", "default", None]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {KEY} refused", KEY),
        (f"first line\n{KEY}", KEY),
        (f"tab\t{KEY}", KEY),
        (f"api_key={KEY}", KEY),
        (f"key_{KEY}", KEY),
        (f"'{KEY}'", KEY),
        ("sk-proj-abc_DEF-1234567890", "abc_DEF-1234567890"),
        ("Authorization: Bearer eyJhbGciOi.eyJzdWIiOiIx.c2ln", "eyJzdWIiOiIx"),
        ("authorization: bearer   abcdefgh12345678==", "abcdefgh12345678"),
        ("Bearer\nabcdefgh12345678", "abcdefgh12345678"),
        ("postgresql://gateway:s3cret-pass@127.0.0.1:5432/inferspect", "s3cret-pass"),
        ("postgresql://gateway:p@ss-word@127.0.0.1/inferspect", "ss-word"),
        ("redis://:s3cret-pass@127.0.0.1:6379/0", "s3cret-pass"),
        ("Authorization: Basic " + "cGs6c2stYWJj", "cGs6c2stYWJj"),
        ("whsec_" + "MfKQ9r8GKYqrTwjUPD8I", "MfKQ9r8GKYqrTwjUPD8I"),
        ("xoxb" + "-123456789012-abcdef", "123456789012-abcdef"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ],
)
def test_secrets_never_reach_the_log(written: Written, text: str, secret: str) -> None:
    """Wherever a library put it: in the message, an argument or a field."""
    logging.getLogger("library").error(text)
    logging.getLogger("library").error("%s", {"value": text})
    structlog.get_logger("ours").error("failed", detail=text, nested={"list": [text]})
    assert secret not in written.getvalue()
    assert len(written.lines()) == 3


@pytest.mark.parametrize(
    "text",
    [
        "the task-management-system and a disk-encryption-key",
        "risk-assessment-report",
        "see http://127.0.0.1:4000/health, or write to jane@example.com",
        "http://127.0.0.1:4000 and a@b",
        "the bearer of news",
        "basic requirements of a system",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """What only resembles a secret is not touched."""
    assert without_secrets(text) == text


def test_an_exception_is_its_class_and_place(written: Written) -> None:
    """Its message may hold content or a key, so neither message nor frames' lines are written."""

    def fail() -> None:
        raise ValueError(f"the prompt was: my secret illness; key {KEY}")

    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("it failed")
        structlog.get_logger("ours").exception("it failed here")
    for line in written.lines():
        assert line["exception"] == "ValueError"
        assert [place.rpartition(" ")[2] for place in line["where"]][-1] == "fail"
        assert all(":" in place for place in line["where"])
    assert "illness" not in written.getvalue()
    assert KEY not in written.getvalue()


def test_what_caused_an_exception_is_told_too(written: Written) -> None:
    try:
        try:
            raise KeyError("jane")
        except KeyError as error:
            raise ValueError("about jane") from error
    except ValueError:
        structlog.get_logger("ours").exception("it failed")
    (line,) = written.lines()
    (cause,) = line["caused_by"]
    assert (cause["exception"], len(cause["where"])) == ("KeyError", 1)
    assert "jane" not in written.getvalue()


def test_an_exception_instance_may_be_handed_over(written: Written) -> None:
    """As asyncio's callbacks do, outside of an except block."""
    structlog.get_logger("ours").error("a task ended", exc_info=KeyError("x"))
    (line,) = written.lines()
    assert line["exception"] == "KeyError"


def test_a_traceback_in_a_message_is_cut(written: Written) -> None:
    """LiteLLM formats tracebacks into its messages."""
    logging.getLogger("LiteLLM Proxy").error(
        "auth failed\nTraceback (most recent call last):\n  File x\nValueError: my prompt"
    )
    (line,) = written.lines()
    assert line["event"] == "auth failed"


def test_a_field_that_json_does_not_know_is_written_anyway(written: Written) -> None:
    """A log call never raises into the code that logs."""
    structlog.get_logger("ours").info("odd", value=object(), error=ValueError(KEY))
    assert written.lines()[0]["event"] == "odd"
    assert KEY not in written.getvalue()


def test_noise_of_libraries_stays_out(written: Written) -> None:
    """Access lines and LiteLLM's chatter are not written below warning."""
    for name in ("LiteLLM", "uvicorn.access", "httpx", "presidio-analyzer"):
        logging.getLogger(name).info("noise")
    assert written.getvalue() == ""


def test_configuring_twice_writes_each_line_once(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher configures before and after LiteLLM made handlers of its own."""
    monkeypatch.setattr(sys, "stderr", written)
    logging.getLogger("LiteLLM").addHandler(logging.StreamHandler(written))
    configure_logs(LogSettings())
    logging.getLogger("LiteLLM").warning("once")
    assert len(written.getvalue().splitlines()) == 1


def test_text_is_for_a_person(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """No JSON, still no secrets."""
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(LogSettings(format="text"))
    structlog.get_logger("ours").info("hello", key=KEY)
    assert "hello" in written.getvalue()
    assert KEY not in written.getvalue()
    assert not written.getvalue().startswith("{")


def test_single_loggers_have_levels_of_their_own(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(LogSettings(level="warning", levels={"LiteLLM Router": "info", "inferspect.events": "error"}))
    logging.getLogger("LiteLLM Router").info("routed")
    structlog.get_logger("inferspect.events").warning("shipped")
    structlog.get_logger("inferspect.gateway").info("quiet")
    assert [line["event"] for line in written.lines()] == ["routed"]


def test_a_line_that_cannot_be_written_is_told_and_raises_nothing(
    written: Written, capfd: pytest.CaptureFixture[str]
) -> None:
    """Such as a message whose arguments do not fit; it holds nothing of the message."""
    (handler,) = [handler for handler in logging.getLogger().handlers if isinstance(handler, LineHandler)]
    handler.handle(logging.LogRecord("library", logging.ERROR, "x.py", 1, "%d", ("jane",), None))
    assert written.getvalue() == ""
    assert json.loads(capfd.readouterr().err)["event"] == "a line of the log could not be written"
