from __future__ import annotations

import io
import logging
import sys
import threading
import traceback

import pytest

from inferspect.logs import PrintedLines, take_over_output

from .conftest import Written

KEY = "sk-" + "abcdefghijklmnop1234"
SECRET = "jane@example.com"


def test_what_a_library_prints_becomes_lines_of_the_log(written: Written) -> None:
    """Printed text is cut into lines, without colours and blanks; half a line waits for its end."""
    out = PrintedLines()
    print("\x1b[1;32mStarted\x1b[0m\n\n  ", file=out)
    print(f"half {KEY[:6]}", end="", file=out)
    assert [line["event"] for line in written.lines()] == ["Started"]
    print(KEY[6:], file=out)
    assert [line["event"] for line in written.lines()] == ["Started", "half [secret]"]
    assert out.fileno() >= 0
    assert not out.isatty()


def test_a_log_that_is_not_set_up_yet_prints_its_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python's handler of last resort prints to standard error, where these lines come from."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger("stderr"), "handlers", [])
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", terminal)
    monkeypatch.setattr(sys, "stderr", PrintedLines("stderr"))
    sys.stderr.write("an early word\n")
    assert terminal.getvalue() == "an early word\n"


def test_values_in_printed_text_are_withheld_once_requests_are_served(serving: Written) -> None:
    """The words of the source and the place are told, once for what is printed at once."""
    out = PrintedLines("stderr")
    print(f"asked for {SECRET}\nand {SECRET}", file=out)
    print(SECRET, SECRET, file=out)
    lines = serving.lines()
    assert [line["event"].partition(" (printed at")[0] for line in lines] == ["asked for …\nand …", "……"]
    assert {line["level"] for line in lines} == {"warning"}
    assert SECRET not in serving.getvalue()


def test_a_printed_traceback_is_told_as_its_exception(serving: Written) -> None:
    """One line, by class and place."""
    try:
        raise ValueError(SECRET)
    except ValueError:
        traceback.print_exc(file=PrintedLines("stderr"))
    (line,) = serving.lines()
    assert line["exception"] == "ValueError"
    assert "test_printed" in str(line["event"])
    assert SECRET not in serving.getvalue()


def test_uncaught_exceptions_are_lines_of_the_log(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python itself would print them with their messages."""
    for name in ("stdout", "stderr", "excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr("warnings.showwarning", None)
    take_over_output()

    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(SECRET), None)
    assert [(line["exception"], line["level"]) for line in written.lines()] == [
        ("ValueError", "error"),
        ("ValueError", "critical"),
    ]
    assert SECRET not in written.getvalue()
