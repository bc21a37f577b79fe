"""Keys of a tenant, derived from the installation's salt key: none is stored, and every replica has the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Purpose = Literal["placeholder", "hash", "vault", "response_id"]

KEY_BYTES = 32
KEPT = 4096


class TenantKeys:
    """Derives keys by HKDF-SHA256 (RFC 5869), one for each tenant, purpose and version.

    A higher version makes new placeholders, new hashes and new keys of the vault. Keys of all other versions, later
    ones too, stay derivable, so that replicas of both versions read what either has written. A salt key that leaked
    is not mended by a new version: all keys follow from it.

    Args:
        salt_key: the secret of the installation, random: it is not stretched as a password would be.
        version: of the keys that are made use of now, from 1.

    Raises:
        ValueError: the salt key is empty, or the version is below 1.
    """

    def __init__(self, salt_key: str, version: int = 1) -> None:
        if not salt_key:
            raise ValueError("keys of tenants need a salt key; set LITELLM_SALT_KEY")
        if version < 1:
            raise ValueError(f"versions of keys count from 1, not {version}")
        self.version = version
        secret = salt_key.encode("utf-8", "surrogatepass")

        def derived(tenant_id: str, purpose: Purpose, version: int) -> bytes:
            # The tenant comes last, so no two combinations read the same.
            info = f"inferspect {purpose} {version} {tenant_id}".encode("utf-8", "surrogatepass")
            return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(secret)

        self._derived = lru_cache(maxsize=KEPT)(derived)

    def key(self, tenant_id: str, purpose: Purpose, version: int | None = None) -> bytes:
        """The 32 bytes for one purpose; of the current version unless another is named."""
        return self._derived(tenant_id, purpose, self.version if version is None else version)

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not written down")
