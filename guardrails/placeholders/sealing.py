"""Encrypts what a vault keeps, so that neither the store nor another tenant can read it, nor mix it up."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guardrails.placeholders.keys import TenantKeys

NONCE_BYTES = 12
LONGEST = 128 * 1024
"""Characters of placeholders and values that are kept of one request; the newest count."""
# Ids of responses must be found whichever version of keys is in use. They are random, and kept from reading only.
VERSION_FOR_IDS = 1

Kept = dict[str, str | None]


class UnreadableError(Exception):
    """What was found in a store is not what this installation put there for this tenant and response."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted entry.

    Attributes:
        key_version: of the tenant's vault key.
        data: nonce and ciphertext.
    """

    key_version: int
    data: bytes


class Sealer:
    """AES-256-GCM with the tenant's vault key, bound to tenant and response.

    Nonces are random: one key is good for 2**32 entries (NIST SP 800-38D, 8.3), after which a tenant with so many
    needs another version of keys.
    """

    def __init__(self, keys: TenantKeys) -> None:
        self._keys = keys

    def key_of(self, tenant_id: str, response_id: str) -> bytes:
        """The 32 bytes by which a store knows a response; they do not tell its id."""
        key = self._keys.key(tenant_id, "response_id", VERSION_FOR_IDS)
        return hmac.digest(key, _bytes(response_id), "sha256")

    def seal(self, tenant_id: str, response_id: str, kept: Kept) -> Sealed:
        version = self._keys.version
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = json.dumps(_newest(kept), ensure_ascii=False, separators=(",", ":"))
        cipher = AESGCM(self._keys.key(tenant_id, "vault", version))
        return Sealed(version, nonce + cipher.encrypt(nonce, _bytes(text), _bound_to(tenant_id, response_id)))

    def open(self, tenant_id: str, response_id: str, sealed: Sealed) -> Kept:
        """What was sealed.

        Raises:
            UnreadableError: it was altered, is of another tenant or response, or of another salt key.
        """
        nonce, ciphertext = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        cipher = AESGCM(self._keys.key(tenant_id, "vault", sealed.key_version))
        try:
            text = cipher.decrypt(nonce, ciphertext, _bound_to(tenant_id, response_id))
        except (InvalidTag, ValueError):  # the latter for a nonce that is too short
            raise UnreadableError from None
        kept: Kept = json.loads(text.decode("utf-8", "surrogatepass"))
        return kept


def _newest(kept: Kept) -> Kept:
    """As many of the newest as may be kept, in their order."""
    room = LONGEST
    newest = []
    for placeholder, value in reversed(kept.items()):
        room -= len(placeholder) + len(value or "")
        if room < 0:
            break
        newest.append((placeholder, value))
    return dict(reversed(newest))


def _bound_to(tenant_id: str, response_id: str) -> bytes:
    return _bytes(json.dumps([tenant_id, response_id]))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
