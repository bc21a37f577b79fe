"""A proxy that the environment names is for what lies elsewhere, never for this machine's own processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("NO_PROXY", "no_proxy")  # some programs read the one, some the other
HERE = ("127.0.0.1", "localhost", "::1")


def no_proxy_to_here(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep a proxy out of the way; both say what either of them says already."""
    told = ",".join(environment.get(name, "") for name in NAMES).split(",")
    hosts = dict.fromkeys([*filter(None, map(str.strip, told)), *HERE])
    return dict.fromkeys(NAMES, ",".join(hosts))
