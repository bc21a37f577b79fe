"""Keys of the audit log, derived from the installation's salt key: whoever has only the database cannot forge."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from inferspect.salt_key import salt_key_of

if TYPE_CHECKING:
    from inferspect.settings import LaunchSettings

KEY_BYTES = 32
FINGERPRINT_DIGITS = 16


class AuditKeys:
    """Seals entries, signs anchors, and takes fingerprints of secrets.

    Keys are derived by HKDF-SHA256 (RFC 5869). Seals are HMAC-SHA256 of an entry's hash; signatures are Ed25519 (RFC
    8032), so that an outsider checks them with the public key alone.

    Args:
        salt_key: the secret of the installation, random: it is not stretched as a password would be.

    Raises:
        ValueError: it is empty.
    """

    def __init__(self, salt_key: str) -> None:
        if not salt_key:
            raise ValueError("the audit log needs a salt key; set LITELLM_SALT_KEY")

        def derived(purpose: str) -> bytes:
            info = f"inferspect audit {purpose} 1".encode()
            return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(salt_key.encode("utf-8", "surrogatepass"))

        self._seal = derived("seal")
        self._fingerprint = derived("fingerprint")
        self._private = Ed25519PrivateKey.from_private_bytes(derived("anchor"))
        self.public_key = self._private.public_key().public_bytes_raw().hex()

    def seal(self, entry_hash: str) -> str:
        """What only a holder of the salt key can make of an entry's hash; 64 hexadecimal digits."""
        return hmac.digest(self._seal, entry_hash.encode(), hashlib.sha256).hex()

    def sign(self, statement: bytes) -> str:
        """Ed25519 signature in hexadecimal digits."""
        return self._private.sign(statement).hex()

    def fingerprint(self, secret: str | bytes) -> str:
        """Tells two secrets apart and nothing else about them: no guess can be tried without the salt key."""
        content = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
        made = hmac.digest(self._fingerprint, content, hashlib.sha256)
        return made.hex()[:FINGERPRINT_DIGITS]

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not written down")


def is_signed(public_key: str, signature: str, statement: bytes) -> bool:
    """Whether the holder of ``public_key``'s other half signed ``statement``; both in hexadecimal digits."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def audit_keys(launch: LaunchSettings) -> AuditKeys:
    """The keys of this installation: by ``LITELLM_SALT_KEY``, else by what the launcher made and keeps.

    Raises:
        ValueError: there is neither.
    """
    return AuditKeys(salt_key_of(launch))
