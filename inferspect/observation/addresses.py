"""What the settings of those have in common who send traces somewhere."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

DEFAULT_PORTS = {"http": 80, "https": 443}


def checked_address(value: str) -> str:
    """An address without the slash at its end, by which two of the same are the same.

    Raises:
        ValueError: it is none, or has more to it than scheme, host, port and path.
    """
    parts = urlsplit(value)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://cloud.langfuse.com, without a key in it")
    if not _is_host(parts.hostname):
        raise ValueError("has a host that is no name in the DNS")
    port = f":{parts.port}" if parts.port not in {None, DEFAULT_PORTS[parts.scheme]} else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _is_host(host: str) -> bool:
    """Whether a name in another script, or how the DNS writes one, is one; any other is looked up as it is."""
    if host.isascii() and not host.startswith("xn--"):
        return True
    import httpx  # noqa: PLC0415  takes a moment, and is rarely needed here

    try:
        return bool(httpx.URL(scheme="http", host=host).host)
    except (httpx.InvalidURL, UnicodeError):
        return False


HttpAddress = Annotated[str, AfterValidator(checked_address), Field(max_length=512)]
Share = Annotated[float, Field(ge=0, le=1)]
ContentRule = Literal["redacted", "none"]
