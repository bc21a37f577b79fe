"""Traces that the requests of a session share."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inferspect.salt_key import salt_key_of

if TYPE_CHECKING:
    from inferspect.observation.langfuse import LangfuseSettings
    from inferspect.settings import LaunchSettings

KEY_BYTES = 32


class SessionTraces:
    """Finds the trace of a session. Of two tenants' sessions of the same id each has its own.

    Ids are made with a key: who could compute another tenant's would name it in a ``traceparent`` and so write into
    that trace, where both share a project.

    Args:
        salt_key: the secret of the installation, random: it is not stretched as a password would be.
    """

    def __init__(self, salt_key: str) -> None:
        info = b"inferspect session traces 1"
        self._key = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(salt_key.encode("utf-8", "surrogatepass"))

    def id_of(self, tenant_id: str | None, session_id: str) -> bytes:
        """16 bytes."""
        return hmac.digest(self._key, f"{tenant_id or ''}\n{session_id}".encode(), hashlib.sha256)[:16]


def session_traces(settings: LangfuseSettings, launch: LaunchSettings) -> SessionTraces | None:
    """``None`` where each request has a trace of its own.

    Raises:
        ValueError: there is no salt key.
    """
    return SessionTraces(salt_key_of(launch)) if settings.traces_by == "session" else None
