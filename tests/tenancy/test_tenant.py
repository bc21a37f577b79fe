from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from inferspect.tenancy import InvalidRules, TenantDirectory, TenantRules, parse_rules
from inferspect.tenancy.tenant import REMEMBERED, merged

LEAF = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
TREE = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAF), lambda inner: st.dictionaries(st.sampled_from("abc"), LEAF | inner)
)


def flat(tree: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Leaves by path; an empty map is a leaf."""
    leaves: dict[tuple[str, ...], Any] = {}
    for key, value in tree.items():
        leaves |= flat(value, (*path, key)) if isinstance(value, dict) and value else {(*path, key): value}
    return leaves


def at(tree: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def says(tree: Any, path: tuple[str, ...]) -> bool:
    """Whether the tree has a value at the path or a plain one on the way to it."""
    for step in path:
        if not isinstance(tree, dict):
            return True
        if step not in tree:
            return False
        tree = tree[step]
    return True


@given(TREE, TREE)
def test_what_is_above_wins_and_what_it_does_not_say_stays(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Every leaf of the upper map is in the result, and so is each of the lower one that the upper does not mention."""
    result = merged(below, above)
    for path, value in flat(above).items():
        assert at(result, path) == value or (value == {} and isinstance(at(result, path), dict))
    for path, value in flat(below).items():
        if not says(above, path):
            assert at(result, path) == value


@given(TREE)
def test_nothing_above_or_below_changes_nothing(tree: dict[str, Any]) -> None:
    """The empty map is neutral, merging with itself too, and the operands stay as they were."""
    before = json.dumps(tree)
    assert merged(tree, {}) == merged({}, tree) == merged(tree, tree) == tree
    assert json.dumps(tree) == before


def test_a_tenant_says_only_what_differs() -> None:
    """The default rules hold for the rest, key by key."""
    defaults = {"models": {"allowed": ["a*"]}, "pii": {"entities": {"US_SSN": "block", "CREDIT_CARD": "report"}}}
    own = {"pii": {"entities": {"US_SSN": "off"}}, "parameters": {"max_tokens": 5}}
    rules = TenantDirectory(defaults).find("t", "T", {"inferspect": own, "other": 1}).rules
    assert rules.models.allowed == ("a*",)
    assert {name: rule.action for name, rule in rules.pii.entities.items()} == {
        "US_SSN": "off",
        "CREDIT_CARD": "report",
    }
    assert rules.parameters.max_tokens == 5


@pytest.mark.parametrize("metadata", [None, {}, {"other": 1}, {"inferspect": None}, {"inferspect": {}}])
def test_a_team_without_rules_has_the_defaults(metadata: dict[str, Any] | None) -> None:
    """Whether or not the team has other metadata."""
    directory = TenantDirectory({"models": {"denied": ["x"]}})
    assert directory.find("t", None, metadata).rules.models.denied == ("x",)


def test_a_key_without_a_team_is_of_the_default_tenant() -> None:
    """All such keys share one tenant."""
    assert TenantDirectory({}).find(None, None, None).id == "default"


@pytest.mark.parametrize(
    ("own", "path"),
    [
        ({"modles": {}}, "modles"),
        ({"models": {"allow": ["a"]}}, "models.allow"),
        ({"models": {"allowed": "a"}}, "models.allowed"),
        ({"models": {"allowed": [" "]}}, "models.allowed.0"),
        ({"models": {"allowed": ["x" * 257]}}, "models.allowed.0"),
        ({"parameters": {"max_tokens": 0}}, "parameters.max_tokens"),
        ({"access": {"addresses": ["10.0.0.0/33"]}}, "access.addresses.0"),
        ({"access": {"addresses": ["10.0.0.1/8"]}}, "access.addresses.0"),
        ({"pii": {"score_threshold": 1.1}}, "pii.score_threshold"),
        ({"pii": {"entities": {"EMAIL": "mask"}}}, "pii.entities.EMAIL"),
        ({"pii": None}, "pii"),
        ({"pii": {"enabled": "perhaps"}}, "pii.enabled"),
        ("text", "expected an object"),
        ([], "expected an object"),
        (0, "expected an object"),
    ],
)
def test_invalid_rules_are_refused_whole_with_their_path(own: Any, path: str) -> None:
    """A rule that was misspelt never counts as absent: the tenant is refused service, each time, and told where."""
    directory = TenantDirectory({})
    for _ in range(2):
        with pytest.raises(InvalidRules) as caught:
            directory.find("t", "T", {"inferspect": own})
        assert caught.value.status_code == 403
        assert caught.value.code == "tenant_rules_invalid"
        (problem,) = caught.value.problems[:1]
        assert problem.startswith(path)
        assert problem in caught.value.message
        assert "lax-or-strict" not in caught.value.message


def test_every_problem_is_named() -> None:
    """Not only the first."""
    found = parse_rules({"models": {"x": 1}, "pii": {"y": 1}}, {})
    assert isinstance(found, InvalidRules)
    assert len(found.problems) == 2


def test_wrong_default_rules_stop_the_start() -> None:
    """Not the first request."""
    with pytest.raises(ValidationError):
        TenantDirectory({"unknown": 1})


def test_a_changed_team_has_its_new_rules_at_once() -> None:
    """Rules are remembered by their content, never by the team's name."""
    directory = TenantDirectory({})
    for limit in (1, 2, 1):
        rules = directory.find("t", None, {"inferspect": {"parameters": {"max_tokens": limit}}}).rules
        assert rules.parameters.max_tokens == limit
    first = directory.find("t", None, {"inferspect": {"parameters": {"max_tokens": 1}}}).rules
    assert first is directory.find("other", None, {"inferspect": {"parameters": {"max_tokens": 1}}}).rules


def test_memory_for_rules_is_bounded() -> None:
    """A team whose metadata changes all the time does not fill the worker."""
    directory = TenantDirectory({})
    for limit in range(1, REMEMBERED + 50):
        directory.find("t", None, {"inferspect": {"parameters": {"max_tokens": limit}}})
    assert len(directory._parsed) <= REMEMBERED  # noqa: SLF001  what the test is about


def test_rules_survive_json() -> None:
    """What the admin API shows can be written back."""
    rules = TenantRules.model_validate({"access": {"addresses": ["10.0.0.0/8", "2001:db8::/32"]}})
    assert TenantRules.model_validate(rules.model_dump(mode="json")) == rules
