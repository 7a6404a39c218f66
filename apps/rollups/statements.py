"""The statements that number visitors and count periods; all sites at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.events.store import Statement
from apps.rollups.declarations import DECLARATIONS, KEYS, TOTALS, Declaration
from apps.rollups.periods import Level, floor

IDENTITIES = ("visitor", "session")
"""What is numbered: fields of the event, and of the tables of their numbers."""

_OF_COLUMNS = tuple(each for each in DECLARATIONS.values() if each is not TOTALS)

_WINDOW = (
    "site IN {sites:Array(UInt32)}"
    " AND timestamp >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')"
    " AND timestamp < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
    " AND indexHint(toStartOfHour(timestamp) >= toDateTime({first_hour:UInt32}, 'UTC')"
    " AND toStartOfHour(timestamp) <= toDateTime({last_hour:UInt32}, 'UTC'))"
    " AND id <= {through:UInt64}"
)
"""The events of a span. The table is ordered by site and hour: only conditions on the hour spare the others."""


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
            "first_hour": int(floor(Level.HOUR, self.start).timestamp()),
            "last_hour": int(floor(Level.HOUR, self.end).timestamp()),
            "through": self.through,
        }


def number(identity: str, span: Span) -> Statement:
    """Give a number to each visitor (or session: ``identity``) of the span that has none, in order of arrival.

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


def count(level: Level, span: Span, *, fill: int) -> Statement:
    """Count the span's events for all declarations, by periods of ``level``; ``fill`` marks the rows.

    Days bring the hours of the declarations that keep them.
    """
    fields = ", ".join(dict.fromkeys(field.name for each in DECLARATIONS.values() for field in each.fields))
    kept = [_kept(each, level) for each in DECLARATIONS.values()]
    if level is Level.DAY:
        kept += [_kept(each, Level.HOUR) for each in DECLARATIONS.values() if each.hourly]
    keys = ", ".join(KEYS)
    present = " + ".join(f"bitShiftLeft(toUInt32({_has_value(each)}), {each.bit})" for each in _OF_COLUMNS)
    same_keys = " AND ".join(f"shape.{key} = events.{key}" for key in KEYS)
    sql = f"""
INSERT INTO rollups
SELECT
    site,
    kept.1 AS dimension,
    kept.2 AS kept_level,
    kept.3 AS period,
    {{fill:UInt64}},
    {keys},
    kept.4 AS kept_value,
    kept.5 AS second_value,
    if(dimension = '', any(present), 0),
    count(),
    groupBitmapState(visitor_number),
    groupBitmapStateIf(session_number, kept.6)
FROM (
    SELECT
        events.site AS site,
        {", ".join(f"events.{key} AS {key}" for key in KEYS)},
        shape.present AS present,
        visitors.number AS visitor_number,
        sessions.number AS session_number,
        arrayJoin(arrayFilter(each -> each.7, [{", ".join(kept)}])) AS kept
    FROM (
        SELECT site, timestamp, {level.floor} AS period, visitor, session, {keys}, {fields}
        FROM events
        WHERE {_WINDOW}
    ) AS events
    ANY LEFT JOIN ({_numbers("visitor")}) AS visitors ON visitors.site = events.site AND visitors.hash = events.visitor
    ANY LEFT JOIN ({_numbers("session")}) AS sessions ON sessions.site = events.site AND sessions.hash = events.session
    ANY LEFT JOIN (
        SELECT site, {level.floor} AS period, {keys}, groupBitOr({present}) AS present
        FROM events
        WHERE {_WINDOW}
        GROUP BY site, period, {keys}
    ) AS shape ON shape.site = events.site AND shape.period = events.period AND {same_keys}
)
GROUP BY site, dimension, kept_level, period, {keys}, kept_value, second_value
"""  # noqa: S608  # names of our own fields only
    return Statement(sql=sql, parameters=span.parameters | {"fill": fill})


def _kept(declaration: Declaration, level: Level) -> str:
    """What an event adds a count to, as a tuple: dimension, level, period, two texts, with sessions, at all."""
    first, second = declaration.encoded
    at_all = "true" if declaration is TOTALS else f"bitTest(shape.present, {declaration.bit})"
    with_sessions = "true" if declaration.sessions else "false"
    return f"('{declaration.name}', '{level.label}', {level.floor}, {first}, {second}, {with_sessions}, {at_all})"


def _has_value(declaration: Declaration) -> str:
    tests = (f"{field.encoded} != '{field.absent}'" for field in declaration.fields)
    return f"({' OR '.join(tests)})"


def _numbers(identity: str) -> str:
    return (
        f"SELECT site, hash, number FROM {identity}_numbers"  # noqa: S608  # identity is one of two words of ours
        f" WHERE (site, hash) IN (SELECT site, {identity} FROM events WHERE {_WINDOW})"
    )


def merge(month: datetime, days: Sequence[tuple[int, datetime, int]], *, fill: int) -> Statement:
    """Count a month as the sum of ``days``: site, start, and the filling whose rows count.

    A column that has values on some days only takes the other days from the totals.
    """
    keys = ", ".join(KEYS)
    columns = ", ".join(f"('{each.name}', {each.bit}, '{each.absent[0]}', '{each.absent[1]}')" for each in _OF_COLUMNS)
    without = ", ".join(f"'{each.name}'" for each in _OF_COLUMNS if not each.sessions)
    of_days = """site IN {sites:Array(UInt32)} AND level = 'day'
            AND start >= toDateTime({first:UInt32}, 'UTC') AND start <= toDateTime({last:UInt32}, 'UTC')
            AND (site, toUnixTimestamp(start), fill) IN (
                SELECT arrayJoin(arrayZip({sites:Array(UInt32)}, {days:Array(UInt32)}, {fills:Array(UInt64)}))
            )"""
    sql = f"""
INSERT INTO rollups
SELECT
    site,
    name,
    'month',
    toDateTime({{month:UInt32}}, 'UTC'),
    {{fill:UInt64}},
    {keys},
    text,
    second_text,
    groupBitOr(has),
    sum(number),
    groupBitmapMergeState(visitor_state),
    groupBitmapMergeStateIf(session_state, name NOT IN ({without}))
FROM (
    SELECT site, {keys}, dimension AS name, value AS text, second_value AS second_text, present AS has,
        events AS number, visitors AS visitor_state, sessions AS session_state
    FROM rollups
    WHERE {of_days}
    UNION ALL
    SELECT totals.site AS site, {keys}, absent.1 AS name, absent.3 AS text, absent.4 AS second_text, 0 AS has,
        number, visitor_state, session_state
    FROM (
        SELECT site, {keys}, present, events AS number, visitors AS visitor_state, sessions AS session_state
        FROM rollups
        WHERE dimension = '' AND {of_days}
    ) AS totals
    INNER JOIN (
        SELECT site, {keys}, groupBitOr(present) AS whole FROM rollups WHERE dimension = '' AND {of_days}
        GROUP BY site, {keys}
    ) AS months USING (site, {keys})
    ARRAY JOIN arrayFilter(
        each -> bitTest(whole, each.2) AND NOT bitTest(present, each.2), [{columns}]
    ) AS absent
)
GROUP BY site, name, {keys}, text, second_text
"""  # noqa: S608  # names of our own fields only
    seconds = [int(start.timestamp()) for _site, start, _fill in days]
    parameters = {
        "month": int(month.timestamp()),
        "first": min(seconds),
        "last": max(seconds),
        "sites": [site for site, _start, _fill in days],
        "days": seconds,
        "fills": [used for _site, _start, used in days],
        "fill": fill,
    }
    return Statement(sql=sql, parameters=parameters)


def arrivals(after: int, until: int) -> Statement:
    """Per site and hour: the greatest id of the events with ids beyond ``after`` up to ``until``."""
    return Statement(
        sql="SELECT site, toUnixTimestamp(toStartOfHour(timestamp)) AS hour, max(id) FROM events"
        " WHERE id > {after:UInt64} AND id <= {until:UInt64} GROUP BY site, hour ORDER BY site, hour",
        parameters={"after": after, "until": until},
    )


COUNTS = f"cityHash64({', '.join(KEYS)}, first_value, second_value, number, visitors, sessions)"
"""A hash of what is counted of one value; the exclusive or of all is that of a period."""


def figures(declaration: Declaration, level: Level, span: Span) -> Statement:
    """What a declaration's counts of the span must be: start of each period (seconds since 1970), figures, and hash.

    The figures: events, visitors, and sessions, of which there are 0 where they are not kept.
    """
    keys = ", ".join(KEYS)
    first, second = declaration.encoded
    sql = f"""
SELECT period, sum(number), uniqExactMerge(visitor_state), uniqExactMerge(session_state), groupBitXor({COUNTS})
FROM (
    SELECT
        toUnixTimestamp({level.floor}) AS period,
        {keys},
        {first} AS first_value,
        {second} AS second_value,
        count() AS number,
        uniqExactState(visitor) AS visitor_state,
        uniqExactStateIf(session, {str(declaration.sessions).lower()}) AS session_state,
        finalizeAggregation(visitor_state) AS visitors,
        finalizeAggregation(session_state) AS sessions
    FROM events
    WHERE {_WINDOW}
    GROUP BY period, {keys}, first_value, second_value
)
GROUP BY period
"""  # noqa: S608  # names of our own fields only
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


def given_twice(identity: str) -> Statement:
    """How many visitors (or sessions) have two numbers, and how many numbers have two of them: both must be 0."""
    sql = (
        "SELECT (SELECT count() FROM (SELECT 1 FROM {table} GROUP BY site, hash HAVING count() > 1)),"
        " (SELECT count() FROM (SELECT 1 FROM {table} GROUP BY site, number HAVING count() > 1))"
    )
    return Statement(sql=sql.format(table=f"{identity}_numbers"))
