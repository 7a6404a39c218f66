"""The parts that answer or work: records, server, broker, worker, beat, and how far they are behind."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPException

import django
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Sum

from apps.api.release import VERSION
from apps.core.clock import utc_now
from apps.core.redis import client
from apps.events.records import Reason, RefusalCount
from apps.rollups.models import Erasure, FilledPeriod, State
from apps.rollups.periods import CLOSING_DELAY, Level
from apps.rollups.status import in_words
from insights_site import probe, signs
from insights_site.doctor.findings import Finding, problem, warning, well

ANSWER_SECONDS = 20.0
LATE, TOO_LATE = timedelta(hours=2), timedelta(days=1)
"""How long a closed hour may wait to be counted."""
LONG_QUEUE = 1_000
DAY = timedelta(days=1)
ERASURE_MAY_TAKE = timedelta(hours=1)
_FAULTS = (Reason.ERROR, Reason.UNAVAILABLE)


def records_are_up_to_date() -> Iterator[Finding]:
    """The database of people and sites answers, and has all changes of this version and no others."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield problem(
            "records",
            f"The database does not answer: {str(error).splitlines()[0]}",
            "Start it, or set DATABASE_URL right.",
        )
        return
    database = ".".join(map(str, connection.get_database_version()))
    yield well(
        "versions",
        f"Site Insights {VERSION}, Python {platform.python_version()}, Django {django.get_version()},"
        f" {connection.display_name} {database}.",
    )
    loader = MigrationExecutor(connection).loader
    missing, unknown = set(loader.graph.nodes) - set(loader.applied_migrations), _unknown(loader)
    if missing:
        yield problem(
            "records",
            f"{len(missing)} changes of the database are not applied.",
            "Start the server, or: manage.py migrate",
        )
    if unknown:
        yield problem(
            "records",
            f"The database was changed by a later version: {', '.join(unknown)}.",
            "Run that version, or restore the backup that was made before the upgrade.",
        )
    if not missing and not unknown:
        yield well("records", "All changes of the database are applied.")
    if connection.vendor == "postgresql":
        yield _clock("clock", "database", _database_now())


def server_answers() -> Iterator[Finding]:
    """What ``/readyz`` says."""
    host = probe.reached_at(settings.HOST)
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}/readyz"
    name = probe.answers_to(settings.ALLOWED_HOSTS, settings.PUBLIC_URL)
    try:
        status, body = probe.ask("/readyz", host=host, port=settings.PORT, name=name, seconds=ANSWER_SECONDS)
    except (OSError, HTTPException):
        yield warning(
            "server", f"No server answers at {address}.", "Start it: manage.py serve. Its log tells why it ended."
        )
        return
    parts = _parts(body)
    if parts is None:
        yield problem(
            "server",
            f"What answers at {address} says {status}, and nothing of its parts.",
            "It is another program, or has other settings than this command. A server's log tells why it refuses.",
        )
        return
    ill = sorted(part for part, state in parts.items() if state != "well")
    if ill:
        yield problem(
            "server", f"It says that these are ill: {', '.join(ill)}.", "Its log tells why: look for “Not well”."
        )
    else:
        yield well("server", f"It answers at {address}; all its parts are well.")


def background_is_at_work() -> Iterator[Finding]:
    """Redis, workers and beat, where they are processes of their own."""
    if not settings.REDIS_URL:
        yield well("background", "Worker and beat are threads of the server, which tells of them.")
        return
    try:
        client().ping()
    except redis.RedisError as error:
        yield problem("background", f"Redis does not answer: {error}", "Start it, or set REDIS_URL right.")
        return
    for part in ("worker", "beat"):
        if signs.is_alive(part):
            yield well("background", f"A {part} is at work.")
        else:
            yield problem(
                "background", f"No {part} gave a sign of life in the last minute.", f"celery -A insights_site {part}"
            )
    waiting = sum(int(client().llen(queue)) for queue in settings.TASK_QUEUES)
    if waiting > LONG_QUEUE:
        yield warning("background", f"{waiting:,} tasks wait.", "Start more workers, or raise TASK_THREADS.")


def counts_keep_up() -> Iterator[Finding]:
    """Closed hours are counted in advance soon."""
    now = utc_now()
    hours = FilledPeriod.objects.exclude(state=State.COUNTED).filter(level=Level.HOUR.label)
    closed = hours.filter(start__lt=now - timedelta(hours=1) - CLOSING_DELAY)
    first = closed.order_by("start").values_list("start", flat=True).first()
    lag = now - first - timedelta(hours=1) if first else timedelta()
    told = f"{closed.count():,} closed hours are not counted; the first closed {in_words(lag)} ago."
    advice = "Answers are right, only slower. manage.py rollups status tells more; is a worker at work?"
    if lag > TOO_LATE:
        yield problem("rollups", told, advice)
    elif lag > LATE:
        yield warning("rollups", told, advice)
    else:
        yield well("rollups", "Every hour that closed long enough ago is counted.")


def events_are_taken() -> Iterator[Finding]:
    """What was refused in a day, and whether that was the service's own fault."""
    counts = RefusalCount.objects.filter(minute__gte=utc_now() - DAY).order_by()
    found = {row["reason"]: row["total"] for row in counts.values("reason").annotate(total=Sum("events"))}
    listed = ", ".join(f"{reason} {number:,}" for reason, number in sorted(found.items()))
    ours = sum(found.get(reason, 0) for reason in _FAULTS)
    if ours:
        yield warning(
            "refused",
            f"{ours:,} events could not be stored in the last day ({listed}).",
            "Clients send those again that were refused as unavailable. The log tells why; the admin lists them.",
        )
    else:
        yield well("refused", f"Refused or left out in the last day: {listed or 'none'}.")


def erasures_end() -> Iterator[Finding]:
    """What was asked to be erased is."""
    first = Erasure.objects.order_by("asked_at").values_list("asked_at", flat=True).first()
    if first and utc_now() - first > ERASURE_MAY_TAKE:
        yield problem(
            "erasures",
            f"An erasure has been waiting for {in_words(utc_now() - first)}.",
            "The log tells why. manage.py delete_old_events tries it again.",
        )
    else:
        yield well("erasures", "None waits for long.")


def _unknown(loader: object) -> list[str]:
    graph, applied = loader.graph.nodes, loader.applied_migrations  # type: ignore[attr-defined]
    ours = {app for app, _name in graph}
    squashed = {each for migration in loader.disk_migrations.values() for each in migration.replaces}  # type: ignore[attr-defined]
    return sorted(f"{app}.{name}" for app, name in set(applied) - set(graph) - squashed if app in ours)


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def _clock(check: str, whose: str, moment: datetime) -> Finding:
    apart = abs(utc_now() - moment)
    if apart > timedelta(minutes=1):
        return problem(check, f"The clock of the {whose} is {in_words(apart)} off ours.", "Keep both right with NTP.")
    return well(check, f"The clock of the {whose} is right.")


def _parts(body: bytes) -> dict[str, str] | None:
    """What a server says of its parts; none where it is no server of ours, or refuses."""
    try:
        found: dict[str, str] = json.loads(body)["parts"]
    except (ValueError, KeyError, TypeError):
        return None
    return found
