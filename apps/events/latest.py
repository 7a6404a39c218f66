"""The latest events as they are stored, for people who look after the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


def latest_events(wanted: Wanted) -> Page:
    """The events that are wanted. Raises ``Unavailable`` while the store cannot answer."""
    conditions = ["timestamp >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')"]
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
    parameters = {
        "since": int(wanted.since.timestamp() * 1000),
        "site": wanted.site or 0,
        "event_type": wanted.event_type,
        "limit": PAGE_ROWS + 1,
        "offset": (wanted.page - 1) * PAGE_ROWS,
    }
    rows = _select(rest, parameters)
    return Page(rows=rows[:PAGE_ROWS], more=len(rows) > PAGE_ROWS)


def first_arrival(site: int, since: datetime) -> Mapping[str, Any] | None:
    """The first event of a site that arrived at or after ``since``, whenever it happened, by the names of ``COLUMNS``.

    Raises ``Unavailable`` while the store cannot answer.
    """
    rest = "WHERE site = {site:UInt32} AND id > {before:Int64}\nORDER BY id\nLIMIT 1"
    rows = _select(rest, {"site": site, "before": id_at(since)})
    return rows[0] if rows else None


def _select(rest: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sql = f"SELECT {', '.join(COLUMNS)}\nFROM events\n{rest}"  # our own text
    columns = get_store().query(Statement(sql=sql, parameters=parameters))
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True)]


def headers() -> list[str]:
    """What stands above the columns."""
    return [str(Event.fields()[name].verbose_name) for name in COLUMNS]
