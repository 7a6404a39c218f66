"""Import of a web server's log: what is stored already is not stored again, line by line.

A request is recognised by its moment, its visitor, its kind, its address and its referrer: the same file, a longer one,
its compressed copy or an overlapping one add only what is missing. So nothing needs to be remembered between two
imports, and one that was killed is simply repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.enrichment import Caller, SiteFacts, enrich, visitor_address
from apps.events.exclusions import Exclusions
from apps.events.logs.formats import BrokenLine, LogFormat
from apps.events.logs.requests import Skipped, event_of
from apps.events.ndjson import LINE_BYTES, Chunk, opened
from apps.events.schema import decode_event
from apps.events.services import exclusions_of, facts_of
from apps.events.store import Row, Statement, get_store
from apps.events.writer import get_writer
from apps.sites.models import Site

_IMPORTER = Caller(ip=None, user_agent="", trusted=True)
_STORED = """
SELECT toUnixTimestamp64Milli(timestamp) AS moment, visitor, toString(event_type) AS kind, url, referrer, count()
FROM events
WHERE site = {site:UInt32}
    AND timestamp >= fromUnixTimestamp64Milli({first:Int64}, 'UTC')
    AND timestamp <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
GROUP BY moment, visitor, kind, url, referrer
"""

_Key = tuple[int, int, str, str, str]


@dataclass(slots=True)
class LogCounts:
    """What became of the lines: each is counted once. ``known`` were stored by an earlier import."""

    lines: int = 0
    imported: int = 0
    known: int = 0
    rejected: int = 0
    skipped: Counter[Skipped] = field(default_factory=Counter)
    share: float | None = None
    """How much of the file was read, 0 … 1; None for a stream."""


def import_log(
    file: str,
    *,
    site: Site,
    log_format: LogFormat,
    base: str,
    progress: Callable[[LogCounts], None],
    complain: Callable[[int, str], None],
) -> LogCounts:
    """Store the events of ``file`` (a path, or ``-``) that are not stored yet.

    ``base`` is the origin of the site's addresses where the log names no host. ``progress`` is called after every
    chunk, ``complain`` with the number of every line that cannot be read and why. Raises ``ndjson.Unreadable`` for a
    file that cannot be read, ``Unavailable`` when the store is away: what was stored by then stays.
    """
    work = _Import(facts_of(site), exclusions_of(site), log_format, base, complain)
    with opened(file) as source:
        for chunk in source.chunks():
            work.take(chunk)
            progress(work.counts)
    return work.counts


class _Import:
    def __init__(
        self,
        facts: SiteFacts,
        exclusions: Exclusions,
        log_format: LogFormat,
        base: str,
        complain: Callable[[int, str], None],
    ) -> None:
        self.counts = LogCounts()
        self._facts = facts
        self._exclusions = exclusions
        self._format = log_format
        self._base = base
        self._complain = complain
        self._before: Counter[_Key] = Counter()

    def take(self, chunk: Chunk) -> None:
        """Store what is missing of a chunk, as one batch."""
        rows = [row for number, line in chunk.lines if (row := self._row(number, line))]
        missing = self._missing(rows)
        get_writer().write_through(missing)
        counts = self.counts
        counts.lines += len(chunk.lines)
        counts.imported += len(missing)
        counts.known += len(rows) - len(missing)
        counts.share = chunk.share

    def _row(self, number: int, line: bytes) -> Row | None:
        try:
            if len(line) > LINE_BYTES:
                raise BrokenLine("is longer than 1 MiB")
            request = self._format.read(line)
            event = event_of(request, base=self._base, key=self._facts.hash_key) if request else Skipped.NONE
            if isinstance(event, Skipped):
                self.counts.skipped[event] += 1
                return None
            sound = decode_event(msgspec.json.encode(event))
            row = enrich(sound, site=self._facts, caller=_IMPORTER, now=utc_now(), imported=True)
            if self._exclusions and self._exclusions.exclude(row, visitor_address(sound.session, _IMPORTER)):
                self.counts.skipped[Skipped.EXCLUDED] += 1
                return None
            return row
        except (BrokenLine, Refusal) as error:
            self.counts.rejected += 1
            self._complain(number, str(error))
            return None

    def _missing(self, rows: list[Row]) -> list[Row]:
        """The rows that are in the log more often than in the store.

        Equal requests in one second may lie on both sides of a chunk's end: those of the chunk before count, too.
        """
        if not rows:
            return []
        stored, seen, missing = self._stored(rows), self._before, []
        self._before = Counter()
        for row in rows:
            key = _key(row)
            seen[key] += 1
            self._before[key] = seen[key]
            if seen[key] > stored[key]:
                missing.append(row)
        return missing

    def _stored(self, rows: list[Row]) -> Counter[_Key]:
        moments = [_milliseconds(row) for row in rows]
        parameters = {"site": self._facts.pk, "first": min(moments), "last": max(moments)}
        columns = get_store().query(Statement(sql=_STORED, parameters=parameters))
        return Counter({(moment, *key): count for moment, *key, count in zip(*columns, strict=True)})


def _key(row: Row) -> _Key:
    return _milliseconds(row), row["visitor"], row["event_type"], row["url"], row["referrer"]


def _milliseconds(row: Row) -> int:
    moment: datetime = row["timestamp"]
    return round(moment.timestamp() * 1000)
