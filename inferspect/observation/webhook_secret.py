"""Secrets that webhooks are signed with, as the Standard Webhooks scheme writes them."""

from __future__ import annotations

import base64
import binascii

from inferspect.secret import SecretReference

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, by the scheme


def signing_key(reference: SecretReference) -> bytes:
    """The key in a secret.

    Raises:
        MissingSecretError: there is none.
        ValueError: it is not written so; the message names the reference only.
    """
    secret = reference.reveal()
    encoded = secret.removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"{reference} must be `{PREFIX}` and base64 of {SHORTEST} to {LONGEST} random bytes")
    return key
