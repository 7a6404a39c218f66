"""Import of wire events from a file, one a line: exact over stops, in bounded memory.

A chunk of lines is one batch of the writer, thereby one durable part, and its batch number is derived from the
run and the chunk. So a run that was killed, at any moment, can ask the store whether the chunk it was at is
there, and go on with the first that is not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec
from django.db.models import F

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.enrichment import Caller, enrich
from apps.events.ndjson import LINE_BYTES, STREAM, Chunk, Source, fingerprint, opened
from apps.events.records import ImportRun
from apps.events.schema import decode_event
from apps.events.services import facts_of
from apps.events.store import Row, Statement, get_store
from apps.events.writer import get_writer

_IMPORTER = Caller(ip=None, user_agent="", trusted=True)
_SHOWN_CHARACTERS = 4_096


class ImportRefused(Refusal):
    """The file cannot be imported now, or not again; the message says what to do."""


class Progress(NamedTuple):
    """How far an import has come. ``share`` (0 … 1) is of the file, None for a stream."""

    lines: int
    imported: int
    rejected: int
    share: float | None


def open_run(site_id: int, file: str, *, resume: bool = False, again: bool = False) -> ImportRun:
    """The run that imports ``file`` (a path, or ``-``) into the site with primary key ``site_id``.

    A stopped run of the same content goes on, wherever the file lies now. A finished one raises
    ``ImportRefused``; for ``resume`` it is returned as it is. ``again`` begins anew in both cases.
    Standard input is always a new run. Raises ``Unreadable`` for a file that cannot be opened.
    """
    if file == STREAM:
        if resume:
            raise ImportRefused("Standard input cannot be resumed: save it to a file first.")
        return ImportRun.objects.create(site_id=site_id, file=file)
    content = fingerprint(file)
    last = ImportRun.objects.filter(site_id=site_id, fingerprint=content).first()
    if last is None or again:
        return ImportRun.objects.create(site_id=site_id, file=file, fingerprint=content)
    if last.finished_at is not None and not resume:
        raise ImportRefused(
            f"{file} was imported into this site on {last.finished_at:%Y-%m-%d} already; --again imports it once more."
        )
    return last


def run_import(run_id: int, *, file: str, progress: Callable[[Progress], None]) -> ImportRun:
    """Import what is left of ``file`` in the run ``run_id``; returns the run, finished.

    ``progress`` is called after every chunk. Refused lines go to ``FILE.rejected`` (``stdin.rejected`` for a
    stream) as JSON with line number and reason. Raises ``Unavailable`` when the store is away, ``Unreadable``
    when the file is, ``ImportRefused`` when another process took the run over: what is counted by then stays.
    """
    run = ImportRun.objects.select_related("site").get(pk=run_id)
    if run.finished_at is None:
        run.holder = secrets.token_hex(16)
        run.save(update_fields=["holder"])
        with opened(file) as source:
            _Import(run, file, progress).run(source)
    return run


@dataclass(slots=True)
class _Enriched:
    """A chunk as rows, and what was refused of it, as lines of JSON."""

    chunk: Chunk
    rows: list[Row] = field(default_factory=list)
    rejected: int = 0
    complaints: bytearray = field(default_factory=bytearray)


class _Import:
    """One import under way: a chunk is read and enriched while the one before it is stored."""

    def __init__(self, run: ImportRun, file: str, progress: Callable[[Progress], None]) -> None:
        self._run = run
        self._progress = progress
        self._refused = Path("stdin.rejected" if file == STREAM else f"{file}.rejected")
        self._facts = facts_of(run.site)
        self._may_be_stored = True
        self._writer = get_writer()

    def run(self, source: Source) -> None:
        run = self._run
        _cut(self._refused, run.rejected_bytes)
        under_way: tuple[_Enriched, Future[None]] | None = None
        with ThreadPoolExecutor(1, "import") as pool:
            for chunk in source.chunks(number=run.chunks, line=run.lines, offset=run.offset):
                enriched = self._enrich(chunk)
                if under_way:
                    self._count(*under_way)
                under_way = enriched, pool.submit(self._store, enriched)
            if under_way:
                self._count(*under_way)
        run.finished_at = utc_now()
        run.save(update_fields=["finished_at"])

    def _enrich(self, chunk: Chunk) -> _Enriched:
        enriched, now = _Enriched(chunk), utc_now()
        for number, line in chunk.lines:
            try:
                if len(line) > LINE_BYTES:
                    raise Refusal("The line is longer than 1 MiB.")
                event = decode_event(line)
                enriched.rows.append(enrich(event, site=self._facts, caller=_IMPORTER, now=now, imported=True))
            except Refusal as refusal:
                text = line[:_SHOWN_CHARACTERS].decode("utf-8", "replace").rstrip("\r\n")
                enriched.rejected += 1
                enriched.complaints += msgspec.json.encode({"line": number, "reason": str(refusal), "text": text})
                enriched.complaints += b"\n"
        return enriched

    def _store(self, enriched: _Enriched) -> None:
        batch = batch_number(self._run.key, enriched.chunk.number)
        # The store may be ahead of the record: by one chunk after a stop, by more after a restore.
        if enriched.rows and self._may_be_stored:
            self._may_be_stored = _is_stored(self._run.site_id, batch)
            if self._may_be_stored:
                return
        self._writer.write_through(enriched.rows, batch=batch)

    def _count(self, enriched: _Enriched, stored: Future[None]) -> None:
        stored.result()
        run, chunk = self._run, enriched.chunk
        if enriched.complaints:
            with self._refused.open("ab") as out:
                out.write(enriched.complaints)
        updated = ImportRun.objects.filter(pk=run.pk, holder=run.holder).update(
            chunks=chunk.number + 1,
            lines=chunk.last_line,
            offset=chunk.end,
            imported=F("imported") + len(enriched.rows),
            rejected=F("rejected") + enriched.rejected,
            rejected_bytes=F("rejected_bytes") + len(enriched.complaints),
        )
        if not updated:
            raise ImportRefused("Another process goes on with this import.")
        run.refresh_from_db(fields=["chunks", "lines", "offset", "imported", "rejected", "rejected_bytes"])
        self._progress(Progress(run.lines, run.imported, run.rejected, chunk.share))


def batch_number(key: str, chunk: int) -> int:
    """The batch of a run's chunk: 64 bits that only this run and chunk give."""
    return int.from_bytes(blake2b(f"{key}:{chunk}".encode(), digest_size=8).digest(), "big")


def _is_stored(site_id: int, batch: int) -> bool:
    sql = "SELECT 1 FROM events WHERE site = {site:UInt32} AND batch = {batch:UInt64} LIMIT 1"
    return bool(get_store().query(Statement(sql=sql, parameters={"site": site_id, "batch": batch})))


def _cut(file: Path, length: int) -> None:
    """Drop what a killed run wrote to ``file`` beyond ``length`` and did not count."""
    if file.exists() and length:
        with file.open("r+b") as out:
            out.truncate(length)
    else:
        file.unlink(missing_ok=True)
