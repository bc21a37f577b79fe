from __future__ import annotations

import copy
import itertools
import pickle
from typing import get_args

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guardrails.placeholders.keys import KEPT, Purpose, TenantKeys

TENANTS = ("a", "b", "a 1", "1 a", "", "vault 1 a", "tenant-ü")


def test_each_tenant_purpose_and_version_has_its_own_key(keys: TenantKeys) -> None:
    """No combination reads like another one."""
    combinations = list(itertools.product(TENANTS, get_args(Purpose), (1, 2, 11)))
    derived = {keys.key(*combination) for combination in combinations}
    assert len(derived) == len(combinations)
    assert {len(key) for key in derived} == {32}


def test_keys_are_the_same_in_every_replica_and_after_being_forgotten(keys: TenantKeys) -> None:
    """They follow from the salt key alone."""
    first = keys.key("a", "placeholder")
    for number in range(KEPT + 1):
        keys.key(f"other {number}", "hash")
    assert keys.key("a", "placeholder") == first == TenantKeys("salt-of-the-tests").key("a", "placeholder")
    assert TenantKeys("another-salt").key("a", "placeholder") != first


def test_keys_are_derived_as_documented(keys: TenantKeys) -> None:
    """HKDF-SHA256 over purpose, version and tenant; a change would orphan all that was stored."""
    expected = HKDF(SHA256(), 32, salt=None, info=b"inferspect vault 3 team-1").derive(b"salt-of-the-tests")
    assert keys.key("team-1", "vault", 3) == expected


def test_a_new_version_makes_new_keys_and_keeps_the_old_ones_derivable(keys: TenantKeys) -> None:
    """In both directions, as replicas of both versions run side by side for a while."""
    newer = TenantKeys("salt-of-the-tests", version=2)
    assert newer.key("a", "vault") != keys.key("a", "vault")
    assert newer.key("a", "vault", 1) == keys.key("a", "vault")
    assert keys.key("a", "vault", 2) == newer.key("a", "vault")


@pytest.mark.parametrize(("salt_key", "version"), [("", 1), ("salt", 0), ("salt", -1)])
def test_wrong_settings_fail_at_once(salt_key: str, version: int) -> None:
    with pytest.raises(ValueError, match=r"LITELLM_SALT_KEY|count from 1"):
        TenantKeys(salt_key, version)


def test_keys_are_not_shown_nor_written_down(keys: TenantKeys) -> None:
    keys.key("a", "vault")
    assert "salt-of-the-tests" not in repr(keys) + str(keys) + repr(vars(keys))
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(keys)
