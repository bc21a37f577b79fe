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
    port = f":{parts.port}" if parts.port not in {None, DEFAULT_PORTS[parts.scheme]} else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


HttpAddress = Annotated[str, AfterValidator(checked_address), Field(max_length=512)]
Share = Annotated[float, Field(ge=0, le=1)]
ContentRule = Literal["redacted", "none"]
