"""The event store: one ClickHouse dialect, embedded in the process or on a server."""

from __future__ import annotations

import atexit
import fcntl
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, BinaryIO

import clickhouse_connect
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from django.conf import settings

from apps.core.errors import Refusal, Unavailable
from apps.core.trace import current_request_id
from apps.events import clusters, remote
from apps.events.models import Event

Row = dict[str, Any]
"""One event by the names of ``Event``'s fields; what is left out is absent."""

TABLES = Path(__file__).parent / "tables"
QUERY_SECONDS = 15
EXPORT_SECONDS = 120
COMMAND_SECONDS = 600
"""Of a command that has no limit: how long a server's answer is waited for."""
QUERY_BYTES = 2_000_000_000
_TIMEOUT_CODES = frozenset({159, 160})
_MEMORY_CODES = frozenset({241, 307, 396})
# What the engine says when it cannot store anything now, whatever the rows: files, disk, parts, replicas, keeper.
_AWAY_CODES = frozenset({74, 75, 76, 159, 160, 202, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 286, 319, 999})
# What a machine of a cluster says that cannot reach another one.
_WIRE_CODES = frozenset({209, 210, 279})


class StoreInUse(Unavailable):
    """Another process has the embedded engine open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL text with bound parameters (``{name:Type}`` places)."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    of_each_shard: bool = False
    """In a cluster, parts are asked of one machine of each shard, not of all."""


class EventStore:
    """A small pool of engine handles. Reads may come from any thread; each takes a handle for its time."""

    def __init__(self, *, url: str = "", cluster: str = "", folder: Path, handles: int = 4) -> None:
        """``cluster`` is the name by which the server at ``url`` knows the cluster it is of, where it is of one."""
        self._url = url
        self._cluster = cluster
        self._folder = folder
        self._free: LifoQueue[Client] = LifoQueue()
        self._permits = threading.BoundedSemaphore(handles)
        self._insert_lock = threading.Lock()
        self._insert_client: Client | None = None
        self.migrated: list[str] = []
        self.before_question: Callable[[float], None] = _nothing
        """Called with a number of seconds before every question and command: what was acknowledged must be here."""
        self._columns = [
            (name, get_from_name(stored.engine_type), stored.absent) for name, stored in Event.fields().items()
        ]
        if folder is not None and not url:
            _refuse_if_in_use(folder)
        self._free.put(self._connect())

    def _connect(self) -> Client:
        try:
            if self._url:
                return remote.connect(self._url, clusters.SETTINGS if self._cluster else {})
            self._folder.mkdir(parents=True, exist_ok=True)
            return clickhouse_connect.get_client(interface="chdb", path=str(self._folder))
        except Exception as error:
            raise Unavailable("The event store cannot be opened.") from error

    @contextmanager
    def _handle(self, seconds: float) -> Iterator[Client]:
        """A handle for a statement that may take so long, which is also how long a free one is waited for."""
        if not self._permits.acquire(timeout=min(seconds, EXPORT_SECONDS)):
            raise Unavailable("The event store is busy.")
        try:
            try:
                client = self._free.get_nowait()
            except Empty:
                client = self._connect()
            if self._url:
                remote.wait_for(client, seconds)
            try:
                yield client
            finally:
                self._free.put(client)
        finally:
            self._permits.release()

    def query(
        self,
        statement: Statement,
        *,
        seconds: float = QUERY_SECONDS,
        memory: int = QUERY_BYTES,
        heed: Callable[[int], None] | None = None,
    ) -> list[Sequence[Any]]:
        """Run a SELECT; returns its columns, each a sequence of the rows' values; ``[]`` when there are no rows.

        ``heed`` is told how many rows the engine read, where a server says so. Raises ``Unavailable`` (503) when the
        engine is away or the statement takes longer than ``seconds``, ``Refusal`` (422) when it needs more than
        ``memory`` bytes.
        """
        self.before_question(seconds)
        return self._ask(statement, seconds, memory, heed)

    def about(self, statement: Statement, *, seconds: float) -> list[Sequence[Any]]:
        """As ``query``, of the engine itself: it does not wait for what was acknowledged to be there."""
        return self._ask(statement, seconds, QUERY_BYTES, None)

    def _ask(
        self, statement: Statement, seconds: float, memory: int, heed: Callable[[int], None] | None
    ) -> list[Sequence[Any]]:
        limits = {"max_execution_time": seconds, "max_memory_usage": memory}
        with self._handle(seconds) as client, _translated():
            sql, parameters = self._sendable(statement)
            result = client.query(sql, parameters=parameters, settings=limits | _who_asks())
            # What the embedded engine tells there are the rows of the answer.
            if heed is not None and self._url and "read_rows" in result.summary:
                heed(int(result.summary["read_rows"]))
            return list(result.result_columns)

    def rendered(self, statement: Statement, form: str, *, seconds: float = EXPORT_SECONDS) -> bytes:
        """The answer to a SELECT as the engine writes it in ``form``, such as Parquet. Raises as ``query`` does."""
        self.before_question(seconds)
        limits = {"max_execution_time": seconds, "max_memory_usage": QUERY_BYTES}
        with self._handle(seconds) as client, _translated():
            sql, parameters = self._sendable(statement)
            written: bytes = client.raw_query(sql, parameters=parameters, settings=limits | _who_asks(), fmt=form)
            return written

    def take_in(
        self, text: BinaryIO, form: str, columns: Sequence[str], *, unless_between: tuple[int, int] | None = None
    ) -> None:
        """Store events as ``rendered`` wrote them, ids and all, in one durable part. Raises as ``insert`` does.

        They must be of one month of arrival: then they are stored whole or not at all; in a cluster, each shard does so
        with its own. With ``unless_between`` (``after`` < id ≤ ``last``), which only a server takes, those whose ids it
        has there are left out.
        """
        whole = {
            "min_insert_block_size_rows": 1_000_000_000,
            "min_insert_block_size_bytes": 0,
            "async_insert": 0,
            "insert_deduplication_token": secrets.token_hex(),  # the client may send it again by itself
        }
        with self._handle(EXPORT_SECONDS) as client, _translated(away=_AWAY_CODES):
            if unless_between is None:
                client.raw_insert("events", list(columns), insert_block=text, settings=whole, fmt=form)
            else:
                kinds = [(name, kind) for name, kind, _absent in self._columns if name in columns]
                sql = f"{remote.missing(kinds, *unless_between)} FORMAT {form}\n"
                client.raw_insert(None, insert_block=sql.encode() + text.read(), settings=whole)  # type: ignore[arg-type]  # it is in the body

    def command(self, statement: Statement, *, seconds: float | None = None, alone: str = "") -> None:
        """Run a statement that answers nothing (tables, counting, erasure), for ``seconds`` at most where given.

        One that must be ``alone`` is refused as ``Unavailable`` while another of that name runs, be it that of a
        process which has ended since. The embedded engine has no need of it: it ends with its process.
        """
        self.before_question(QUERY_SECONDS)
        limits: dict[str, Any] = {} if seconds is None else {"max_execution_time": seconds}
        if alone and self._url:
            limits["query_id"] = f"insights-{alone}"
        with self._handle(COMMAND_SECONDS if seconds is None else seconds) as client, _translated():
            for each in clusters.adapted(statement.sql, self._cluster) if self._cluster else (statement.sql,):
                sql, parameters = self._sendable(Statement(sql=each, parameters=statement.parameters))
                client.command(sql, parameters=parameters, settings=limits | _who_asks())

    def _sendable(self, statement: Statement) -> tuple[str, dict[str, Any]]:
        if not self._url:
            return statement.sql, dict(statement.parameters)
        sql = statement.sql
        if self._cluster:
            asked_of = clusters.of_each_shard if statement.of_each_shard else clusters.of_all_machines
            sql = asked_of(sql, self._cluster)
        return remote.sendable(sql, statement.parameters)

    def insert(self, rows: Sequence[Row], *, token: str = "", until: datetime | None = None) -> None:
        """Store rows in one durable part: returns once they are on disk and visible, or raises and stores none.

        Raises ``Unavailable`` (503) when the engine cannot store anything now, and the engine's
        own error when it refuses a value of these rows. On a server, rows with the ``token`` of an insert before are
        not stored again, nor any after ``until``; it raises ``remote.Unsure`` and ``remote.TooLate``.
        """
        # Columns that all rows leave out get the engine's default, which is what absent means; naming the
        # types spares the DESCRIBE TABLE that the client would send first.
        given = set().union(*rows)
        used = [column for column in self._columns if column[0] in given]
        data = [[row.get(name, absent) for row in rows] for name, _type, absent in used]
        with self._insert_lock, _translated(away=_AWAY_CODES):
            if self._insert_client is None:
                self._insert_client = self._connect()
            columns = [(name, engine_type) for name, engine_type, _absent in used]
            if until is not None:
                remote.insert(self._insert_client, columns, data, token=token, until=until, is_cluster=self.is_cluster)
                return
            self._insert_client.insert(
                "events",
                data,
                column_names=[name for name, _type in columns],
                column_types=[engine_type for _name, engine_type in columns],
                column_oriented=True,
            )

    @property
    def is_cluster(self) -> bool:
        """Whether the engine is a server of a cluster, where an insert may be done on some shards and not on others."""
        return bool(self._cluster)

    @property
    def is_remote(self) -> bool:
        """Whether the engine is a server, which others ask too, and the wire to it may fail."""
        return bool(self._url)

    def now(self, *, seconds: float = QUERY_SECONDS) -> datetime:
        """The moment by the store's own clock. Raises as ``query`` does."""
        milliseconds = int(self.about(Statement(sql="SELECT toUnixTimestamp64Milli(now64(3))"), seconds=seconds)[0][0])
        return datetime.fromtimestamp(milliseconds / 1_000, UTC)

    def migrate(self) -> list[str]:
        """Apply the numbered table files that are missing; returns their names, and keeps them. Safe to repeat."""
        self.command(
            Statement(
                sql="CREATE TABLE IF NOT EXISTS table_changes (name String, applied DateTime('UTC'))"
                " ENGINE = MergeTree ORDER BY name"
            )
        )
        applied = self.query(Statement(sql="SELECT name FROM table_changes"))
        done = set(applied[0]) if applied else set()
        fresh = [file for file in sorted(TABLES.glob("*.sql")) if file.name not in done]
        for file in fresh:
            for sql in file.read_text().split(";\n"):
                if sql.strip():
                    self.command(Statement(sql=sql))
            self.command(
                Statement(
                    sql="INSERT INTO table_changes SELECT {name:String}, toDateTime({at:UInt32}, 'UTC')",
                    parameters={"name": file.name, "at": int(time.time())},
                )
            )
        self.migrated = [file.name for file in fresh]
        return self.migrated

    def close(self) -> None:
        """Release every handle; the folder can then be opened by another process."""
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                break
        if self._insert_client is not None:
            self._insert_client.close()
            self._insert_client = None


def _who_asks() -> dict[str, Any]:
    """The setting by which the engine's own log of queries names the request."""
    request_id = current_request_id()
    return {"log_comment": request_id} if request_id else {}


def _nothing(_seconds: float) -> None:
    """There is no journal."""


def _refuse_if_in_use(folder: Path) -> None:
    """Raise ``StoreInUse`` where another engine holds the folder: the engine itself says so only on its stderr."""
    status = folder / "status"
    if not status.exists():
        return
    with status.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreInUse(
                f"The event store in {folder} is in use by another process, most likely the server:"
                " stop it first, or use a ClickHouse server (CLICKHOUSE_URL)."
            ) from error


@contextmanager
def _translated(away: frozenset[int] = frozenset()) -> Iterator[None]:
    """Turn the engine's errors into refusals; what is our own mistake stays an error.

    ``away`` are further engine codes that mean ``Unavailable``.
    """
    try:
        yield
    except OperationalError as error:
        raise Unavailable("The event store does not answer.") from error
    except DatabaseError as error:
        code = getattr(error, "code", None)
        if remote.is_still_running(error):
            raise Unavailable("The same work is still under way in the event store.") from error
        if code in away:
            raise Unavailable("The event store cannot store events now.") from error
        if code in _WIRE_CODES:
            raise Unavailable("The event store does not answer as a whole.") from error
        if code in _TIMEOUT_CODES:
            raise Unavailable("The query took too long: ask for a shorter range or fewer columns.") from error
        if code in _MEMORY_CODES:
            raise Refusal("The query needs too much memory: ask for a shorter range or fewer columns.") from error
        raise
    except (ClickHouseError, OSError) as error:
        raise Unavailable("The event store does not answer.") from error


def journal_folder() -> Path:
    """Where the embedded engine's process writes down what it acknowledges."""
    folder: Path = settings.EVENT_STORE_DIR
    return folder.with_name("journal")


_store: EventStore | None = None
_store_lock = threading.Lock()


def get_store() -> EventStore:
    """The store of this process, opened and migrated on first use, with all that was ever acknowledged.

    Raises ``Unavailable`` where it cannot be opened now, as ``StoreInUse`` where another process has it.
    """
    global _store  # noqa: PLW0603  # one engine a process is the engine's own rule
    if _store is not None:
        return _store
    with _store_lock:
        if _store is None:
            store = EventStore(
                url=settings.CLICKHOUSE_URL, cluster=settings.CLICKHOUSE_CLUSTER, folder=settings.EVENT_STORE_DIR
            )
            try:
                store.migrate()
                if not settings.CLICKHOUSE_URL:
                    from apps.events.replaying import replay  # it writes through this module

                    replay(journal_folder(), store)
            except Exception as error:
                store.close()
                if isinstance(error, Unavailable):
                    raise
                raise Unavailable("The event store cannot be brought up to date.") from error
            _store = store
        return _store


_before_closing: list[Callable[[], None]] = []


def before_closing(work: Callable[[], None]) -> None:
    """Have ``work`` done whenever the store of this process is to be closed, and when the process ends."""
    _before_closing.append(work)


def close_store() -> None:
    """Close the store of this process, if it was opened, after those who write have stored what they hold."""
    global _store  # noqa: PLW0603
    for work in _before_closing:
        work()
    with _store_lock:
        if _store is not None:
            _store.close()
            _store = None


# The folder is released before the interpreter tears itself down.
atexit.register(close_store)
