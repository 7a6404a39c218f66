"""The latest events as they are stored, for people who look after the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.events.ids import id_at
from apps.events.models import Event
from apps.events.store import Statement, get_store

PAGE_ROWS = 50
COLUMNS = (
    "timestamp",
    "site",
    "event_type",
    "url_path",
    "query",
    "country",
    "browser",
    "os",
    "bot",
    "referrer_domain",
)
"""The fields of ``Event`` that the list shows."""
WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=30), timedelta(days=365))
"""How far back the newest events are looked for, before all that are wanted."""
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events to list. ``None`` and an empty text mean: any. ``bots`` tells bots from people."""

    since: datetime
    site: int | None = None
    event_type: str = ""
    bots: bool | None = None
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most ``PAGE_ROWS`` rows by the names of ``COLUMNS``, newest first; ``more``: an older page follows."""

    rows: list[Mapping[str, Any]]
    more: bool


def latest_events(wanted: Wanted, now: datetime) -> Page:
    """The events that are wanted, also those after ``now``. Raises ``Unavailable`` while the store cannot answer.

    Looks back from ``now`` by ever longer ``WINDOWS``, until one has them all: a page of the newest events is the same
    in a short window as in a long one, and sorts fewer.
    """
    rows: list[Mapping[str, Any]] = []
    for since in _beginnings(wanted.since, now):
        rows = _rows_since(since, wanted)
        if len(rows) > PAGE_ROWS:
            break
    return Page(rows=rows[:PAGE_ROWS], more=len(rows) > PAGE_ROWS)


def _beginnings(since: datetime, now: datetime) -> Iterator[datetime]:
    """Of the windows, the shortest first; the last one has all that is wanted."""
    for length in WINDOWS:
        if now - length > since:
            yield now - length
    yield since


def _rows_since(since: datetime, wanted: Wanted) -> list[Mapping[str, Any]]:
    """The rows of a page, and one more where there is another page."""
    # The table is ordered by site and hour: the hour spares the engine what is older.
    conditions = [
        "timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')",
        "indexHint(toStartOfHour(timestamp) >= toDateTime({hour:UInt32}, 'UTC'))",
    ]
    if wanted.site is not None:
        conditions.append("site = {site:UInt32}")
    if wanted.event_type:
        conditions.append("event_type = {event_type:String}")
    if wanted.bots is not None:
        conditions.append("bot != ''" if wanted.bots else "bot = ''")
    rest = (
        f"WHERE {' AND '.join(conditions)}\n"
        "ORDER BY timestamp DESC, id DESC\n"
        "LIMIT {limit:UInt32} OFFSET {offset:UInt64}"
    )
    milliseconds = int(since.timestamp() * 1000)
    parameters = {
        "since": milliseconds,
        "hour": milliseconds // HOUR_MS * 3_600,
        "site": wanted.site or 0,
        "event_type": wanted.event_type,
        "limit": PAGE_ROWS + 1,
        "offset": (wanted.page - 1) * PAGE_ROWS,
    }
    return _select(rest, parameters)


def first_arrival(site: int, since: datetime) -> Mapping[str, Any] | None:
    """The first event of a site that arrived at or after ``since``, whenever it happened, by the names of ``COLUMNS``.

    Raises ``Unavailable`` while the store cannot answer.
    """
    rest = "WHERE site = {site:UInt32} AND id > {before:Int64}\nORDER BY id\nLIMIT 1"
    rows = _select(rest, {"site": site, "before": id_at(since)})
    return rows[0] if rows else None


def _select(rest: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sql = f"SELECT {', '.join(COLUMNS)} FROM events {rest}"  # noqa: S608  # our own text
    columns = get_store().query(Statement(sql=sql, parameters=parameters))
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def headers() -> list[str]:
    """What stands above the columns."""
    return [str(Event.fields()[name].verbose_name) for name in COLUMNS]
