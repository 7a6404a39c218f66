"""What differs where events are kept on a ClickHouse server: the wire between, which may fail at any moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import clickhouse_connect
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from clickhouse_connect.driver.transform import NativeTransform
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from apps.core.errors import Unavailable

CONNECT_SECONDS = 5
INSERT_SECONDS = 10.0
"""How long one attempt to insert may take; the next one follows, and what both bring is stored once."""
ANSWER_SECONDS = 5.0
"""How much longer than its statement may run an answer is waited for."""
_FIELD_BYTES = 100_000
"""Of one parameter: a server takes no field of more than 128 KiB (``http_max_field_value_size``)."""
_PIECE = _FIELD_BYTES // 4 - 1
"""Characters of a text that fit."""
_LATE = "The rows came too late."
_THROWN, _SAME_QUERY = 395, 216
# What an engine says when it does not know itself what became of rows: time, wires, keepers, what was cancelled.
_OPEN_CODES = frozenset({159, 209, 210, 236, 279, 319, 394, 999})
# What it says of values, before it does anything with them.
_VALUE_CODES = frozenset({6, 27, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 321, 349, 469, 691})
_REFUSED_BY_A_PROXY = re.compile(r"HTTP status 4(?!08)\d\d\b")


Column = tuple[str, ClickHouseType]
"""Name and type."""


class Unsure(Unavailable):
    """The server may have stored the rows, or may yet do so."""


class TooLate(Unavailable):
    """The server got the rows later after their ids were given than it may store them; it stored none of them."""


def connect(url: str, settings: Mapping[str, Any]) -> Client:
    """A client of the server at ``url``, with settings of all statements. Parameters go in forms: addresses are cut."""
    return clickhouse_connect.get_client(
        dsn=url,
        autogenerate_session_id=False,
        settings=dict(settings),
        connect_timeout=CONNECT_SECONDS,
        send_receive_timeout=CONNECT_SECONDS,  # what it asks first; later it is as ``wait_for`` says
        form_encode_query_params=True,
    )


def wait_for(client: Client, seconds: float) -> None:
    """Have the client wait for an answer as long as a statement of ``seconds`` may take."""
    client.timeout = Timeout(connect=CONNECT_SECONDS, read=seconds + ANSWER_SECONDS)  # type: ignore[attr-defined]  # of HTTP clients


def insert(
    client: Client,
    columns: Sequence[Column],
    data: Sequence[Sequence[Any]],
    *,
    token: str,
    until: datetime,
    is_cluster: bool = False,
) -> None:
    """Insert columns of values once, whatever happens on the way: an insert with the same ``token`` adds nothing.

    The server refuses them after ``until``, by its own clock, with ``TooLate``: what hung somewhere between cannot
    come to light when it is long counted as absent. Raises ``Unsure`` where no answer came, or one that leaves open
    what became of the rows, and the engine's error where it stored none of them.
    """
    sql = _insert_where(columns, f"NOT throwIf(now() > toDateTime({int(until.timestamp())}), '{_LATE}')")
    context = client.create_insert_context(
        "events",
        column_names=[name for name, _type in columns],
        column_types=[kind for _name, kind in columns],
        column_oriented=True,
        data=data,
    )
    context.compression = None
    native = b"".join(NativeTransform.build_insert(context)).partition(b"\n")[2]
    wait_for(client, INSERT_SECONDS - ANSWER_SECONDS)
    try:
        client.raw_insert(
            None,  # type: ignore[arg-type]  # the statement is in the body
            insert_block=f"{sql} FORMAT Native\n".encode() + native,
            settings={"insert_deduplication_token": token, "async_insert": 0},
        )
    except OperationalError as error:
        if was_not_sent(error):
            raise
        raise Unsure("The event store does not answer.") from error
    except DatabaseError as error:
        if error.code == _THROWN and _LATE in str(error):
            raise TooLate("The clocks of the service and of its event store differ.") from error
        if not _tells_that_none_is_stored(error, is_cluster=is_cluster):
            raise Unsure("The event store does not tell what it has stored.") from error
        raise


def _tells_that_none_is_stored(error: DatabaseError, *, is_cluster: bool) -> bool:
    """Whether an answer to an insert leaves nothing open.

    One without the engine's code is of a proxy in between, which may have passed the rows on, unless it says that it
    did not like the request. In a cluster any shard may have refused what others have stored.
    """
    if error.code is None:
        return bool(_REFUSED_BY_A_PROXY.search(str(error)))
    return error.code in _VALUE_CODES if is_cluster else error.code not in _OPEN_CODES


def is_of_values(error: Exception) -> bool:
    """Whether the engine refuses values: it would have refused them at any attempt, and stored none."""
    return isinstance(error, DatabaseError) and error.code in _VALUE_CODES


def missing(columns: Sequence[Column], after: int, last: int) -> str:
    """An INSERT, without its FORMAT, of all events but those whose ids (``after`` < id ≤ ``last``) are there."""
    return _insert_where(columns, f"id NOT IN (SELECT id FROM events WHERE id > {after} AND id <= {last})")  # noqa: S608  # numbers


def _insert_where(columns: Sequence[Column], condition: str) -> str:
    names = ", ".join(f"`{name}`" for name, _type in columns)
    structure = ", ".join(f"`{name}` {kind.name}" for name, kind in columns).replace("'", "\\'")
    return f"INSERT INTO events ({names}) SELECT {names} FROM input('{structure}') WHERE {condition}"  # noqa: S608  # our own names


def was_not_sent(error: OperationalError) -> bool:
    """Whether there was no connection at all, so that nothing can have been done."""
    cause: BaseException | None = error.__cause__
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError | ConnectTimeoutError) and isinstance(cause, HTTPError)


def is_still_running(error: DatabaseError) -> bool:
    """Whether a statement was refused since one of its name runs: one whose asker went away, say."""
    return error.code == _SAME_QUERY


def sendable(sql: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A statement and its parameters, with those in parts that are too long for one field."""
    sent: dict[str, Any] = {name: value for name, value in parameters.items() if not _is_long(value)}
    if len(sent) == len(parameters):
        return sql, sent

    def in_parts(place: re.Match[str]) -> str:
        name, kind = place["name"], place["kind"]
        return place[0] if name in sent else _in_parts(name, kind, parameters[name], sent)

    found = re.sub(r"\{(?P<name>\w+):(?P<kind>[^{}]+)\}", in_parts, sql)
    return found, sent


def _in_parts(name: str, kind: str, value: Any, sent: dict[str, Any]) -> str:
    """SQL of a value, whose parts are added to what is ``sent``."""
    if not _is_long(value):
        sent[name] = value
        return f"{{{name}:{kind}}}"
    if isinstance(value, str):
        pieces = [value[first : first + _PIECE] for first in range(0, len(value), _PIECE)]
        return "concat({})".format(
            ", ".join(_in_parts(f"{name}_{number}", kind, piece, sent) for number, piece in enumerate(pieces))
        )
    inner = kind.removeprefix("Array(").removesuffix(")")
    lists = []
    for number, part in enumerate(_groups(value)):
        if len(part) == 1 and _is_long(part[0]):
            lists.append(f"[{_in_parts(f'{name}_{number}', inner, part[0], sent)}]")
        else:
            lists.append(_in_parts(f"{name}_{number}", kind, part, sent))
    return f"arrayConcat({', '.join(lists)})"


def _groups(values: Sequence[Any]) -> Iterator[list[Any]]:
    """A list in parts that fit into a field each, or hold one value."""
    part: list[Any] = []
    length = 0
    for each in values:
        if part and length + _length(each) > _FIELD_BYTES:
            yield part
            part, length = [], 0
        part.append(each)
        length += _length(each)
    yield part


def _is_long(value: Any) -> bool:
    return isinstance(value, str | list | tuple) and _length(value) > _FIELD_BYTES


def _length(value: Any) -> int:
    """The most bytes that a value takes in a field: four of each character, or two where it is escaped, and marks."""
    if isinstance(value, str):
        return 4 * len(value) + 4
    if isinstance(value, list | tuple):
        return sum(_length(each) for each in value)
    return len(str(value)) + 2
