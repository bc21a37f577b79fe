from __future__ import annotations

from pathlib import Path

import pytest

from callbacks.metrics.chosen import ChosenTenants
from callbacks.metrics.tenants import MOST_WAITING, TenantUsage

from .conftest import MakeEvent, Told


def test_usage_waits_until_the_tenant_has_a_name(event: MakeEvent, told: Told) -> None:
    usage = TenantUsage()
    labels = {"tenant": "t-1", "tenant_alias": "search"}
    for _ in range(2):
        usage.count(event(tenant_id="t-1", tenant_alias="search", prompt_tokens=3, usage={"cached": 2}, cost=0.5))
    assert told("inferspect_tenant_cost_dollars_total", **labels) == 0
    usage.settle({"t-1": "search"}, closed=False)
    usage.count(event(tenant_id="t-1", result="failure", prompt_tokens=4))
    assert told("inferspect_tenant_requests_total", **labels, result="success") == 2
    assert told("inferspect_tenant_requests_total", **labels, result="failure") == 1
    assert told("inferspect_tenant_tokens_total", **labels, kind="prompt") == 10
    assert told("inferspect_tenant_tokens_total", **labels, kind="cached") == 4
    assert told("inferspect_tenant_cost_dollars_total", **labels) == 1.0


def test_a_tenant_without_a_name_is_other(event: MakeEvent, told: Told) -> None:
    """While it is decided, and afterwards at once."""
    usage = TenantUsage()
    usage.count(event(tenant_id="t-2"))
    usage.settle({}, closed=True)
    usage.count(event(tenant_id="t-3"))
    assert usage.waiting == {}
    assert told("inferspect_tenant_requests_total", tenant="other", tenant_alias="", result="success") == 2
    assert told("inferspect_tenant_requests_total", tenant="t-2", tenant_alias="", result="success") == 0


def test_requests_of_nobody_take_no_place(event: MakeEvent, told: Told) -> None:
    """Such as those with a wrong key."""
    usage = TenantUsage()
    usage.count(event(tenant_id=None, result="failure", status=401))
    assert usage.waiting == {}
    assert told("inferspect_tenant_requests_total", tenant="none", tenant_alias="", result="failure") == 1


def test_no_more_tenants_wait_than_memory_has_room_for(event: MakeEvent, told: Told) -> None:
    usage = TenantUsage()
    one = event()
    for number in range(MOST_WAITING + 10):
        object.__setattr__(one, "tenant_id", f"many-{number}")
        usage.count(one)
    assert len(usage.waiting) == MOST_WAITING
    assert told("inferspect_tenant_requests_total", tenant="other", tenant_alias="", result="success") == 10


def test_an_alias_is_one_short_line(event: MakeEvent, told: Told) -> None:
    usage = TenantUsage()
    usage.count(event(tenant_id="t-4"))
    usage.settle({"t-4": "a\nb" + "c" * 200}, closed=False)
    labels = {"tenant": "t-4", "tenant_alias": "a b" + "c" * 97, "result": "success"}
    assert told("inferspect_tenant_requests_total", **labels) == 1


def test_places_are_taken_in_order_and_stay() -> None:
    chosen = ChosenTenants(None, 2, ())
    chosen.admit([("a", "A"), ("b", None), ("c", "C")])
    chosen.admit([("d", None), ("a", "renamed")])
    assert chosen.names == {"a": "A", "b": None}
    assert chosen.closed


def test_a_pinned_tenant_always_has_a_name() -> None:
    """And takes no other's place."""
    chosen = ChosenTenants(None, 1, ("vip",))
    chosen.admit([("a", None), ("b", None)])
    assert not chosen.closed
    chosen.admit([("vip", "V"), ("c", None)])
    assert chosen.names == {"a": None, "vip": "V"}
    assert chosen.closed


def test_all_workers_choose_the_same(tmp_path: Path) -> None:
    """Who comes second takes over what the first has chosen, aliases too."""
    first, second = (ChosenTenants(tmp_path, 3, ()) for _ in range(2))
    first.admit([("a", "A"), ("b", "B")])
    second.admit([("c", "C"), ("d", "D"), ("a", "other alias")])
    first.admit([])
    assert first.names == second.names == {"a": "A", "b": "B", "c": "C"}


def test_a_torn_file_is_an_error_that_is_reported(tmp_path: Path) -> None:
    (tmp_path / "tenants.jsonl").write_bytes(b'["a",')
    with pytest.raises(ValueError, match="end"):
        ChosenTenants(tmp_path, 3, ()).admit([("b", None)])
