from __future__ import annotations

import base64
import hashlib
import hmac
import itertools

import pytest

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.scanning.plan import PLACEHOLDERS
from inferspect.tenancy.entities import ENTITIES


@pytest.fixture
def minting(keys: TenantKeys) -> Minting:
    return Minting(keys, "tenant-1")


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_placeholders_and_hashes_are_of_the_grammar_that_scans_look_for(minting: Minting, entity: str) -> None:
    """For every entity there is, whatever its value."""
    for value in ("jane@example.com", "0912345678", "", "\ud800", "x" * 5000):
        for minted in (
            minting.placeholder(entity, value),
            minting.further_placeholder(entity, value, 12),
            minting.hashed(entity, value),
        ):
            assert PLACEHOLDERS.fullmatch(minted)
            assert minted[1:-12] == entity


def test_a_placeholder_is_the_hmac_of_entity_and_normal_form(keys: TenantKeys, minting: Minting) -> None:
    digest = hmac.new(keys.key("tenant-1", "placeholder"), b"EMAIL_ADDRESS\0jane@example.com", hashlib.sha256).digest()
    expected = base64.b32encode(digest).decode().lower()[:10]
    assert minting.placeholder("EMAIL_ADDRESS", "Jane@Example.com") == f"<EMAIL_ADDRESS_{expected}>"


def test_equal_values_are_equal_in_every_replica(minting: Minting) -> None:
    """Another process with the same salt key; the writing makes no difference."""
    replica = Minting(TenantKeys("salt-of-the-tests"), "tenant-1")
    for mint in ("placeholder", "hashed"):
        one, other = getattr(minting, mint), getattr(replica, mint)
        assert one("CREDIT_CARD", "4111 1111 1111 1111") == other("CREDIT_CARD", "4111111111111111")


def test_all_that_differs_gives_another_placeholder(keys: TenantKeys, minting: Minting) -> None:
    """Tenant, version, entity, value, number and purpose."""
    newer = TenantKeys("salt-of-the-tests", version=2)
    minted = [
        mint(entity, value)[-11:]
        for by in (minting, Minting(keys, "tenant-2"), Minting(newer, "tenant-1"))
        for mint in (
            by.placeholder,
            by.hashed,
            *(lambda e, v, n=n, by=by: by.further_placeholder(e, v, n) for n in range(3)),
        )
        for entity, value in itertools.product(("US_SSN", "VN_CMND"), ("219099998", "219099999"))
    ]
    assert len(set(minted)) == len(minted) == 3 * 5 * 4


def test_writings_differ_where_the_shared_placeholder_is_taken(minting: Minting) -> None:
    one, other = (minting.further_placeholder("US_SSN", value, 0) for value in ("219099998", "219-09-9998"))
    assert one != other
