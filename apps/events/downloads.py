"""Events of a site as a file: lines of JSON, CSV or Parquet, with the fields as they are stored."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import Refusal
from apps.core.text import harmless
from apps.events.exports import printed
from apps.events.models import Event
from apps.events.store import Statement, get_store

MOST_EVENTS = 1_000_000
"""Of one file: what a spreadsheet opens, and a server writes without holding others up."""
STEP = timedelta(days=1)
MOST_STEPS = 400
_NAMES = tuple(name for name in Event.fields() if name not in ("site", "batch", "claims"))
_COLUMNS = ", ".join(_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The events of ``site`` (its number in the store) with ``start`` ≤ timestamp < ``end``, both aware."""

    site: int
    start: datetime
    end: datetime

    def select(self, columns: str, *, rest: str = "") -> Statement:
        """A SELECT of them."""
        return Statement(
            sql=(
                f"SELECT {columns} FROM events WHERE site = {{site:UInt32}}"  # noqa: S608  # our own names
                " AND timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
                f" AND timestamp < fromUnixTimestamp64Milli({{to:Int64}}, 'UTC'){rest}"
            ),
            parameters={"site": self.site, "from": _milliseconds(self.start), "to": _milliseconds(self.end)},
        )

    def steps(self) -> Iterator[Stretch]:
        """The same in parts of a day or more, oldest first."""
        start, width = self.start, max(STEP, (self.end - self.start) / MOST_STEPS)
        while start < self.end:
            end = min(start + width, self.end)
            yield Stretch(site=self.site, start=start, end=end)
            start = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A kind of file: its word and ending, its name for people, its media type, and what writes it."""

    name: str
    label: str
    media_type: str
    write: Callable[[Stretch], Iterator[bytes]]


def _milliseconds(moment: datetime) -> int:
    return -int(-moment.timestamp() * 1000 // 1)


_ORDER = " ORDER BY timestamp, id"


def _lines(stretch: Stretch) -> Iterator[bytes]:
    for step in stretch.steps():
        yield get_store().rendered(step.select(_COLUMNS, rest=_ORDER), "JSONEachRow")


def _csv(stretch: Stretch) -> Iterator[bytes]:
    yield _written([_NAMES])
    for step in stretch.steps():
        columns = get_store().query(step.select(_COLUMNS, rest=_ORDER))
        yield _written([[_cell(value) for value in row] for row in zip(*columns, strict=True)])


def _written(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    return printed(value) if isinstance(value, datetime) else harmless(value)


def _parquet(stretch: Stretch) -> Iterator[bytes]:
    yield get_store().rendered(stretch.select(_COLUMNS, rest=_ORDER), "Parquet")


FORMS = {
    each.name: each
    for each in (
        Form(name="ndjson", label="NDJSON", media_type="application/x-ndjson", write=_lines),
        Form(name="csv", label="CSV", media_type="text/csv; charset=utf-8", write=_csv),
        Form(name="parquet", label="Parquet", media_type="application/vnd.apache.parquet", write=_parquet),
    )
}


def events_as(form: Form, stretch: Stretch) -> Iterator[bytes]:
    """The file in parts. Visitors and sessions are the hashes that are stored, whole numbers.

    Raises ``Refusal`` (422) for more than ``MOST_EVENTS``, before anything is written.
    """
    count = get_store().query(stretch.select("count()"))[0][0]
    if count > MOST_EVENTS:
        raise Refusal(
            _("These are %(count)s events; a file holds at most %(most)s. Choose fewer days.")
            % {"count": f"{count:,}", "most": f"{MOST_EVENTS:,}"},
            path="from",
        )
    return form.write(stretch)
