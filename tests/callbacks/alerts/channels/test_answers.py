"""What answers of receivers mean, and what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callbacks.alerts.channels.answers import QUOTED, retry_after, told, without_secrets
from inferspect.events.delivery import DONE, Rejected, Retry
from inferspect.outgoing.client import Answer

URL = "https://hooks.example/services/T0000/B0000/" + "abcdefgh" * 3


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_done(status: int) -> None:
    assert told(Answer(status, {}, b""), [URL]) == DONE


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert told(Answer(status, {"retry-after": "7"}, b"busy"), [URL]) == Retry(f"answered {status}: busy", 7.0)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_rejected(status: int) -> None:
    outcome = told(Answer(status, {"location": "https://other.example/"}, b""), [URL])
    assert isinstance(outcome, Rejected)
    assert "not followed" in outcome.reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_never_will_arrive_is_rejected(status: int) -> None:
    assert told(Answer(status, {}, b"no_service"), [URL]) == Rejected(f"answered {status}: no_service")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("30", 30.0),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("999999", 3600.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Sat, 21 Nov 2026 04:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 03:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 04:00:30 -0000", 30.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 11, 21, 4, 0, tzinfo=UTC)) == seconds


def test_what_is_told_of_an_answer_holds_no_part_of_the_address() -> None:
    """A receiver that repeats what it was sent tells nobody the token of its address."""
    token = "abcdefgh" * 3
    words = without_secrets(f"cannot POST /services/T0000/B0000/{token} at {URL}", [URL])
    assert token not in words
    assert "services" not in words
    assert "cannot POST" in words


def test_the_host_is_told() -> None:
    assert without_secrets("hooks.example has no address", [URL]) == "hooks.example has no address"


def test_every_part_of_another_address_is_hidden() -> None:
    assert without_secrets("no abcdefgh", ["discord://abcdefgh/ijklmnop"]) == "no (hidden)"


def test_a_token_in_the_parameters_of_an_address_is_hidden() -> None:
    assert "sig1234" not in without_secrets("bad sig1234567", ["https://x.example/a?sv=1.0&sig=sig1234567"])


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("mailtos://name:p%40ssw0rd%21x@mail.example", "535 p@ssw0rd!x is wrong"),
        ("mailtos://name:p%40ssw0rd%21x@mail.example", "535 p%40ssw0rd%21x is wrong"),
        ("https://a.example/hook?key=p+q%2Fssw0rd", "no key p q/ssw0rd"),
        ("https://a.example/hook/p@ssw0rd-x", "no /p%40ssw0rd-x here"),
        ("https://a.example?key=ssw0rd-in-front", "no ssw0rd-in-front"),
        ("p@ssw0rd", "no p@ssw0rd"),
        ("https://a.example/hook/w0rd", "no hook named w0rd, sorry"),
        ("w0r", "login 'w0r' failed"),
    ],
)
def test_a_secret_is_hidden_in_every_form_that_it_may_come_back_in(secret: str, words: str) -> None:
    """Percent-encoded and not, and however short."""
    told = without_secrets(words, [secret])
    assert "w0r" not in told
    assert "(hidden)" in told


def test_a_short_part_of_an_address_leaves_other_words_alone() -> None:
    """Else little would be left to read."""
    assert without_secrets("services are not served by serv", ["discord://serv/x"]) == (
        "services are not served by (hidden)"
    )


def test_what_is_told_of_an_answer_is_one_short_line() -> None:
    words = without_secrets("a\r\nb\x00\x1b[31mc" + "d" * 9000, [])
    assert words.isprintable()
    assert words.startswith("a b [31mc")
    assert len(words) == QUOTED + 1
