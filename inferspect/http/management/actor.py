"""Who sends a management request: found by the hash of the key, as LiteLLM keeps it, without asking LiteLLM.

The admin UI's sessions are keys, too: it takes one out of the cookie that its login set, and sends it as all do.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from inferspect.http.scope import header

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection
    from starlette.types import Scope

# In the order in which LiteLLM looks (`SpecialHeaders`); the first that is there counts.
HEADERS = (b"x-litellm-api-key", b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key",
           b"ocp-apim-subscription-key")  # fmt: skip
PREFIXES = ("bearer ", "basic ")
UI_TEAM = "litellm-dashboard"
MASTER_KEY = "master key"
PLATFORM_ADMIN = "proxy_admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose key it is. All ``None`` but the hash where the key is unknown: what it says it is was not found true."""

    key_hash: str | None = None
    key_alias: str | None = None
    user_id: str | None = None
    role: str | None = None
    team_id: str | None = None

    @property
    def is_known(self) -> bool:
        return self.role is not None

    @property
    def tenant_id(self) -> str | None:
        """The tenant whose key it is; none of the platform's administrators and of sessions of the UI."""
        return None if self.team_id == UI_TEAM or self.role == PLATFORM_ADMIN else self.team_id


def key_of(scope: Scope, custom_header: str | None = None) -> str | None:
    """The key that a request was sent with.

    Args:
        custom_header: name of the header that LiteLLM's ``litellm_key_header_name`` names.
    """
    wanted = (custom_header.lower().encode("latin-1"),) if custom_header else HEADERS
    for name in wanted:
        if sent := header(scope, name):
            for prefix in PREFIXES:
                if sent[: len(prefix)].lower() == prefix:
                    return sent[len(prefix) :].strip() or None
            return sent.strip()
    return None


async def actor_of(connection: AsyncConnection, schema: str, key: str | None, master_key: str | None) -> Actor:
    """Whose key it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be asked.
    """
    if key is None:
        return Actor()
    sent = key.encode("utf-8", "surrogatepass")
    key_hash = hashlib.sha256(sent).hexdigest()
    if master_key is not None and hmac.compare_digest(sent, master_key.encode()):
        return Actor(key_hash, MASTER_KEY, None, PLATFORM_ADMIN)
    keys, people = f'"{schema}"."LiteLLM_VerificationToken"', f'"{schema}"."LiteLLM_UserTable"'
    statement = (
        "SELECT key.key_alias, key.user_id, key.team_id, coalesce(person.user_role, 'key') AS role"  # noqa: S608  ours
        f" FROM {keys} AS key LEFT JOIN {people} AS person ON person.user_id = key.user_id WHERE key.token = :token"
    )
    found = await connection.execute(text(statement), {"token": key_hash})
    row = found.mappings().first()
    if row is None:
        return Actor(key_hash)
    return Actor(key_hash, row["key_alias"], row["user_id"], row["role"], row["team_id"])
