"""What a log tells of an error: its kind, where it came from, and what is known to hold no value that it met.

Messages of Python, of libraries and of databases quote values: ``int("ada@example.com")`` has the address in its own.
So they are left out, unless their kind is one of ``_SAYS``.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterator, Mapping
from threading import ExceptHookArgs
from typing import Any, TextIO

from django.core.exceptions import DisallowedHost

from apps.core.errors import InOwnWords


def _words(error: BaseException) -> str:
    """An error's own message; empty where it cannot be made, as that is anybody's code."""
    try:
        return str(error)
    except Exception:
        return ""


def _of_sqlite(error: sqlite3.Error) -> str:
    """SQLite's own messages have a code, and name tables and columns: values are bound. Python's quote what is read."""
    return str(error) if hasattr(error, "sqlite_errorcode") else ""


_SAYS: tuple[tuple[type[BaseException], Callable[[Any], str | None]], ...] = (
    (InOwnWords, _words),
    (OSError, lambda error: error.strerror),  # in the system's words; the path is left out
    (sqlite3.Error, _of_sqlite),
    (DisallowedHost, _words),  # the name of a machine, which is to be allowed or not
)
_CODES = {"sqlstate": str, "smtp_code": int, "code": int, "status": int}
"""Attributes that tell what went wrong as a code: of PostgreSQL, of mail servers, of ClickHouse, of our refusals."""
_OF_CONNECTIONS = {"psycopg.OperationalError", "redis.exceptions.ConnectionError", "redis.exceptions.TimeoutError"}
"""Kinds that tell, where they have no code, why there is no connection. By name: not every installation needs them."""
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"

ExcInfo = tuple[type[BaseException], BaseException, Any]

log = logging.getLogger(__name__)


def told(error: BaseException) -> str:
    """The kind of an error, with what may be told of it."""
    says = _says(error)
    return f"{_kind(error)}: {says}" if says else _kind(error)


def told_with_causes(error: BaseException) -> str:
    """The same in a line, with what it came from."""
    return ", from ".join(told(each) for each, _is_cause in _chain(error))


def as_fields(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """An error and what it came from, for a log in JSON: the outermost first, its frames too."""
    return [
        {
            "exc_type": type(each).__name__,
            "exc_value": _says(each),
            "is_cause": is_cause,
            "frames": [
                {"filename": frame.filename, "lineno": frame.lineno, "name": frame.name}
                for frame in traceback.extract_tb(each.__traceback__)
            ],
        }
        for each, is_cause in _chain(exc_info[1])
    ]


def as_text(out: TextIO, exc_info: ExcInfo) -> None:
    """The same as Python writes it, the outermost last."""
    pieces = []
    for each, is_cause in _chain(exc_info[1]):
        frames = "".join(traceback.format_tb(each.__traceback__))
        pieces += [_CAUSE if is_cause else _CONTEXT, f"Traceback (most recent call last):\n{frames}{told(each)}\n"]
    out.write("\n" + "".join(reversed(pieces[1:])).rstrip("\n"))


def without_values(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of a record in which errors are told of as above, be they its arguments or part of its text."""
    copy = logging.makeLogRecord(record.__dict__)
    copy.__dict__.pop("message", None)  # as another handler wrote it
    error = record.exc_info[1] if record.exc_info else None
    args: Any = record.args
    copy.msg = _argument(record.msg)
    if isinstance(args, Mapping):
        copy.args = {name: _argument(value) for name, value in args.items()}
        if record.name == "celery.app.trace":
            _without_values_of_a_task(copy, error)
    else:
        copy.args = tuple(map(_argument, args or ()))
    if isinstance(copy.msg, str):  # and not the fields of structlog
        copy.msg, copy.args = _without_words(error, _text(copy)), ()
    if record.name.startswith("_granian"):
        # The server writes what an application raises as text; ``Traced`` has logged it as what it is.
        copy.msg = str(copy.msg).partition("\n")[0]
    return copy


def log_the_end_of_a_thread(ended: ExceptHookArgs) -> None:
    """Python's own way, ``threading.excepthook``, writes the message."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "unknown"
        log.error("The thread %s ended.", name, exc_info=ended.exc_value)


def _argument(value: object) -> object:
    return told_with_causes(value) if isinstance(value, BaseException) else value


def _text(record: logging.LogRecord) -> str:
    """The text of a record; without its arguments where they do not fit, as logging would write them as they are."""
    try:
        return record.getMessage()
    except Exception:
        return str(record.msg)


def _without_words(error: BaseException | None, text: str) -> str:
    """A text in which an error is told of where its message stood."""
    if error is None or not (words := _words(error)):
        return text
    return re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", lambda _: told(error), text)


def _without_values_of_a_task(record: logging.LogRecord, error: BaseException | None) -> None:
    """Celery hands the error's message over in words, and all of it again as further fields."""
    record.__dict__.pop("data", None)
    args: Any = record.args
    if "exc" in args:
        said = told(error) if error is not None else str(args["exc"]).partition("(")[0]
        record.args = args | {"exc": said}


def _chain(error: BaseException) -> Iterator[tuple[BaseException, bool]]:
    """An error, what it came from, and so on, each with whether it is the direct cause of the one before."""
    seen: set[int] = set()
    each: BaseException | None = error
    is_cause = False
    while each is not None and id(each) not in seen:
        yield each, is_cause
        seen.add(id(each))
        is_cause = each.__cause__ is not None
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _kind(error: BaseException) -> str:
    return _name(type(error))


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _says(error: BaseException) -> str:
    for kind, tell in _SAYS:
        if isinstance(error, kind) and (says := tell(error)):
            return says
    codes = {name: getattr(error, name, None) for name in _CODES}
    if codes["sqlstate"] is None and not _OF_CONNECTIONS.isdisjoint(map(_name, type(error).__mro__)):
        return _words(error)
    return ", ".join(f"{name} {code}" for name, code in codes.items() if isinstance(code, _CODES[name]))
