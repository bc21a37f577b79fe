"""Which URLs are sent to at all."""

from __future__ import annotations

import pytest

from inferspect.outgoing.urls import check_url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "must begin with https://"),
        ("hooks.example/x", "must begin with https://"),
        ("ftp://hooks.example/x", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("gopher://127.0.0.1:25/_HELO", "must begin with https://"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://user:secret@hooks.example/", "must not hold a login"),
        ("https://hooks.example@127.0.0.1/", "must not hold a login"),
        ("https://:secret@127.0.0.1/", "must not hold a login"),
        ("https://127.0.0.1\\@hooks.example/", "a backslash"),
        ("https://hooks.example /x", "a space"),
        ("https://hooks.example/x\r\nHost: other", "a control character"),
        ("https://hooks.example/\u200b", "a control character"),
        ("https://[fe80::1%25lo]/", "names no host"),
        ("https://[fe80::1%lo]/", "names no host"),
        ("https://hooks.example:99999/", "no URL|port"),
        ("https://hooks.example:0/", "port"),
        ("https://hooks.example:x/", "no URL"),
        ("https://[::1/", "no URL"),
    ],
)
def test_what_is_no_url_to_send_to_is_refused_without_being_quoted(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        check_url(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.example/a?b=c#d", "hooks.example"),
        ("HTTPS://HOOKS.EXAMPLE:8443", "hooks.example"),
        ("http://[::1]:80/", "::1"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("http://2130706433/", "2130706433"),
    ],
)
def test_a_url_is_taken_apart_as_the_client_does(url: str, host: str) -> None:
    assert check_url(url).raw_host.decode() == host
