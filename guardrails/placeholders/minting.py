"""Writes the placeholders and hashes of a tenant, in the grammar of :data:`guardrails.scanning.plan.PLACEHOLDERS`."""

from __future__ import annotations

import base64
import hmac

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.normal_form import normal_form

CHARACTERS = 10  # of 5 bits


class Minting:
    """Stands values for by an HMAC-SHA256 of them: equal ones by equal placeholders, in every request and replica.

    Args:
        keys: of the installation.
        tenant_id: whose values they are; another tenant's placeholders tell nothing about equal values.
    """

    def __init__(self, keys: TenantKeys, tenant_id: str) -> None:
        self._placeholder_key = keys.key(tenant_id, "placeholder")
        self._hash_key = keys.key(tenant_id, "hash")

    def placeholder(self, entity: str, value: str) -> str:
        """``<ENTITY_xxxxxxxxxx>``, the same for all writings of a value."""
        return f"<{entity}_{_digest(self._placeholder_key, entity, normal_form(entity, value))}>"

    def further_placeholder(self, entity: str, value: str, number: int) -> str:
        """A placeholder of exactly this writing, for where :meth:`placeholder` is taken by something else.

        Args:
            number: from 0; each has another placeholder.
        """
        digest = _digest(self._placeholder_key, entity, normal_form(entity, value), value, str(number))
        return f"<{entity}_{digest}>"

    def hashed(self, entity: str, value: str) -> str:
        """``<ENTITY#xxxxxxxxxx>``, the same for all writings of a value, and never turned back."""
        return f"<{entity}#{_digest(self._hash_key, entity, normal_form(entity, value))}>"


def _digest(key: bytes, *parts: str) -> str:
    digest = hmac.digest(key, "\0".join(parts).encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(digest)[:CHARACTERS].decode().lower()
