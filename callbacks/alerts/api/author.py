"""Who makes a rule or a silence, in a word for others to read."""

from __future__ import annotations

from inferspect.http.tenant_access import Caller


def author_of(caller: Caller) -> str:
    """The user, else the alias of the key; never the key."""
    return str(caller.user_id or caller.key_alias or "an administrator")
