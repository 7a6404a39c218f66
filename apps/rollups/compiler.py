"""One statement over prepared periods and the events that they do not hold."""

from __future__ import annotations

from collections.abc import Iterable

from apps.events.ids import time_of
from apps.events.store import Statement
from apps.insights.columns import Column, Metric
from apps.insights.compiler import Compilation
from apps.insights.layout import lines
from apps.insights.query import Query
from apps.rollups.coverage import SESSIONS, VISITORS, Coverage, Group, metrics_of
from apps.rollups.declarations import KEYS, TOTALS

_ARRIVAL_SECONDS = 3_600
"""Far more than the moment in an event's id may be ahead of the one at which it was received."""


class PreparedCompilation(Compilation):
    """Groups prepared rows and events alike into events, visitors and sessions, then merges the two.

    Prepared rows hold numbers of visitors and sessions. Those of the events are looked up; who has none yet is in
    no prepared row, and is counted by hash.
    """

    def __init__(self, query: Query, coverage: Coverage) -> None:
        super().__init__(query)
        self.coverage = coverage
        metrics = metrics_of(query)
        self.identities = [identity for name, identity in _IDENTITIES.items() if name in metrics]

    def metric(self, definition: Metric) -> str:
        return definition.prepared

    def statement(self) -> Statement:
        rest = self._rest()
        sources = [self._prepared(), self._of_events()]
        parts = ["WITH rest AS MATERIALIZED", "(", rest, ")"]
        parts += ["SELECT", lines(f"{self._answer(column)} AS {alias}" for column, alias in self.aliases.items())]
        parts += ["FROM", "(", "\nUNION ALL\n".join(sources), ")", *self.ending()]
        parts.append("SETTINGS enable_materialized_cte = 1")
        return Statement(sql="\n".join(parts), parameters=self.scope.parameters)

    def _answer(self, column: Column) -> str:
        definition = column.definition
        return self.metric(definition) if isinstance(definition, Metric) else self.aliases[column]

    def _grouped(self, source: str, figures: Iterable[str], filters: Iterable[str]) -> str:
        """A source's rows by the question's groups: keys and figures."""
        keys = [f"{self.stored(column)} AS {self.aliases[column]}" for column in self.query.grouped]
        conditions = list(filters)
        parts = ["SELECT", lines((*keys, *figures)), f"FROM {source} AS source"]
        if conditions:
            parts += ["WHERE", lines(conditions, joint=" AND")]
        if self.query.grouped:
            parts += ["GROUP BY", lines(self.aliases[column] for column in self.query.grouped)]
        return "\n".join((*self.beginning(), *parts))

    def _prepared(self) -> str:
        figures = ["sum(source.count) AS events"]
        for identity in self.identities:
            figures.append(f"groupBitmapMergeState(source.{identity}_state) AS {identity}s")
            figures.append(f"uniqExactStateIf(toUInt64(0), false) AS new_{identity}s")
        return self._grouped(f"({self._counted()})", figures, self.filters())

    def _counted(self) -> str:
        """The prepared rows that count, with the names of an event's fields.

        Where a column has no value at all, its rows are those of the totals. All levels are read at once: planning
        a read takes the engine longer than most reads.
        """
        bind = self.scope.bind
        declaration = self.coverage.declaration
        fields = []
        for field, text in zip(declaration.fields, ("value", "second_value"), strict=False):
            value = field.decoded(f"if(dimension = '', '{field.absent}', {text})")
            fields.append(f"{value} AS {field.name}")
        kept = f"dimension = {bind('String', declaration.name)}"
        if declaration is not TOTALS:
            kept = f"dimension IN ('', {bind('String', declaration.name)})"
            kept += f" AND (dimension != '' OR NOT bitTest(present, {declaration.bit}))"
        states = [f"{identity}s AS {identity}_state" for identity in self.identities]
        columns = (*KEYS, *fields, "toDateTime64(start, 3, 'UTC') AS timestamp", "events AS count", *states)
        groups = " OR ".join(f"({self._of_group(group)})" for group in self.coverage.groups)
        return (
            f"SELECT {', '.join(columns)} FROM rollups"  # noqa: S608  # our own names
            f" WHERE site = {bind('UInt32', self.query.site)} AND {kept} AND ({groups})"
        )

    def _of_group(self, group: Group) -> str:
        """Which rows of a group's periods count: those of the filling that the record names."""
        bind = self.scope.bind
        record = "toUnixTimestamp(start)" if group.rows is group.records else "toUnixTimestamp(toStartOfDay(start))"
        # A hash table of the starts: a search through a year of hours for each row would take longer than all the rest.
        starts, fills = bind("Array(UInt32)", group.starts), bind("Array(UInt64)", [each.fill for each in group.used])
        runs = " OR ".join(
            f"start >= toDateTime({bind('UInt32', start // 1000)}, 'UTC')"
            f" AND start < toDateTime({bind('UInt32', end // 1000)}, 'UTC')"
            for start, end in group.runs
        )
        return (
            f"level = '{group.rows.label}' AND ({runs}) AND fill = transform({record}, {starts}, {fills}, toUInt64(0))"
        )

    def _of_events(self) -> str:
        """The events that no prepared row holds, with numbers for their visitors and sessions."""
        figures = ["count() AS events"]
        joins = []
        for identity in self.identities:
            number, of = f"{identity}_number", f"{identity}_numbers"
            figures.append(f"groupBitmapStateIf(source.{number}, source.{number} > 0) AS {identity}s")
            figures.append(f"uniqExactStateIf(source.{identity}, source.{number} = 0) AS new_{identity}s")
            joins.append(
                f"ANY LEFT JOIN (SELECT hash AS {identity}_hash, number AS {number} FROM {of}"  # noqa: S608  # one of two words of ours
                f" WHERE site = {self.scope.bind('UInt32', self.query.site)}"
                f" AND hash IN (SELECT {identity} FROM rest)) AS {of} ON {of}.{identity}_hash = rest.{identity}"
            )
        source = "({})".format("\n".join(("SELECT *", "FROM rest", *joins))) if self.identities else "rest"
        return self._grouped(source, figures, ())

    def _rest(self) -> str:
        fields = [field.name for field in self.coverage.declaration.fields]
        columns = ", ".join((*KEYS, *fields, "timestamp", *self.identities))
        rows = " UNION ALL ".join(f"SELECT {columns} FROM events WHERE {condition}" for condition in self._left())  # noqa: S608  # our own names
        filters = list(self.filters())
        parts = [*self.beginning(), f"SELECT * FROM ({rows}) AS source"]  # noqa: S608  # as above
        if filters:
            parts += ["WHERE", lines(filters, joint=" AND")]
        return "\n".join(parts)

    def _left(self) -> Iterable[str]:
        """Conditions of the ranges that no period covers, and of what came into covered ones after they were filled."""
        bind, coverage = self.scope.bind, self.coverage
        site = f"site = {bind('UInt32', self.query.site)}"
        uncovered = " OR ".join(f"({self._between(start, end)})" for start, end in coverage.rest)
        if uncovered:
            yield f"{site} AND ({uncovered})"
        noted = bind("UInt64", coverage.noted)
        # Parts of the table know when their events were received: most need not be looked at.
        since = max(int(time_of(coverage.noted).timestamp()) - _ARRIVAL_SECONDS, 0)
        yield (
            f"{site} AND {self._between(self.query.start, self.query.end)}"
            f" AND received >= toDateTime({bind('UInt32', since)}, 'UTC') AND id > {noted}"
            + (f" AND NOT ({uncovered})" if uncovered else "")
        )
        for group in coverage.groups:
            late = [each for each in group.used if each.is_late]
            if late:
                starts = bind("Array(UInt32)", [int(each.period.start.timestamp()) for each in late])
                place = f"indexOf({starts}, toUnixTimestamp({group.records.floor}))"
                through = [each.through for each in late]
                yield (
                    f"{site} AND {self._between(late[0].start, late[-1].end)}"
                    f" AND id > {bind('UInt64', min(through))} AND id <= {noted}"
                    f" AND {place} > 0 AND id > {bind('Array(UInt64)', through)}[{place}]"
                )

    def _between(self, start: int, end: int) -> str:
        return " AND ".join(self.between(start, end))


_IDENTITIES = {VISITORS: "visitor", SESSIONS: "session"}


def compile_prepared(query: Query, coverage: Coverage) -> Statement:
    """The statement that answers ``query`` from ``coverage``; its columns are those of ``compile_query``."""
    return PreparedCompilation(query, coverage).statement()
