"""Where a backup lies: a folder of this machine, or any address that fsspec knows."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from apps.core.errors import Refusal

FOLDER_RIGHTS, FILE_RIGHTS = 0o700, 0o600
"""Of what is made on this machine: a backup holds what its owner alone may read."""


class PlaceError(Refusal):
    """The place cannot be read or written, or a file in it is not what was written."""


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was written."""

    name: str
    size: int
    sha256: str


class Place:
    """A folder of files, each written once and whole."""

    def __init__(self, address: str) -> None:
        self._secrets = _secrets_of(address)
        try:
            self._files, self._path = url_to_fs(address)
        except Exception as error:  # each kind of place has errors of its own
            raise self._error(f"{address} cannot be reached", error) from None
        self._is_local = isinstance(self._files, LocalFileSystem)

    def begin(self) -> None:
        """Make the folder; refuses one that holds anything."""
        try:
            if self._is_local:
                folder = Path(self._path)
                folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_RIGHTS)
                is_empty = not any(folder.iterdir())
            else:
                self._files.makedirs(self._path, exist_ok=True)
                is_empty = not self._files.ls(self._path, detail=False)
        except FileNotFoundError:  # a store of objects has no empty folders
            is_empty = True
        except Exception as error:
            raise self._error("The folder cannot be made", error) from None
        if not is_empty:
            raise PlaceError("The folder is not empty: name a new one.")

    def holds(self, name: str) -> bool:
        """Whether there is a file of that name."""
        try:
            self._files.info(self._at(name))  # ``exists`` takes a place that is away for one that is empty
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._error(f"{name} cannot be looked for", error) from None
        return True

    def write(self, name: str, text: bytes) -> StoredFile:
        """Write a file; on this machine it is on disk when this returns, elsewhere it has the size that was written."""
        try:
            if self._is_local:
                _write(Path(self._at(name)), text)
                size = len(text)
            else:
                self._files.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)
                self._files.pipe_file(self._at(name), text)
                self._files.invalidate_cache()
                size = self._files.info(self._at(name))["size"]
        except Exception as error:
            raise self._error(f"{name} cannot be written", error) from None
        if size != len(text):
            raise PlaceError(f"{name} is not there as it was written: {size} bytes of {len(text)}.")
        return StoredFile(name=name, size=len(text), sha256=sha256(text).hexdigest())

    def remove(self, file: StoredFile) -> None:
        """Delete a file."""
        try:
            self._files.rm_file(self._at(file.name))
        except Exception as error:
            raise self._error(f"{file.name} cannot be deleted", error) from None

    def read(self, name: str) -> bytes:
        """What is in a file."""
        try:
            text: Any = self._files.cat_file(self._at(name))
        except FileNotFoundError as error:
            raise PlaceError(f"{name} is missing.") from error
        except Exception as error:
            raise self._error(f"{name} cannot be read", error) from None
        return bytes(text)

    def read_checked(self, file: StoredFile) -> bytes:
        """What is in a file, which is what was written."""
        text = self.read(file.name)
        if len(text) != file.size:
            raise PlaceError(f"{file.name} is damaged: it has {len(text):,} bytes instead of {file.size:,}.")
        if sha256(text).hexdigest() != file.sha256:
            raise PlaceError(f"{file.name} is damaged: its checksum is another.")
        return text

    def _error(self, what: str, error: Exception) -> PlaceError:
        """What went wrong, without the password of the address, which libraries may repeat."""
        told = f"{what}: {error}"
        for secret in self._secrets:
            told = told.replace(secret, "***")
        return PlaceError(told)

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}"


def _secrets_of(address: str) -> list[str]:
    """The password of an address, as it is written and as it is meant, the longer first."""
    password = urlsplit(address).password
    return sorted({password, unquote(password)}, key=len, reverse=True) if password else []


def _write(path: Path, text: bytes) -> None:
    """Whole or not at all, for its owner alone."""
    path.parent.mkdir(mode=FOLDER_RIGHTS, exist_ok=True)
    fresh = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_RIGHTS), "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
