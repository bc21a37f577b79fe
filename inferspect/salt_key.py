"""The secret of an installation, from which keys are derived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inferspect.settings import LaunchSettings


def salt_key_of(launch: LaunchSettings) -> str:
    """``LITELLM_SALT_KEY``, else what the launcher made and keeps.

    Raises:
        ValueError: there is neither.
    """
    if launch.litellm_salt_key:
        return launch.litellm_salt_key
    try:
        stored = json.loads((launch.inferspect_home / "credentials.json").read_text(encoding="utf-8"))
        return str(stored["salt_key"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(
            "there is no salt key; set LITELLM_SALT_KEY, or INFERSPECT_HOME to the gateway's data folder"
        ) from None
