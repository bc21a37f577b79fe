from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from inferspect.context import RequestContext, activate, deactivate
from inferspect.logs import PrintedLines, configure_logs, without_secrets
from inferspect.settings import LogSettings

KEY = "sk-abcdefghijklmnop1234"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the log writes to standard error; the root logger is as before afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs(LogSettings())
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_level_logger_and_time(written: io.StringIO) -> None:
    """Our own loggers and the standard library's give the same fields."""
    structlog.get_logger("inferspect.test").info("ours", count=2)
    logging.getLogger("other.library").warning("theirs %s", "too")
    ours, theirs = lines(written)
    assert (ours["event"], ours["count"], ours["logger"], ours["level"]) == ("ours", 2, "inferspect.test", "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("theirs too", "other.library", "warning")
    assert str(ours["timestamp"]).endswith("Z")


def test_a_line_of_a_request_has_its_id(written: io.StringIO) -> None:
    """Lines outside of a request have none."""
    token = activate(RequestContext(request_id="r-7", route="/", method="GET", client_address=""))
    logging.getLogger("LiteLLM").warning("inside")
    deactivate(token)
    logging.getLogger("LiteLLM").warning("outside")
    inside, outside = lines(written)
    assert inside["request_id"] == "r-7"
    assert "request_id" not in outside


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
    ],
)
def test_secrets_never_reach_the_log(written: io.StringIO, text: str, secret: str) -> None:
    """Wherever a library put it: in the message, an argument or a field."""
    logging.getLogger("library").error(text)
    logging.getLogger("library").error("%s", {"value": text})
    structlog.get_logger("ours").error("failed", detail=text, nested={"list": [text]})
    assert secret not in written.getvalue()
    assert len(lines(written)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "the task-management-system and a disk-encryption-key",
        "risk-assessment-report",
        "see http://127.0.0.1:4000/health, or write to jane@example.com",
        "http://127.0.0.1:4000 and a@b",
        "the bearer of news",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """What only resembles a secret is not touched."""
    assert without_secrets(text) == text


def test_an_exception_is_its_class_and_place(written: io.StringIO) -> None:
    """Its message may hold content or a key, so neither message nor frames' lines are written."""

    def fail() -> None:
        raise ValueError(f"the prompt was: my secret illness; key {KEY}")

    try:
        fail()
    except ValueError:
        logging.getLogger("library").exception("it failed")
        structlog.get_logger("ours").exception("it failed here")
    for line in lines(written):
        assert line["exception"] == "ValueError"
        places = line["where"]
        assert isinstance(places, list)
        assert all(":" in place for place in places)
    assert "illness" not in written.getvalue()
    assert KEY not in written.getvalue()


def test_an_exception_instance_may_be_handed_over(written: io.StringIO) -> None:
    """As asyncio's callbacks do, outside of an except block."""
    structlog.get_logger("ours").error("a task ended", exc_info=KeyError("x"))
    (line,) = lines(written)
    assert line["exception"] == "KeyError"


def test_a_traceback_in_a_message_is_cut(written: io.StringIO) -> None:
    """LiteLLM formats tracebacks into its messages."""
    logging.getLogger("LiteLLM Proxy").error(
        "auth failed\nTraceback (most recent call last):\n  File x\nValueError: my prompt"
    )
    (line,) = lines(written)
    assert line["event"] == "auth failed"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            "MCP client call_tool failed - Error Type: MCPError, Error: no jane@example.com: ask\nher, Tool: note",
            "MCP client call_tool failed - Error Type: MCPError",
        ),
        ("Unexpected error in MCP tool call: no jane@example.com", "Unexpected error in MCP tool call"),
        ("MCP tool call logging failed (continuing): jane", "MCP tool call logging failed (continuing)"),
        ("Error executing local tool note: jane@example.com", "Error executing local tool note"),
        ("Failed to connect to MCP server notes: refused", "Failed to connect to MCP server notes: refused"),
    ],
)
def test_what_a_tool_said_is_cut(written: io.StringIO, told: str, kept: str) -> None:
    """LiteLLM logs the errors of MCP tools with their words."""
    logging.getLogger("LiteLLM").error(told)
    assert json.loads(written.getvalue())["event"] == kept


def test_a_field_that_json_does_not_know_is_written_anyway(written: io.StringIO) -> None:
    """A log call never raises into the code that logs."""
    structlog.get_logger("ours").info("odd", value=object(), error=ValueError(KEY))
    assert lines(written)[0]["event"] == "odd"
    assert KEY not in written.getvalue()


def test_noise_of_libraries_stays_out(written: io.StringIO) -> None:
    """Access lines and LiteLLM's chatter are not written below warning."""
    for name in ("LiteLLM", "uvicorn.access", "httpx", "presidio-analyzer"):
        logging.getLogger(name).info("noise")
    assert written.getvalue() == ""


def test_configuring_twice_writes_each_line_once(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher configures before and after LiteLLM made handlers of its own."""
    monkeypatch.setattr(sys, "stderr", written)
    logging.getLogger("LiteLLM").addHandler(logging.StreamHandler(written))
    configure_logs(LogSettings())
    logging.getLogger("LiteLLM").warning("once")
    assert len(written.getvalue().splitlines()) == 1


def test_text_is_for_a_person(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """No JSON, still no secrets."""
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(LogSettings(format="text"))
    structlog.get_logger("ours").info("hello", key=KEY)
    assert "hello" in written.getvalue()
    assert KEY not in written.getvalue()
    assert not written.getvalue().startswith("{")


def test_what_a_library_prints_becomes_lines_of_the_log(written: io.StringIO) -> None:
    """Printed text is cut into lines, without colours and blanks; half a line waits for its end."""
    out = PrintedLines()
    print("\x1b[1;32mStarted\x1b[0m\n\n  ", file=out)
    print(f"half {KEY[:6]}", end="", file=out)
    assert [line["event"] for line in lines(written)] == ["Started"]
    print(KEY[6:], file=out)
    assert [line["event"] for line in lines(written)] == ["Started", "half [secret]"]
    assert out.fileno() >= 0
