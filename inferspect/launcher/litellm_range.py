"""Which LiteLLM the hooks are written for, checked before anything is started."""

from __future__ import annotations

from importlib.metadata import version

from inferspect.launcher.home import LaunchError

TESTED = "1.106.2"


def check_litellm() -> None:
    """Refuse a LiteLLM whose hooks may differ.

    Raises:
        LaunchError: another version is installed than the one the hooks are tested with.
    """
    found = version("litellm")
    if found != TESTED:
        raise LaunchError(
            f"LiteLLM {found} is installed; this InferSpect is made for {TESTED}. Run `make setup` to install the lock."
        )
