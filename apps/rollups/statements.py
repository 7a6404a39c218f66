"""The statements that number visitors and fill periods; all sites at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.events.store import Statement
from apps.rollups.declarations import KEYS, Declaration
from apps.rollups.periods import Level

_WINDOW = (
    "site IN {sites:Array(UInt32)}"
    " AND timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
    " AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
    " AND id <= {through:UInt64}"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Which events: of some sites, from ``start`` up to ``end``, with ids up to ``through``."""

    sites: tuple[int, ...]
    start: datetime
    end: datetime
    through: int

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "sites": list(self.sites),
            "from": int(self.start.timestamp() * 1000),
            "to": int(self.end.timestamp() * 1000),
            "through": self.through,
        }


def number(identity: str, span: Span) -> Statement:
    """Give a number to each visitor (or session: ``identity``) of the window that has none, in order of arrival.

    A site's numbers start at 1. Two of these statements must not run at the same time for the same site.
    """
    sql = f"""
INSERT INTO {identity}_numbers (site, hash, number)
SELECT
    fresh.site,
    fresh.hash,
    toUInt32(last.number + row_number() OVER (PARTITION BY fresh.site ORDER BY fresh.first, fresh.hash))
FROM (
    SELECT site, {identity} AS hash, min(id) AS first
    FROM events
    WHERE {_WINDOW} AND (site, {identity}) NOT IN (
        SELECT site, hash FROM {identity}_numbers
        WHERE (site, hash) IN (SELECT site, {identity} FROM events WHERE {_WINDOW})
    )
    GROUP BY site, hash
) AS fresh
LEFT JOIN (
    SELECT site, max(number) AS number FROM {identity}_numbers WHERE site IN {{sites:Array(UInt32)}} GROUP BY site
) AS last ON last.site = fresh.site
"""  # noqa: S608  # identity is one of two words of ours
    return Statement(sql=sql, parameters=span.parameters)


def fill(declaration: Declaration, level: Level, span: Span, *, number: int) -> Statement:
    """Count the window's events for one declaration, by periods of ``level``; ``number`` marks the rows."""
    texts = [field.encoded for field in declaration.fields]
    values = (*texts, "''", "''")[:2]
    keys = ", ".join(KEYS)
    sql = f"""
INSERT INTO rollups
SELECT
    events.site,
    {{dimension:String}},
    {{level:String}},
    {level.floor} AS period,
    {{fill:UInt64}},
    {keys},
    {values[0]} AS kept,
    {values[1]} AS second_kept,
    count(),
    groupBitmapState(visitors.number),
    groupBitmapState(sessions.number)
FROM (SELECT * FROM events WHERE {_WINDOW}) AS events
ANY LEFT JOIN ({_numbers("visitor")}) AS visitors ON visitors.site = events.site AND visitors.hash = events.visitor
ANY LEFT JOIN ({_numbers("session")}) AS sessions ON sessions.site = events.site AND sessions.hash = events.session
GROUP BY events.site, period, {keys}, kept, second_kept
"""  # noqa: S608  # names of our own fields only
    parameters = span.parameters | {"dimension": declaration.name, "level": level.label, "fill": number}
    return Statement(sql=sql, parameters=parameters)


def _numbers(identity: str) -> str:
    return (
        f"SELECT site, hash, number FROM {identity}_numbers"  # noqa: S608  # identity is one of two words of ours
        f" WHERE (site, hash) IN (SELECT site, {identity} FROM events WHERE {_WINDOW})"
    )


def figures(span: Span) -> Statement:
    """Of all the span's events: how many, of how many visitors and sessions; no row where there are none."""
    sql = f"SELECT count(), uniqExact(visitor), uniqExact(session) FROM events WHERE {_WINDOW} HAVING count() > 0"  # noqa: S608  # no input is in it
    return Statement(sql=sql, parameters=span.parameters)


def fingerprints(level: Level, span: Span) -> Statement:
    """Per site and period: how many events there are, and the exclusive or of their ids."""
    sql = f"""
SELECT site, toUnixTimestamp({level.floor}) AS period, count(), groupBitXor(id)
FROM events
WHERE {_WINDOW}
GROUP BY site, period
"""  # noqa: S608  # the level's own expression
    return Statement(sql=sql, parameters=span.parameters)
