"""What a URL must look like before anything is sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

SCHEMES = ("http", "https")
LAST_PORT = 65535
LOGIN = "the URL must not hold a login (name:password@host)"


def check_url(url: str) -> httpx.URL:
    """The URL, parsed.

    Raises:
        ValueError: it is none of http or https with a host, or holds a login; the message does not quote it, because
            it may be a secret.
    """
    import httpx  # noqa: PLC0415  a fifth of a second, for those who have a URL in their settings

    if any(character.isspace() or not character.isprintable() for character in url) or "\\" in url:
        raise ValueError("the URL has a space, a backslash or a control character in it")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("is no URL") from None
    if parsed.scheme not in SCHEMES:
        raise ValueError("the URL must begin with https:// (http:// only reaches networks that the settings allow)")
    host = parsed.raw_host.decode("ascii")
    if not host or "%" in host:
        raise ValueError("the URL names no host")
    if parsed.userinfo:
        raise ValueError(LOGIN)
    if parsed.port is not None and not 0 < parsed.port <= LAST_PORT:
        raise ValueError("the port of the URL is none")
    return parsed
