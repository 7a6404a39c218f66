"""The engine behind the test server: one statement on a fresh handle, with the settings of its request alone."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chdb

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)
_INSERT = re.compile(rb"\A\s*INSERT\s+INTO\s.*?\bFORMAT\s+(\w+)[ \t]*\n", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
DEFAULT_FORMAT = "TabSeparated"
_BEGINNING = 200
"""Bytes of a statement that tell it from others."""


class EngineError(Exception):
    """What the engine refused, with its code and its own words."""

    def __init__(self, message: str) -> None:
        start = message.find("Code: ")
        self.message = message[max(start, 0) :].strip()
        found = _CODE.match(self.message)
        self.code = int(found[1]) if found else 1002


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A statement as one request asks for it."""

    sql: bytes
    data: bytes = b""
    """What follows an INSERT's FORMAT."""
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    database: str = ""
    name: str = ""
    """Its ``query_id``; a second one of that name is refused while it runs."""

    @property
    def form(self) -> str:
        """The form of the answer: the statement's own, else the server's default."""
        found = _FORMAT.search(self.sql)
        return found[1].decode() if found else DEFAULT_FORMAT

    @property
    def begins(self) -> str:
        """The statement's first words, in lower case, with one space between each two."""
        return " ".join(self.sql[:_BEGINNING].decode(errors="replace").lower().split())

    @property
    def kind(self) -> str:
        """The statement's first word, in lower case."""
        return self.begins.partition(" ")[0]


def parted(body: bytes) -> tuple[bytes, bytes]:
    """A posted statement, and the data that follows an INSERT's FORMAT."""
    found = _INSERT.match(body)
    return (body[: found.end()].rstrip(), body[found.end() :]) if found else (body, b"")


CLUSTER = "of_tests"
TWICE = "of_tests_twice"
"""A cluster to be read alone: one shard with two replicas, which are both this engine."""
_OF_ONE = f"""<clickhouse>
  <remote_servers>
    <{CLUSTER}><shard><replica><host>localhost</host><port>9000</port></replica></shard></{CLUSTER}>
    <{TWICE}><shard>
      <replica><host>localhost</host><port>9000</port></replica>
      <replica><host>127.0.0.1</host><port>9000</port></replica>
    </shard></{TWICE}>
  </remote_servers>
  <tcp_port>9000</tcp_port>
</clickhouse>"""
_ON_CLUSTER = re.compile(rb" ON CLUSTER '\w+'")
_REPLICATED = re.compile(rb"Replicated(\w*MergeTree)\('[^']*', '[^']*'\)")


class Engine:
    """One data folder. Any number of threads may ask; each statement has a handle of its own.

    As a cluster it is one of a single machine: the engine's own ``Distributed`` tables lie over its others. What only
    a keeper can do is left out: statements are run here alone, and replicated tables are made as plain ones.
    """

    def __init__(self, folder: Path, *, is_cluster: bool = False) -> None:
        self._address = str(folder)
        self._is_cluster = is_cluster
        if is_cluster:
            file = folder.with_name(f"{folder.name}.xml")
            file.write_text(_OF_ONE)
            self._address += f"?config-file={file}"
        self._kept = chdb.connect(self._address)
        self._lock = threading.Lock()
        self._running: set[str] = set()

    def close(self) -> None:
        self._kept.close()

    def run(self, task: Task) -> tuple[bytes, dict[str, str]]:
        """The whole answer, and what was read or written."""
        with self._named(task.name), closing(chdb.connect(self._address)) as handle:
            try:
                _prepare(handle, task)
                if task.data:
                    return b"", _insert(handle, task)
                answer = handle.query(self._alone(task.sql), DEFAULT_FORMAT, params=dict(task.parameters))
                return answer.bytes() or b"", {"read_rows": str(answer.rows_read())}
            except RuntimeError as error:
                raise EngineError(str(error)) from error

    def stream(self, task: Task) -> Iterator[bytes]:
        """The answer block by block; raises ``EngineError`` when it comes to it, be it after the first blocks."""
        with self._named(task.name), closing(chdb.connect(self._address)) as handle:
            try:
                _prepare(handle, task)
                for block in handle.send_query(task.sql, task.form, params=dict(task.parameters)):
                    yield block.bytes()
            except RuntimeError as error:
                raise EngineError(str(error)) from error

    def _alone(self, sql: bytes) -> bytes:
        """A statement without what needs a keeper."""
        if not self._is_cluster:
            return sql
        return _REPLICATED.sub(rb"\1", _ON_CLUSTER.sub(b"", sql, count=1))

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        with self._lock:
            if name in self._running:
                raise EngineError(f"Code: 216. DB::Exception: Query with id = {name} is already running.")
            self._running |= {name} - {""}
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(name)


def _prepare(handle: Any, task: Task) -> None:
    if task.database:
        handle.query(f"USE `{task.database}`")
    for name, value in task.settings.items():
        if not _NAME.fullmatch(name):
            raise EngineError(f"Code: 115. DB::Exception: Setting {name} is neither a builtin setting nor custom.")
        handle.query(f"SET {name} = {_quoted(value)}")


def _insert(handle: Any, task: Task) -> dict[str, str]:
    """The embedded engine takes no data after a statement, but reads a file."""
    head, _word, form = task.sql.rpartition(b"FORMAT")
    with tempfile.NamedTemporaryFile(prefix="insert-") as file:
        file.write(task.data)
        file.flush()
        path = _quoted(file.name).encode()
        if b" input(" in head:
            sql = head.replace(b" input(", b" file(%s, '%s', " % (path, form.strip()), 1)
        else:
            sql = head + b"FROM INFILE %s FORMAT %s" % (path, form.strip())
        answer = handle.query(sql, DEFAULT_FORMAT, params=dict(task.parameters))
        return {"written_rows": str(answer.rows_read()), "written_bytes": str(answer.bytes_read())}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
