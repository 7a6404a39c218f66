"""The log tells of errors without the values that they met, and enough to find what went wrong."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from celery import shared_task
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, connection, transaction

from apps.core.errors import Refusal, Unavailable
from apps.core.tasks import Work
from apps.events.store import EventStore, Statement
from insights_site.celery import app
from insights_site.logs import logging_settings
from insights_site.told import log_the_end_of_a_thread, told, told_with_causes
from insights_site.traced import Traced
from tests.conftest import require
from tests.servers.running import Postgres

MARK = "ada@example.com"
FORMS = ("text", "json")
log = logging.getLogger("tests.told")


class Log(logging.Handler):
    """What the service would write, a text each."""

    def __init__(self, form: str) -> None:
        super().__init__()
        line = logging_settings(level="INFO", form=form)["formatters"]["line"]
        self.setFormatter(line.pop("()")(**line))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(params=FORMS)
def lines(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    handler = Log(request.param)
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


def meet_the_mark() -> None:
    try:
        {}[MARK]
    except KeyError:
        try:
            int(MARK)
        except ValueError as error:
            raise RuntimeError(f"{MARK} is no number.\n{MARK}") from error


def test_an_error_and_what_it_came_from_are_told_by_kind_and_place(lines: list[str]) -> None:
    try:
        meet_the_mark()
    except RuntimeError as error:
        log.exception("It failed.")
        log.warning("It failed: %s, %r", error, error)
    told_whole, told_in_a_line = lines
    assert MARK not in "".join(lines)
    for each in ("It failed.", "RuntimeError", "ValueError", "KeyError", "meet_the_mark", "test_told.py"):
        assert each in told_whole
    assert "RuntimeError, from ValueError, from KeyError" in told_in_a_line


def test_in_json_an_error_is_a_list_with_the_outermost_first() -> None:
    try:
        meet_the_mark()
    except RuntimeError:
        line = Log("json").format(logging.LogRecord("any", logging.ERROR, "", 0, "It failed.", (), sys.exc_info()))
    told_there = json.loads(line)["exception"]
    assert [(each["exc_type"], each["exc_value"], each["is_cause"]) for each in told_there] == [
        ("RuntimeError", "", False),
        ("ValueError", "", True),
        ("KeyError", "", False),
    ]
    assert [frame["name"] for frame in told_there[0]["frames"]] == [
        "test_in_json_an_error_is_a_list_with_the_outermost_first",
        "meet_the_mark",
    ]


def test_in_text_the_outermost_is_the_last_and_between_each_two_stands_how_they_belong_together() -> None:
    try:
        meet_the_mark()
    except RuntimeError:
        line = Log("text").format(logging.LogRecord("any", logging.ERROR, "", 0, "It failed.", (), sys.exc_info()))
    wanted = (
        "KeyError",
        "During handling of the above",
        "ValueError",
        "The above exception was the direct",
        "RuntimeError",
    )
    assert re.findall(f"(?m)^({'|'.join(wanted)})", line) == [*wanted]


def refused_by_the_engine(store: EventStore) -> None:
    store.query(Statement(sql="SELECT toUInt32({text:String})", parameters={"text": MARK}))


def test_of_the_engine_the_code_is_told(store: EventStore, lines: list[str]) -> None:
    try:
        refused_by_the_engine(store)
    except Exception as error:
        log.exception("It failed.")
        log.error("It failed: %s", error)
    assert len(lines) == 2
    for line in lines:
        assert MARK not in line
        assert "code 6" in line


@pytest.mark.django_db
def test_of_the_records_names_are_told(lines: list[str]) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("CREATE TEMPORARY TABLE people (mail TEXT UNIQUE)")
        cursor.execute("INSERT INTO people VALUES (%s)", [MARK])
    try:
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute("INSERT INTO people VALUES (%s)", [MARK])
    except IntegrityError:
        log.exception("It failed.")
    [line] = lines
    assert MARK not in line
    assert ("sqlstate 23505" if connection.vendor == "postgresql" else "people.mail") in line


def test_of_postgresql_the_state_is_told_and_why_there_is_no_connection(tmp_path: Path) -> None:
    require("postgres")
    server = Postgres(tmp_path / "postgres")
    server.start()
    try:
        with psycopg.connect(server.url) as connected, pytest.raises(psycopg.DataError) as refused:
            connected.execute("SELECT %s::integer", [MARK])
    finally:
        server.end()
    assert MARK in str(refused.value)
    assert told(refused.value) == "psycopg.errors.InvalidTextRepresentation: sqlstate 22P02"
    with pytest.raises(psycopg.OperationalError) as away:
        psycopg.connect("postgres://nobody@127.0.0.1:9/none")
    assert "Connection refused" in told(away.value)


def test_why_redis_cannot_be_reached_is_told() -> None:
    with pytest.raises(redis.ConnectionError) as away:
        redis.Redis.from_url("redis://:a-password@127.0.0.1:9").ping()
    assert told(away.value) == (
        "redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:9. Connection refused."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Refusal(f"unknown column {MARK}", path="select.0"), "apps.core.errors.Refusal: status 422"),
        (
            Unavailable("The event store does not answer."),
            "apps.core.errors.Unavailable: The event store does not answer.",
        ),
        (FileNotFoundError(2, "No such file or directory", MARK), "FileNotFoundError: No such file or directory"),
        (OSError(MARK), "OSError"),
    ],
)
def test_sentences_of_ours_and_of_the_system_are_told(error: Exception, said: str) -> None:
    assert told_with_causes(error) == said


def fail_at_a_task() -> None:
    int(MARK)


@shared_task(base=Work, name="tests.told.fail")
def fail() -> None:
    fail_at_a_task()


def test_a_task_that_failed_is_told_by_name(lines: list[str]) -> None:
    app.finalize()
    fail.apply()
    [line] = [line for line in lines if "raised unexpected" in line]
    assert MARK not in line
    assert "tests.told.fail" in line
    assert "raised unexpected: ValueError" in line
    assert "fail_at_a_task" in line


@pytest.mark.django_db(transaction=True)
def test_what_django_writes_of_errors_into_its_own_words_is_left_out(lines: list[str]) -> None:
    with transaction.atomic():
        transaction.on_commit(meet_the_mark, robust=True)
    error = SuspiciousOperation(MARK)
    logging.getLogger("django.security.SuspiciousOperation").error(str(error), exc_info=error)
    assert len(lines) == 2
    assert MARK not in "".join(lines)
    assert "on_commit" in lines[0]
    assert "django.core.exceptions.SuspiciousOperation" in lines[1]


class Mute(Exception):
    """One that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError(MARK)


def written(form: str, text: object, *args: Any, error: Exception | None = None) -> str:
    """A line, apart from other handlers: those of the tests refuse records that are wrong."""
    exc_info = (type(error), error, None) if error else None
    return Log(form).format(logging.LogRecord("any", logging.ERROR, "", 0, text, args, exc_info))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("message", ["s", "d", "r", "%", "%s", "(name)s", "It", "100%"])
def test_whatever_an_error_says_its_line_is_written(form: str, message: str) -> None:
    error = ValueError(message)
    assert "Failed: ValueError" in written(form, "Failed: %s", error, error=error)
    named = {"name": error, "number": 7}
    assert "Failed: ValueError, 7" in written(form, "Failed: %(name)s, %(number)d", named, error=error)
    assert "Failed: ValueError." in written(form, "Failed: %s.", message, error=error)
    assert "Failed: ValueError." in written(form, f"Failed: {message}.", error=error)


@pytest.mark.parametrize("form", FORMS)
def test_an_error_that_cannot_be_written_is_told_by_its_kind(form: str) -> None:
    kind = f"{__name__}.Mute" if form == "text" else '"exc_type": "Mute"'
    assert kind in written(form, "Failed.", error=Mute())
    line = written(form, "Failed: %s", Mute(), error=Mute())
    assert kind in line
    assert f"Failed: {__name__}.Mute" in line


@pytest.mark.parametrize("form", FORMS)
def test_an_error_in_place_of_a_text_is_told_by_its_kind(form: str) -> None:
    error = ValueError(MARK)
    for line in (written(form, error), written(form, error, error=error)):
        assert MARK not in line
        assert "ValueError" in line


@pytest.mark.parametrize("form", FORMS)
def test_arguments_that_do_not_fit_are_left_out(form: str) -> None:
    """The standard library would write them as they are, beside a traceback of its own."""
    error = ValueError(MARK)
    assert "%d events" in written(form, "%d events", error)
    assert "%(number)d events" in written(form, "%(number)d events", {"name": MARK}, error=error)
    assert MARK not in written(form, "%d events", error)
    assert MARK not in written(form, "%(number)d events", {"name": MARK}, error=error)


class Breaking:
    """An answer that breaks off."""

    streaming = True
    is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"begun"
        meet_the_mark()

    def close(self) -> None:
        self.is_closed = True


def failing(_environ: Any, _start: Any) -> Any:
    meet_the_mark()


def breaking(_environ: Any, _start: Any) -> Any:
    return Breaking()


@pytest.mark.parametrize("application", [failing, breaking])
def test_what_the_server_would_write_of_an_application_is_logged_before(
    lines: list[str], application: Callable[..., Any]
) -> None:
    with pytest.raises(RuntimeError):
        list(Traced(application)({"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None))
    lines[:] = [line for line in lines if "request_id" in line and "insights.access" not in line]
    [line] = lines
    assert MARK not in line
    assert "meet_the_mark" in line


def test_of_the_server_s_own_words_the_first_line_is_told() -> None:
    raised = f"Application callable raised an exception\nTraceback (most recent call last):\nValueError: {MARK}"
    for form in FORMS:
        line = Log(form).format(logging.LogRecord("_granian.utils", logging.ERROR, "", 0, raised, (), None))
        assert "Application callable raised an exception" in line
        assert MARK not in line
    told_there = logging_settings(level="INFO", form="text")["loggers"]["_granian"]
    assert (told_there["handlers"], told_there["propagate"]) == (["stderr"], False)


def test_a_thread_that_ends_by_an_error_is_told_of(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", log_the_end_of_a_thread)
    thread = threading.Thread(target=meet_the_mark, name="of-a-test")
    thread.start()
    thread.join()
    [line] = lines
    assert MARK not in line
    assert "of-a-test" in line
    assert "meet_the_mark" in line
