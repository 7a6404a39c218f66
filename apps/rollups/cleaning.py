"""Removing rollup rows that count for nothing: of fillings that were stopped, done again, or whose site is gone."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from apps.events.store import Statement, get_store
from apps.rollups.models import FilledPeriod, State, fill_at
from apps.rollups.periods import LEVELS, Level, floor

AT_WORK = timedelta(hours=1)
"""A filling that is younger may not have been recorded yet; older ones are not recorded (``filling.GIVEN_UP``)."""
AT_READING = timedelta(hours=1)
"""Questions that were planned before a record changed, and months made of its days, have ended this long after."""

_Owner = tuple[int, str, datetime]
"""Site, level and start of the record that says which rows count."""


def clean(now: datetime) -> int:
    """Remove the rows that no record names, once nothing can still read or record them; returns of how many periods."""
    records = {
        (site, level, start): (fill, computed_at, state)
        for site, level, start, fill, computed_at, state in FilledPeriod.objects.values_list(
            "site", "level", "start", "fill", "computed_at", "state"
        ).iterator()
    }
    superseded = []
    for site, label, start, fill in _present(int(fill_at((now - AT_WORK).timestamp()))):
        owners = _owners(site, LEVELS[label], start)
        known = [records[owner] for owner in owners if owner in records]
        is_counted = any(fill == used and state != State.DUE for used, _computed_at, state in known)
        if not is_counted and all(computed_at < now - AT_READING for _fill, computed_at, _state in known):
            superseded.append((site, label, start, fill))
    _remove(superseded)
    return len(superseded)


def _owners(site: int, level: Level, start: datetime) -> list[_Owner]:
    """The records that may name a row's filling: an hour's rows may be its day's."""
    levels = (Level.HOUR, Level.DAY) if level is Level.HOUR else (level,)
    return [(site, each.label, floor(each, start)) for each in levels]


def _present(before: int) -> list[tuple[int, str, datetime, int]]:
    columns = get_store().query(
        Statement(
            sql="SELECT DISTINCT site, toString(level), toUnixTimestamp(start), fill FROM rollups"
            " WHERE fill < {before:UInt64} ORDER BY site, level, start",
            parameters={"before": before},
        )
    )
    return [
        (site, level, datetime.fromtimestamp(second, UTC), fill)
        for site, level, second, fill in zip(*columns, strict=True)
    ]


def _remove(rows: list[tuple[int, str, datetime, int]]) -> None:
    """One statement for each month: a part of the table that is not touched is not rewritten."""
    months: dict[datetime, list[tuple[int, str, datetime, int]]] = defaultdict(list)
    for row in rows:
        months[floor(Level.MONTH, row[2])].append(row)
    for month, found in sorted(months.items()):
        get_store().command(
            Statement(
                sql="ALTER TABLE rollups DELETE"
                " WHERE start >= toDateTime({first:UInt32}, 'UTC')"
                " AND start < toDateTime({end:UInt32}, 'UTC')"
                " AND (site, toString(level), toUnixTimestamp(start), fill) IN (SELECT arrayJoin(arrayZip("
                "{sites:Array(UInt32)}, {levels:Array(String)}, {starts:Array(UInt32)}, {fills:Array(UInt64)})))"
                " SETTINGS mutations_sync = 1",
                parameters={
                    "first": int(month.timestamp()),
                    "end": int((month + Level.MONTH.length).timestamp()),
                    "sites": [site for site, _level, _start, _fill in found],
                    "levels": [level for _site, level, _start, _fill in found],
                    "starts": [int(start.timestamp()) for _site, _level, start, _fill in found],
                    "fills": [fill for _site, _level, _start, fill in found],
                },
            )
        )
