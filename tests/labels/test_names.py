from __future__ import annotations

from inferspect.labels.names import NamesSeen


def test_names_are_bounded() -> None:
    names = NamesSeen(limit=2)
    assert [names.name(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]
