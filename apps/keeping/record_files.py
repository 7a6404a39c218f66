"""All records as one file, the same for SQLite and PostgreSQL: a line of JSON for each, of one moment."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.core.serializers.python import Deserializer, Serializer
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import AutoField, Model

from apps.core.errors import Refusal
from apps.keeping.manifest import RecordsFile
from apps.keeping.place import Place
from apps.rollups.models import Erasure, Watermark

NAME = "records.ndjson.gz"
LEFT_OUT = frozenset(
    {
        "sessions.session",  # people sign in again
        "usersessions.usersession",
        "events.dailysalt",  # it must be gone after two days, from everywhere
        "rollups.filledperiod",  # what is counted in advance is counted anew
    }
)
_MADE_ANEW: tuple[type[Model], ...] = (Permission, ContentType, Watermark)
"""A new database has rows of these before anybody used it."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasures:
    """Which erasures were asked for and not done, and how many had been done, at a moment."""

    ended: int
    waiting: frozenset[int]

    def are_known_to(self, later: Erasures) -> bool:
        """Whether none has been asked for and begun, or has ended, up to ``later``."""
        return later.ended == self.ended and later.waiting <= self.waiting


@dataclass(slots=True, kw_only=True)
class Dump:
    """The records of one moment."""

    text: bytes
    counts: dict[str, int] = field(default_factory=dict)
    given: dict[str, int]
    sites: list[Any]
    erasures: Erasures

    def write(self, place: Place) -> RecordsFile:
        file = place.write(NAME, self.text)
        return RecordsFile(
            name=file.name,
            size=file.size,
            sha256=file.sha256,
            counts=self.counts,
            given=self.given,
            migrations=applied_migrations(),
        )


def kept_models() -> list[type[Model]]:
    """The kinds of records that a backup holds."""
    return [
        model
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_OUT
    ]


def take_records() -> Dump:
    """All records as they are at one moment; nobody waits for it."""
    from apps.sites.models import Site

    out, counts = io.BytesIO(), Counter[str]()
    with _one_moment():
        with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
            for model in kept_models():
                counts[model._meta.label_lower] = 0
                for record in _records_of(model):
                    packed.write(msgspec.json.encode(record) + b"\n")
                    counts[model._meta.label_lower] += 1
        return Dump(
            text=out.getvalue(),
            counts=dict(counts),
            given=_given_numbers(),
            sites=list(Site.objects.order_by("pk")),
            erasures=erasures_now(),
        )


def erasures_now() -> Erasures:
    """Which erasures wait, and how many have ended."""
    ended = Watermark.objects.values_list("erasures", flat=True).first() or 0
    return Erasures(ended=ended, waiting=frozenset(Erasure.objects.values_list("pk", flat=True)))


def refuse_if_used() -> None:
    """Raise ``Refusal`` where the database holds records already."""
    for model in kept_models():
        if model not in _MADE_ANEW and model._base_manager.exists():
            raise Refusal(
                f"The database holds records already ({model._meta.verbose_name_plural}): restore into an empty one."
            )


def put_records(text: bytes, file: RecordsFile) -> None:
    """Fill an empty database with records, all or none; what was counted in advance is to be counted anew."""
    counts = Counter[str]()
    with transaction.atomic():
        refuse_if_used()
        for model in _MADE_ANEW:
            model._base_manager.all().delete()
        with gzip.GzipFile(fileobj=io.BytesIO(text)) as lines:
            while batch := [msgspec.json.decode(line) for line in islice(lines, _AT_ONCE)]:
                for found in Deserializer(batch):
                    found.save(force_insert=True)
                    counts[found.object._meta.label_lower] += 1
        expected = {kind: number for kind, number in file.counts.items() if number}
        if dict(counts) != expected:
            raise Refusal(f"{file.name} does not hold the records that the manifest tells.")
        Watermark.objects.update(event_id=0)
        _go_on_from(file.given)
    ContentType.objects.clear_cache()


def applied_migrations() -> list[str]:
    """The changes of the database that are applied, as ``app.name``."""
    applied = MigrationExecutor(connection).loader.applied_migrations
    return sorted(f"{app}.{name}" for app, name in applied)


def _records_of(model: type[Model]) -> Iterator[dict[str, Any]]:
    rows = model._base_manager.order_by("pk").iterator(chunk_size=_AT_ONCE)
    while batch := list(islice(rows, _AT_ONCE)):
        yield from Serializer().serialize(batch)


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is read within is of one moment, and keeps nobody from writing."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")  # Django's own transactions keep others from writing
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def _numbered() -> Iterator[tuple[str, str]]:
    """Each table that numbers its rows, with the column."""
    for model in apps.get_models():
        key = model._meta.pk
        if model._meta.managed and not model._meta.proxy and isinstance(key, AutoField):
            yield model._meta.db_table, str(key.column)


def _given_numbers() -> dict[str, int]:
    """The last number that was given in each table: that of a deleted row must not be given again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            given = {}
            for table, column in _numbered():
                cursor.execute(
                    "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)", [f'"{table}"', column]
                )
                given[table] = int(cursor.fetchone()[0] or 0)
            return given
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        known = dict(cursor.fetchall())
        return {table: int(known.get(table, 0)) for table, _column in _numbered()}


def _go_on_from(given: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept_models()):
            cursor.execute(statement)
        for table, column in _numbered():
            number = given.get(table, 0)
            if not number:
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f'"{table}"', column, number])
            else:
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [number, table])
                if not cursor.rowcount:
                    cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
