"""Events as files that can be stored again exactly, ids and all; each is whole in the store or not there."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

from apps.core.errors import Refusal, Unavailable
from apps.events.door import Readable, rows_of
from apps.events.models import Event
from apps.events.store import EventStore, Statement
from apps.keeping.manifest import EventFile
from apps.keeping.place import Place

Form = Literal["Parquet", "JSONEachRow"]
SUFFIXES: dict[Form, str] = {"Parquet": "parquet", "JSONEachRow": "ndjson.gz"}
ROWS = 200_000
"""Of one file: what the engine takes as one part, and a process holds in memory."""
LINES = 20_000
"""What a process holds of a file of lines that are not packed yet, each of one or two kilobytes."""
SECONDS = 600.0
"""How long a statement may take."""
TRIES = 5

Progress = Callable[[int], None]
"""Is told how many events are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Events of some sites (their numbers in the store) that arrived in one month, with ``after`` < id ≤ ``last``."""

    sites: Sequence[int]
    month: int
    after: int
    last: int

    def select(self, columns: str, rest: str = "") -> Statement:
        """A SELECT of them."""
        return Statement(
            sql=(
                f"SELECT {columns} FROM events WHERE toYYYYMM(received) = {{month:UInt32}}"  # noqa: S608  # our own names
                " AND id > {after:UInt64} AND id <= {last:UInt64}"
                f" AND site IN {{sites:Array(UInt32)}}{rest}"
            ),
            parameters={"month": self.month, "after": self.after, "last": self.last, "sites": list(self.sites)},
        )


def newest_id(source: Readable) -> int:
    """The greatest id that was given and is known to the store."""
    sql = (
        "SELECT max(newest) FROM (SELECT max(id) AS newest FROM events UNION ALL SELECT max(id) AS newest"
        " FROM given_ids)"
    )
    return int(rows_of(source, Statement(sql=sql), seconds=SECONDS)[0][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFiles:
    """The files of the events of some sites (their numbers in the store) in one place."""

    place: Place
    form: Form
    columns: Sequence[str]
    sites: Sequence[int]

    def write(self, source: Readable, through: int, progress: Progress) -> list[EventFile]:
        """Write all events with ids up to ``through``."""
        written: list[EventFile] = []
        for number, stretch in enumerate(_stretches(source, self.sites, through), 1):
            text, events, digest = self._rendered(source, stretch)
            file = self.place.write(f"events/{number:06}.{SUFFIXES[self.form]}", text)
            written.append(
                EventFile(
                    name=file.name,
                    size=file.size,
                    sha256=file.sha256,
                    month=stretch.month,
                    after=stretch.after,
                    last=stretch.last,
                    events=events,
                    digest=digest,
                )
            )
            progress(sum(each.events for each in written))
        return written

    def bring_in(self, store: EventStore, file: EventFile) -> None:
        """Store the events of a file, unless they are in the store.

        A cluster may have those of some shards alone, after a stop: then it gets the others. Raises ``Refusal`` where
        the store has other events of these ids, or holds others than the file afterwards.
        """
        stretch, wanted = self._stretch_of(file), (file.events, file.digest)
        found = _digest(store, stretch, self.columns)
        if found == wanted:
            return
        is_begun = store.is_cluster and 0 < found[0] < file.events
        if found[0] and not is_begun:
            raise Refusal(f"The event store holds other events with the ids of {file.name}: it must be empty of them.")
        text = _unpacked(self.place.read_checked(file), self.form)
        store.take_in(text, self.form, self.columns, unless_between=(file.after, file.last) if is_begun else None)
        if _digest(store, stretch, self.columns) != wanted:
            raise Refusal(f"The events of {file.name} are not those in the store: it was changed meanwhile.")

    def days_of(self, store: EventStore, file: EventFile) -> list[tuple[int, datetime]]:
        """Each site and UTC day that has events in the file."""
        rest = " GROUP BY site, day ORDER BY site, day"
        select = self._stretch_of(file).select("site, toUnixTimestamp(toStartOfDay(timestamp)) AS day", rest)
        return [(int(site), datetime.fromtimestamp(int(day), UTC)) for site, day in rows_of(store, select)]

    def _stretch_of(self, file: EventFile) -> Stretch:
        return Stretch(sites=self.sites, month=file.month, after=file.after, last=file.last)

    def _rendered(self, source: Readable, stretch: Stretch) -> tuple[bytes, int, str]:
        """The events with their number and digest, which are of the same moment."""
        for _try in range(TRIES):
            before = _digest(source, stretch, self.columns)
            text = self._packed(source, stretch)
            if _digest(source, stretch, self.columns) == before:
                return text, *before
        raise Unavailable("The events go on changing: an erasure is under way. Try it again when it is done.")

    def _packed(self, source: Readable, stretch: Stretch) -> bytes:
        """The file. Lines are packed some at a time: they take many times as much memory as what becomes of them."""
        if self.form == "Parquet":
            return self._text(source, stretch)
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6, mtime=0) as packed:
            for each in _pieces(source, stretch):
                packed.write(self._text(source, each))
        return out.getvalue()

    def _text(self, source: Readable, stretch: Stretch) -> bytes:
        return source.rendered(stretch.select(", ".join(self.columns), " ORDER BY id"), self.form, seconds=SECONDS)


def _stretches(source: Readable, sites: Sequence[int], through: int) -> Iterator[Stretch]:
    sql = (
        "SELECT toYYYYMM(received) AS month, min(id), max(id) FROM events"
        " WHERE id <= {through:UInt64} AND site IN {sites:Array(UInt32)} GROUP BY month ORDER BY month"
    )
    parameters = {"through": through, "sites": list(sites)}
    for month, first, newest in rows_of(source, Statement(sql=sql, parameters=parameters), seconds=SECONDS):
        after, end = int(first) - 1, int(newest)
        while after < end:
            rest = Stretch(sites=sites, month=int(month), after=after, last=end)
            found = rows_of(source, rest.select("id", f" ORDER BY id LIMIT 1 OFFSET {ROWS - 1}"), seconds=SECONDS)
            last = int(found[0][0]) if found else end
            yield Stretch(sites=sites, month=int(month), after=after, last=last)
            after = last


def _pieces(source: Readable, stretch: Stretch) -> Iterator[Stretch]:
    """A stretch in parts of ``LINES`` events."""
    ids = [int(each) for (each,) in rows_of(source, stretch.select("id", " ORDER BY id"), seconds=SECONDS)]
    after = stretch.after
    for last in (*ids[LINES - 1 : -1 : LINES], stretch.last):
        yield replace(stretch, after=after, last=last)
        after = last


def _digest(source: Readable, stretch: Stretch, columns: Sequence[str]) -> tuple[int, str]:
    """The number of events, and a sum over all their values, whatever their order."""
    fields = Event.fields()
    texts = [
        f"ifNull(toString({name}), '-')" if fields[name].engine_type.startswith("Nullable") else name
        for name in columns
    ]
    select = stretch.select(f"count(), toString(sum(cityHash64({', '.join(texts)})))")
    ((events, digest),) = rows_of(source, select, seconds=SECONDS)
    return int(events), str(digest)


def _unpacked(text: bytes, form: Form) -> BinaryIO:
    file = io.BytesIO(text)
    return io.BufferedReader(gzip.GzipFile(fileobj=file)) if form == "JSONEachRow" else file


def columns_of(given: Sequence[str]) -> list[str]:
    """The columns of files, which this version must know."""
    unknown: list[Any] = sorted(set(given) - set(Event.fields()))
    if unknown:
        raise Refusal(f"The events have columns that this version does not know: {', '.join(unknown)}.")
    return list(given)
