"""How another process of the same user reads the embedded engine while the server has it: a socket in ``DATA_DIR``.

Only its user may connect. A request is 4 bytes of length and a question in MessagePack; the answer is one byte that
says how it went, 8 bytes of length, and the bytes that the engine wrote, or a sentence. Lengths are big-endian.
"""

from __future__ import annotations

import logging
import os
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec
from django.conf import settings

from apps.core.errors import Refusal, Unavailable
from apps.events.store import EXPORT_SECONDS, Statement, StoreInUse, get_store

log = logging.getLogger(__name__)

NAME = "events.sock"
RETRY_SECONDS = 1.0
"""How often a server that could not open the store yet tries it again."""
GRACE_SECONDS = 30.0
"""How much longer than its statement may take an answer is waited for."""

_LENGTH, _HEAD = struct.Struct(">I"), struct.Struct(">BQ")
_WELL, _REFUSED, _AWAY, _BROKEN = range(4)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A SELECT, and the form of its answer."""

    sql: str
    parameters: dict[str, Any]
    form: str
    seconds: float


class Readable(Protocol):
    """What answers questions about events: the store itself, or the door of the server that holds it."""

    def rendered(self, statement: Statement, form: str, *, seconds: float = EXPORT_SECONDS) -> bytes:
        """The answer to a SELECT as the engine writes it in ``form``."""


class StoreBehindDoor:
    """The store of the server that runs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rendered(self, statement: Statement, form: str, *, seconds: float = EXPORT_SECONDS) -> bytes:
        """As that of ``EventStore``; raises ``Unavailable`` where nobody opens."""
        question = Question(sql=statement.sql, parameters=dict(statement.parameters), form=form, seconds=seconds)
        asked = msgspec.msgpack.encode(question)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, _reachable(self._path) as address:
                line.settimeout(seconds + GRACE_SECONDS)
                line.connect(address)
                line.sendall(_LENGTH.pack(len(asked)) + asked)
                with line.makefile("rb") as answer:
                    how, length = _HEAD.unpack(_exactly(answer, _HEAD.size))
                    text = _exactly(answer, length)
        except OSError as error:
            raise Unavailable(
                f"The event store is in use by another process that does not answer at {self._path}:"
                " start the server, or end that process."
            ) from error
        if how == _WELL:
            return text
        kinds: Mapping[int, type[Refusal]] = {_REFUSED: Refusal, _AWAY: Unavailable}
        raise kinds.get(how, Unavailable)(text.decode())


def readable_store() -> Readable:
    """The event store for reading, also while the server runs. Raises ``Unavailable`` where it cannot be reached."""
    try:
        return get_store()
    except StoreInUse:
        return StoreBehindDoor(door_path())


def rows_of(source: Readable, statement: Statement, *, seconds: float = EXPORT_SECONDS) -> list[list[Any]]:
    """The rows of an answer."""
    text = source.rendered(statement, "JSONCompactEachRow", seconds=seconds)
    return [msgspec.json.decode(line) for line in text.splitlines()]


def door_path() -> Path:
    """Where the socket is."""
    folder: Path = settings.EVENT_STORE_DIR
    return folder.with_name(NAME)


def open_door() -> None:
    """Answer at the door, in a thread of this process, from when it has the store until it ends."""
    threading.Thread(target=_answer_at, args=(door_path(),), name="store-door", daemon=True).start()


def _answer_at(path: Path) -> None:
    while True:
        try:
            get_store()  # the door is that of the process that has the engine: there can be no second
            break
        except Unavailable:
            time.sleep(RETRY_SECONDS)
    try:
        with _reachable(path) as address:
            path.unlink(missing_ok=True)
            with _Door(address, _Visit, bind_and_activate=False) as door:
                door.server_bind()
                path.chmod(0o600)
                door.server_activate()
                door.serve_forever()
    except OSError:
        log.exception("No door to the event store can be made at %s.", path)


class _Door(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class _Visit(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            (length,) = _LENGTH.unpack(_exactly(self.rfile, _LENGTH.size))
            how, text = _answered(_exactly(self.rfile, length))
            self.wfile.write(_HEAD.pack(how, len(text)))
            self.wfile.write(text)


def _answered(asked: bytes) -> tuple[int, bytes]:
    try:
        question = msgspec.msgpack.decode(asked, type=Question)
        if not question.sql.startswith("SELECT "):
            return _REFUSED, b"Only a SELECT is answered."
        statement = Statement(sql=question.sql, parameters=question.parameters)
        return _WELL, get_store().rendered(statement, question.form, seconds=question.seconds)
    except Unavailable as error:
        return _AWAY, str(error).encode()
    except Refusal as error:
        return _REFUSED, str(error).encode()
    except Exception:
        log.exception("A question at the door to the event store failed.")
        return _BROKEN, b"The server could not answer; its log tells why."


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """An address of the socket that is short enough, however long its path is."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _exactly(stream: Any, length: int) -> bytes:
    text: bytes = stream.read(length)
    if len(text) < length:
        raise ConnectionError("The connection ended early.")
    return text
