from __future__ import annotations

import os
from pathlib import Path

import pytest

from inferspect.prompts.file import LARGEST, read_prompt
from inferspect.prompts.mistake import PromptFileError
from tests.prompts.conftest import Write, prompt_text


def mistakes_of(file: Path, text: str | bytes, name: str = "greeting", version: int = 1) -> list[str]:
    """What is said of a file with this content, without its folder."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(PromptFileError) as refused:
        read_prompt(file, name, version)
    return [str(mistake).removeprefix(f"{file.parent}/") for mistake in refused.value.mistakes]


def test_a_file_is_front_matter_and_messages(write: Write) -> None:
    """White space around a message does not count, that within it does; variables are named."""
    body = "\n# system\n\nYou help.\n\n\n- Be brief.\n\n# user\n{{ question }} {{ user.name }}\n\n# assistant\nOk\n"
    file = write(body=body, parameters="{temperature: 0, max_tokens: 5}")
    prompt = read_prompt(file, "greeting", 1)
    assert [(message.role, message.source, message.line) for message in prompt.messages] == [
        ("system", "You help.\n\n\n- Be brief.", 13),
        ("user", "{{ question }} {{ user.name }}", 19),
        ("assistant", "Ok", 22),
    ]
    assert prompt.variables == ("question", "user")
    assert prompt.parameters.written() == {"temperature": 0, "max_tokens": 5}
    assert (prompt.name, prompt.version, prompt.owner, prompt.changelog) == ("greeting", 1, "tests", "The first.")


def test_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "v1.md"
    file.write_bytes(prompt_text(body="# user\n\nHello\nyou\n").replace("\n", "\r\n").encode("utf-8-sig"))
    assert read_prompt(file, "greeting", 1).messages[0].source == "Hello\nyou"


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ({"tempo": "1"}, "v1.md:7: tempo: is not known; known are name, version, model, parameters, owner, changelog"),
        ({"version": "2"}, "v1.md: version: is 2, but the file is called v1.md"),
        ({"version": "'1'"}, "v1.md:3: version: input should be a valid integer"),
        ({"version": "0"}, "v1.md:3: version: input should be greater than or equal to 1"),
        ({"name": "other"}, "v1.md: name: is 'other', but the folder is called 'greeting'"),
        ({"owner": "true"}, "v1.md:5: owner: input should be a valid string"),
        ({"owner": '" "'}, "v1.md:5: owner: must be a line of text"),
        ({"changelog": '"a\\nb"'}, "v1.md:6: changelog: must be a line of text"),
        ({"owner": '"\\e[31mred"'}, "v1.md:5: owner: must be a line of text"),
        ({"parameters": "{temprature: 1}"}, "v1.md:7: parameters.temprature: is not known; known are temperature"),
        (
            {"parameters": "{temperature: 3}"},
            "v1.md:7: parameters.temperature: input should be less than or equal to 2",
        ),
        ({"parameters": "{max_tokens: true}"}, "v1.md:7: parameters.max_tokens: input should be a valid integer"),
        ({"parameters": "{model: gpt-4o}"}, "v1.md:7: parameters.model: is not known"),
        ({"parameters": "[1]"}, "v1.md:7: parameters: input should be a valid dictionary"),
        ({"owner": "*somebody"}, "v1.md:5: no valid YAML"),
        ({"owner": "&a me"}, "v1.md:5: has no anchors, aliases and tags"),
        ({"owner": "!!bool me"}, "v1.md:5: has no anchors, aliases and tags"),
        ({"parameters": "{seed: 1000000000000000000000}"}, "v1.md:7: parameters.seed: holds what JSON does not have"),
        ({"parameters": '{stop: "\\ud800"}'}, "v1.md:7: parameters.stop: holds what JSON does not have"),
        (
            {"parameters": "{response_format: {type: 2024-01-01}}"},
            "v1.md:7: parameters.response_format: holds what JSON does not have: quote dates",
        ),
        ({"parameters": "{response_format: {a: .nan}}"}, "v1.md:7: parameters.response_format: holds what JSON"),
        ({"parameters": "{response_format: {a: {1: b}}}"}, "v1.md:7: parameters.response_format: holds what JSON"),
        ({'"a\\n\\e[31m"': "b"}, "v1.md:7: a\\n\\x1b[31m: is not known"),
        ({"owner": "[unclosed"}, "v1.md:"),
        ({"owner": "me\nowner: you"}, "v1.md:6: owner: is given twice"),
        ({"changelog": "2024-13-45"}, "v1.md:1: no valid YAML"),
    ],
)
def test_what_is_wrong_in_front_matter_is_named_with_its_line(
    tmp_path: Path, front: dict[str, str], expected: str
) -> None:
    """And with its field; a value never is."""
    assert any(told.startswith(expected) for told in mistakes_of(tmp_path / "v1.md", prompt_text(**front)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ["v1.md:8: has no message: write one below a line `# system` or `# user`"]),
        ("Hello", ["v1.md:9: a message begins with a line that is one of `# system`, `# user`, `# assistant`"]),
        ("# user\n\n \n", ["v1.md:9: the message of the role 'user' is empty"]),
        (
            "# user\nHi\n# System\nYou",
            ["v1.md:11: `# System` begins no message; what does is exactly one of `# system`, `# user`, `# assistant`"],
        ),
        ("# user\n\n\n{{ a }}\n{{ b", ["v1.md:13: "]),
        ("# user\nHi\n{% if a %}", ["v1.md:11: "]),
        (
            "# system\n{{ a | nope }}\n# user\n{% include 'x' %}",
            ["v1.md:10: there is no filter", "v1.md:12: 'include'"],
        ),
    ],
)
def test_what_is_wrong_in_messages_is_named_with_its_line(tmp_path: Path, body: str, expected: list[str]) -> None:
    """Every mistake, not only the first."""
    told = mistakes_of(tmp_path / "v1.md", prompt_text(body=body))
    assert len(told) == len(expected)
    assert all(one.startswith(beginning) for one, beginning in zip(told, expected, strict=True)), told


def test_mistakes_of_both_parts_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes_of(tmp_path / "v1.md", prompt_text(body="Hello", name="x", version=3, owner="1"))
    assert len(told) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "v1.md:1: begins with front matter between lines of '---'"),
        (b"---\nname: a\n", "v1.md:1: has no line of '---' that ends the front matter"),
        (b"---\n---\n# user\nHi", "v1.md:1: the front matter has to name name, version, model"),
        (b"---\n- a\n---\n# user\nHi", "v1.md:1: the front matter has to name"),
        (b"---\nname: a\n---\n\nab\xff", "v1.md:5: is not in UTF-8"),
        (b"---\nname: a\n---\n# user\n\x1b[31m", "v1.md:5: holds the control character U+001B"),
        (b"---\nname: a\n---\n# user\nHi\0", "v1.md:5: holds the control character U+0000"),
        (b"---\n" + b"a" * LARGEST, "v1.md: is longer than 256 KB"),
        (b"---\n-" + "é".encode() * LARGEST, "v1.md: is longer than 256 KB"),
        (b"---\na: " + b"[" * 10_000 + b"\n---\n# user\nHi", "v1.md:"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert mistakes_of(tmp_path / "v1.md", content)[0].startswith(expected)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a folder, and what is not there."""
    os.mkfifo(tmp_path / "v1.md")
    (tmp_path / "v2.md").mkdir()
    for version in (1, 2, 3):
        with pytest.raises(PromptFileError):
            read_prompt(tmp_path / f"v{version}.md", "greeting", version)
