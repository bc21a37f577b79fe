"""The file of promoted cases: what is in it stays as a person left it, to the letter; new cases come at its end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.promotion.case import PromotedCase, Source, input_key
from evals.promotion.yaml_insertion import NoPlaceError, with_item, without_empty_list
from evals.promotion.yaml_text import INDENT, lines_of
from evals.suites.core_yaml import CoreYamlError, read_yaml

NAME = "promoted.yaml"
HEAD = """\
# Cases that `inferspect eval promote` made of requests to the gateway. Personal data and secrets were masked as far as
# they were recognised: read every case before you commit it.
#
# The assertions are suggestions: they fail on the answer of then. Say what a good answer is, and remove what does not
# matter. Edit whatever you like, also the description; promoting again adds cases at the end, and requests to `source`
# where an input is there already. It never changes what stands here.
"""


class CaseFileError(Exception):
    """A file that nothing can be added to; it is left as it is."""


@dataclass(slots=True)
class CaseFile:
    """A file of cases, and what is to be added to it.

    Attributes:
        text: as it will be.
        added, merged: what :meth:`add` has done so far.
    """

    path: Path
    text: str
    before: str
    added: list[PromotedCase] = field(default_factory=list)
    merged: list[tuple[str, Source]] = field(default_factory=list)

    @property
    def cases(self) -> list[dict[str, Any]]:
        return _cases(self.path, self.text)

    def requests(self) -> set[str]:
        """The requests that cases of the file come from."""
        ids = (source.get("request_id") for case in self.cases for source in _sources(case))
        return {id_ for id_ in ids if isinstance(id_, str)}

    def add(self, case: PromotedCase) -> bool:
        """Add a case at the end, or its requests to the case that has its input already.

        Returns:
            Whether it is a new one.

        Raises:
            CaseFileError: the file would not say what it should.
        """
        key = input_key(case.variables)
        for number, known in enumerate(self.cases):
            if input_key(known.get("vars") or {}) == key or _id(known) == case.id:
                for source in case.sources:
                    self._with_source(number, source)
                    self.merged.append((str(known.get("description") or case.id), source))
                return False
        expected = [*self.cases, case.as_yaml()]
        text = self.text if self.text.strip() else HEAD
        try:
            text = without_empty_list(text).rstrip() + ("\r\n" if "\r\n" in text else "\n")
        except NoPlaceError as reason:
            raise CaseFileError(f"{self.path}: {reason}; add the case by hand") from None
        new = f"\n{rendered(case)}"
        self._replace_by(text + (new.replace("\n", "\r\n") if "\r\n" in text else new), expected)
        self.added.append(case)
        return True

    def write(self) -> bool:
        """Put the new text in the file's place at once, where there is something new.

        Raises:
            CaseFileError: somebody else has written to it meanwhile.
            OSError: it cannot be written.
        """
        if self.text == self.before:
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if _text(self.path) != self.before:
            raise CaseFileError(f"{self.path}: it was changed meanwhile; run the command again")
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(self.text)
            Path(name).chmod(self.path.stat().st_mode & 0o777 if self.path.exists() else 0o644)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return True

    def _with_source(self, number: int, source: Source) -> None:
        expected = self.cases
        expected[number]["metadata"] = {
            **_metadata(expected[number]),
            "source": [*_sources(expected[number]), source.as_yaml()],
        }
        try:
            text = with_item(self.text, number, ("metadata", "source"), source.as_yaml())
        except NoPlaceError as reason:
            raise CaseFileError(
                f"{self.path}: request {source.request_id} asks what case {number + 1} asks, and {reason}; add it "
                "by hand"
            ) from None
        self._replace_by(text, expected)

    def _replace_by(self, text: str, expected: list[dict[str, Any]]) -> None:
        """Take the new text over, where it reads as it should: a slip here would lose what a person wrote."""
        try:
            right = _cases(self.path, text) == _plain(expected)
        except CaseFileError:
            right = False
        if not right:
            raise CaseFileError(f"{self.path}: it is written in a way that nothing can be added to; add it by hand")
        self.text = text


def read_case_file(path: Path) -> CaseFile:
    """The file as it is, or an empty one where there is none.

    Raises:
        CaseFileError: it is no list of cases in YAML.
    """
    text = _text(path)
    found = CaseFile(path, text, text)
    _ = found.cases
    return found


def rendered(case: PromotedCase) -> str:
    """A case as it stands in the file, with a comment over each assertion."""
    told = case.as_yaml()
    head = lines_of([{"description": told["description"], "vars": told["vars"]}])
    assertions = list(_assertions(case)) if case.assertions else [f"{INDENT}assert: []"]
    return "\n".join([*head, *assertions, *lines_of({"metadata": told["metadata"]}, 1)]) + "\n"


def _assertions(case: PromotedCase) -> Iterator[str]:
    yield f"{INDENT}assert:"
    for assertion in case.assertions:
        yield f"{INDENT * 2}# {assertion.comment}"
        yield from lines_of([assertion.as_yaml()], 2)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise CaseFileError(f"{path}: it is not written in UTF-8") from None


def _cases(path: Path, text: str) -> list[dict[str, Any]]:
    """What Promptfoo would read: so its kind of YAML counts, in which a key may not stand twice."""
    content = _read(path, text)
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(case, dict) for case in content):
        raise CaseFileError(f"{path}: expected a list of cases")
    return content


def _read(path: Path, text: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_text(text, encoding="utf-8")
        try:
            return read_yaml(copy)
        except CoreYamlError as error:
            raise CaseFileError(str(error).replace(str(copy), str(path))) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value


def _sources(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sources of a case; one alone may stand without a list."""
    source = _metadata(case).get("source")
    told = source if isinstance(source, list) else [source]
    return [one for one in told if isinstance(one, dict)]


def _id(case: Mapping[str, Any]) -> Any:
    return _metadata(case).get("id")


def _metadata(case: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = case.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
