from __future__ import annotations

from pathlib import Path

import pytest

from evals.suites.core_yaml import CoreYamlError, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-03-01", "2026-03-01"),
        ("true", True),
        ("~", None),
        ("", None),
        ("012", 12),
        ("0x1f", 31),
        ("-7", -7),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        ('{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
        ("base: &b {x: 1}\nown: {<<: *b, y: 2}", {"base": {"x": 1}, "own": {"x": 1, "y": 2}}),
    ],
)
def test_values_are_those_that_promptfoo_reads(tmp_path: Path, text: str, value: object) -> None:
    """YAML 1.2: words like `no` and times like `12:30` stay texts."""
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    read = read_yaml(path)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\na: 2", ":2: key 'a' stands here twice"),
        (b"a: [1", ":1: "),
        (b"a: \xff", "not UTF-8 at byte 3"),
        (b"a: !!python/object/apply:os.system ['true']", ":1: could not determine a constructor"),
        (b"? [a]\n: 1", ":1: "),
        (rb'a: "\ud83d"', ":1: half of a character"),
        (b"a: !!timestamp 2026-03-01", ":1: could not determine a constructor"),
        (b"a: !!binary aGk=", ":1: could not determine a constructor"),
        (b"a: &a [*a]", ":1: found unconstructable recursive node"),
        (b"a: &a {b: *a}", ":1: found unconstructable recursive node"),
        (b"a: 0x_", "invalid literal"),
        (b"a: " + b"9" * 5000, "4300 digits"),
        (b"a: \x00", "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that is no YAML, has a key twice, or asks for objects is refused."""
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(CoreYamlError) as refused:
        read_yaml(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """What cannot be read is told as such."""
    with pytest.raises(CoreYamlError, match="cannot be read"):
        read_yaml(tmp_path / "absent.yaml")
