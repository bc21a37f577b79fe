import pytest

from inferspect.spans.w3c import parse_parent, valid_state

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "understood"),
    [
        (f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"),
        (f" 00-{TRACE}-{SPAN}-00 ", f"00-{TRACE}-{SPAN}-00"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", f"00-{TRACE}-{SPAN}-01"),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        (f"00-{TRACE[:-1]}-{SPAN}-01", None),
        ("", None),
        (None, None),
        ("0" * 100_000, None),
    ],
)
def test_a_parent_is_understood_or_ignored(header: str | None, understood: str | None) -> None:
    """What is no valid traceparent is as if it were absent; a later version is read as the first."""
    parent = parse_parent(header)
    assert (str(parent) if parent else None) == understood


@pytest.mark.parametrize(
    ("header", "passed_on"),
    [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ("a=1 ,\tb@vendor=2", "a=1,b@vendor=2"),
        ("a=1,a=2", None),
        ("a", None),
        ("a=", None),
        ("A=1", None),
        ("a=1\r\nx-injected: 1", None),
        ("a=é", None),
        (",".join(f"k{number}=1" for number in range(33)), None),
        ("a=" + "1" * 600, None),
        ("", None),
        (None, None),
    ],
)
def test_a_state_is_passed_on_or_dropped(header: str | None, passed_on: str | None) -> None:
    """A tracestate goes to providers only as the standard writes it."""
    assert valid_state(header) == passed_on
