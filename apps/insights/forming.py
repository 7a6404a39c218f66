"""Visits and searches as SQL: what is formed of each session's events before anything is counted.

The docstrings of ``visits`` and ``searches`` are the rules, and are printed in docs/columns.md. The site, the range and
the filters come from the compiler, as ``conditions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from apps.insights.columns import Source
from apps.insights.kinds import Scope
from apps.insights.layout import definitions, lines, table

RUN_MILLISECONDS = 30_000
"""The longest pause between two queries of one run."""

MOMENT = "moment"
"""The name of what visits and searches are ordered by."""

_SPACES = r"[\\s\\v\\p{Z}]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A dimension's value that a visit or search keeps of its events, under ``name``."""

    name: str
    value: str
    at_end: bool


def place(scope: Scope) -> str:
    """An event's place in the order of time and, within a millisecond, of arrival, as one number.

    The engine finds the first and the last event by a number in half the time that a pair takes.
    """
    return scope.define("place", "bitShiftLeft(toInt128(toUnixTimestamp64Milli(timestamp)), 64) + id")


def trimmed(scope: Scope) -> str:
    """An event's text without white space around it."""
    return scope.define("trimmed", f"replaceRegexpAll(query, '^{_SPACES}|{_SPACES}$', '')")


def visits(kept: Sequence[Kept], conditions: Sequence[str], scope: Scope) -> Iterator[str]:
    """A **visit** is all page views of one session that are in the range and fulfil the filters.

    They are ordered by time and, within a millisecond, by arrival. The visit happens when its first page view does;
    its length is the time from the first to the last. Of a session that goes on beyond an end of the range, the views
    within are the visit. Published dimensions have their value in the first page view. `eventsCount` counts page views,
    `visitorsCount` and `sessionsCount` the visitors and sessions of the visits.
    """
    at = place(scope)
    values = [f"{'argMax' if each.at_end else 'argMin'}({each.value}, {at}) AS {each.name}" for each in kept]
    figures = (
        f"min({at}) AS {MOMENT}",
        "count() AS views",
        "max(toUnixTimestamp64Milli(timestamp)) - min(toUnixTimestamp64Milli(timestamp)) AS milliseconds",
        "groupUniqArray(visitor) AS visitors",
    )
    parts = ["WITH", lines(definitions(scope)), "SELECT", lines((*values, *figures))]
    parts += ["FROM events", "WHERE", lines((*conditions, "event_type = 'page_view'"), joint=" AND")]
    yield table("visits", "\n".join((*parts, "GROUP BY session")))


def searches(kept: Sequence[Kept], conditions: Sequence[str], scope: Scope) -> Iterator[str]:
    """A **search** is a run of typed queries in one session (`search_type_query`), not every keystroke.

    Typed queries and opened results (`search_open_result`) that are in the range and fulfil the filters are looked at
    in the order of time and, within a millisecond, of arrival. Texts are compared trimmed and in lower case.

    1. A typed query without text is left out, as if it were not there.
    2. A typed query continues the run of the event before it if that is a typed query too, at most 30 seconds earlier,
       and one of the two texts begins with the other. Any other typed query begins a run.
    3. The run's query is the last one, as it was typed, but trimmed.
    4. A run is clicked if a result is opened after it and before the session's next run begins, however much later.
    5. Results that are opened before the session's first run stand for searches of their own, which are clicked: those
       of one text are one search, and its query is that of the last of them. Without text they are no search.

    The search happens when its last query is typed, and published dimensions have their value then (or when the last
    result was opened, of those by rule 5). `eventsCount` counts typed queries, `visitorsCount` and `sessionsCount` the
    visitors and sessions of typed queries and opened results.
    """
    yield table("searching", _searching(kept, conditions, scope))
    yield table("turns", _TURNS)
    yield table("runs", _RUNS)
    yield table("searches", _searches(kept))


def _searching(kept: Sequence[Kept], conditions: Sequence[str], scope: Scope) -> str:
    fields = (
        *("session", "visitor", "timestamp", place(scope)),
        *(f"{each.value} AS {each.name}" for each in kept),
        "event_type = 'search_type_query' AS is_typed",
        f"lowerUTF8({trimmed(scope)}) AS text",
    )
    looked_at = (
        *conditions,
        "event_type IN ('search_type_query', 'search_open_result')",
        "(event_type = 'search_open_result' OR text != '')",
    )
    parts = ["WITH", lines(definitions(scope)), "SELECT", lines(fields)]
    return "\n".join((*parts, "FROM events", "WHERE", lines(looked_at, joint=" AND")))


_TURNS = f"""SELECT
    *,
    is_typed AND NOT (
        lagInFrame(is_typed) OVER turn
        AND dateDiff('millisecond', lagInFrame(timestamp) OVER turn, timestamp) <= {RUN_MILLISECONDS}
        AND (startsWith(text, lagInFrame(text) OVER turn) OR startsWith(lagInFrame(text) OVER turn, text))
    ) AS begins
FROM searching
WINDOW turn AS (PARTITION BY session ORDER BY place)"""  # noqa: S608  # our own number

_RUNS = """SELECT
    *,
    sum(begins) OVER (PARTITION BY session ORDER BY place) AS run
FROM turns"""


def _searches(kept: Sequence[Kept]) -> str:
    own = "is_typed OR run = 0"
    figures = (
        "session",
        *(f"argMaxIf({each.name}, place, {own}) AS {each.name}" for each in kept),
        f"maxIf(place, {own}) AS {MOMENT}",
        "countIf(is_typed) AS typed",
        "countIf(NOT is_typed) > 0 AS clicked",
        "groupUniqArray(visitor) AS visitors",
    )
    parts = ["SELECT", lines(figures), "FROM runs", "WHERE run > 0 OR text != ''"]
    return "\n".join((*parts, "GROUP BY session, run, if(run = 0, text, '')"))


FORMED: dict[Source, Callable[[Sequence[Kept], Sequence[str], Scope], Iterator[str]]] = {
    Source.VISITS: visits,
    Source.SEARCHES: searches,
}
"""Source → the named selects that form it, for WITH; the last has the source's name and a row for each."""
