"""Where reports are kept: a folder, or what fsspec reaches by a URL, with the credentials that its packages take."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote

import fsspec
from fsspec.implementations.local import LocalFileSystem

LONGEST_PART = 120


class ArtefactError(Exception):
    """An artefact cannot be written, read or deleted; the message says where and why."""


class Artefacts:
    """Files below one folder or URL. All methods block.

    Raises:
        ArtefactError: the URL is none, or the package that it takes is not installed.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        try:
            self._files, self._path = fsspec.core.url_to_fs(root)
        except Exception as error:  # whatever the package of the URL raises
            raise ArtefactError(f"{root}: {error}; see `reports.artefacts` in docs/deepchecks.md") from error

    def put(self, file: Path, *place: str) -> str:
        """Keep a file under that place, in place of what was there; returns its URL."""
        path = "/".join([self._path.rstrip("/"), *map(_part, place)])
        try:
            if isinstance(self._files, LocalFileSystem):
                Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files.put_file(str(file), path)
        except Exception as error:
            raise self._error("written", path, error) from error
        return str(self._files.unstrip_protocol(path))

    def get(self, url: str, file: Path) -> None:
        """Fetch what :meth:`put` has kept."""
        try:
            self._files.get_file(self._files._strip_protocol(url), str(file))  # noqa: SLF001  fsspec's name for it
        except Exception as error:
            raise self._error("read", url, error) from error

    def delete_folder(self, url: str) -> None:
        """Delete the folder of a file, with all in it; one that is gone is no error."""
        self._delete(str(self._files._strip_protocol(url)).rpartition("/")[0])  # noqa: SLF001  as above

    def delete(self, url: str) -> None:
        """Delete one file; one that is gone is no error."""
        self._delete(str(self._files._strip_protocol(url)))  # noqa: SLF001  as above

    def _delete(self, path: str) -> None:
        if not path.startswith(self._path.rstrip("/") + "/"):
            return  # of another root: not ours to delete any more
        try:
            self._files.rm(path, recursive=True)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._error("deleted", path, error) from error

    def _error(self, what: str, path: str, error: Exception) -> ArtefactError:
        return ArtefactError(f"{path} cannot be {what}: {type(error).__name__}: {error}")


def _part(name: str) -> str:
    """One part of a path, whatever the name has in it; other names make other parts."""
    part = quote(name, safe="") if name.strip(".") else "%2E" * len(name)
    return (
        part if len(part) <= LONGEST_PART else f"{part[:LONGEST_PART]}-{hashlib.sha256(part.encode()).hexdigest()[:16]}"
    )
