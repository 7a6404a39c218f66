"""One statement over prepared periods and the events that they do not hold."""

from __future__ import annotations

from collections.abc import Iterable

from apps.events.store import Statement
from apps.insights.columns import Column, Metric
from apps.insights.compiler import Compilation, lines
from apps.insights.query import Query
from apps.rollups.coverage import Coverage, Group
from apps.rollups.declarations import KEYS

_FIRST_UNNUMBERED = 2**31
"""Visitors that have no number yet are given one from here on, for the length of a statement."""


class PreparedCompilation(Compilation):
    """Groups prepared rows and events alike into events, visitors and sessions, then merges the two."""

    def __init__(self, query: Query, coverage: Coverage) -> None:
        super().__init__(query)
        self.coverage = coverage

    def metric(self, definition: Metric) -> str:
        return definition.prepared

    def statement(self) -> Statement:
        sources = [self._prepared(), self._of_events()]
        parts = ["SELECT", lines(f"{self._answer(column)} AS {alias}" for column, alias in self.aliases.items())]
        parts += ["FROM", "(", "\nUNION ALL\n".join(sources), ")", *self.ending()]
        return Statement(sql="\n".join(parts), parameters=self.scope.parameters)

    def _answer(self, column: Column) -> str:
        definition = column.definition
        return self.metric(definition) if isinstance(definition, Metric) else self.aliases[column]

    def _grouped(self, source: str, events: str, visitors: str, sessions: str) -> str:
        """A source's rows by the question's groups: keys, number of events, and states."""
        keys = [f"{self.stored(column)} AS {self.aliases[column]}" for column in self.query.grouped]
        figures = (f"{events} AS events", f"{visitors} AS visitors", f"{sessions} AS sessions")
        filters = list(self.filters())
        parts = ["SELECT", lines((*keys, *figures)), f"FROM ({source}) AS source"]
        if filters:
            parts += ["WHERE", lines(filters, joint=" AND")]
        if self.query.grouped:
            parts += ["GROUP BY", lines(self.aliases[column] for column in self.query.grouped)]
        return "\n".join((*self.beginning(), *parts))

    def _prepared(self) -> str:
        return self._grouped(
            "\nUNION ALL\n".join(self._counted(group) for group in self.coverage.groups),
            "sum(source.count)",
            "groupBitmapMergeState(source.visitor_state)",
            "groupBitmapMergeState(source.session_state)",
        )

    def _counted(self, group: Group) -> str:
        """The prepared rows of a group of periods, with the names of an event's fields."""
        bind = self.scope.bind
        texts = ("value", "second_value")
        fields = [
            f"{field.decoded(text)} AS {field.name}"
            for field, text in zip(self.coverage.declaration.fields, texts, strict=False)
        ]
        columns = (
            *KEYS,
            *fields,
            "toDateTime64(start, 3, 'UTC') AS timestamp",
            "events AS count",
            "visitors AS visitor_state",
            "sessions AS session_state",
        )
        record = "toUnixTimestamp(start)" if group.rows is group.records else "toUnixTimestamp(toStartOfDay(start))"
        place = f"indexOf({bind('Array(UInt32)', group.starts)}, {record})"
        return (
            f"SELECT {', '.join(columns)} FROM rollups WHERE site = {bind('UInt32', self.query.site)}"  # noqa: S608  # our own names
            f" AND dimension = {bind('String', self.coverage.declaration.name)} AND level = '{group.rows.label}'"
            f" AND start >= toDateTime({bind('UInt32', group.used[0].start // 1000)}, 'UTC')"
            f" AND start < toDateTime({bind('UInt32', group.used[-1].end // 1000)}, 'UTC')"
            f" AND {place} > 0 AND fill = {bind('Array(UInt64)', [each.fill for each in group.used])}[{place}]"
        )

    def _of_events(self) -> str:
        """The events that no prepared row holds, with numbers for their visitors and sessions."""
        events = self._rest()
        numbered = (
            f"SELECT * FROM ({events}) AS event"  # noqa: S608  # our own names
            f" ANY LEFT JOIN ({self._numbers('visitor', events)}) AS v ON v.visitor_hash = event.visitor"
            f" ANY LEFT JOIN ({self._numbers('session', events)}) AS s ON s.session_hash = event.session"
        )
        return self._grouped(
            numbered,
            "count()",
            "groupBitmapState(source.visitor_number)",
            "groupBitmapState(source.session_number)",
        )

    def _rest(self) -> str:
        fields = [field.name for field in self.coverage.declaration.fields]
        columns = ", ".join((*KEYS, *fields, "timestamp", "visitor", "session"))
        branches = [f"SELECT {columns} FROM events WHERE {condition}" for condition in self._left()]  # noqa: S608  # our own names
        return " UNION ALL ".join(branches)

    def _left(self) -> Iterable[str]:
        """Conditions of the ranges that no period covers, and of what came into covered ones after they were filled."""
        bind = self.scope.bind
        site = f"site = {bind('UInt32', self.query.site)}"
        for start, end in self.coverage.rest:
            yield f"{site} AND {self._between(start, end)}"
        for group in self.coverage.groups:
            place = f"indexOf({bind('Array(UInt32)', group.starts)}, toUnixTimestamp({group.records.floor}))"
            through = [each.through for each in group.used]
            yield (
                f"{site} AND {self._between(group.used[0].start, group.used[-1].end)}"
                f" AND id > {bind('UInt64', min(through))}"
                f" AND {place} > 0 AND id > {bind('Array(UInt64)', through)}[{place}]"
            )

    def _between(self, start: int, end: int) -> str:
        bind = self.scope.bind
        return (
            f"timestamp >= fromUnixTimestamp64Milli({bind('Int64', start)}, 'UTC')"
            f" AND timestamp < fromUnixTimestamp64Milli({bind('Int64', end)}, 'UTC')"
        )

    def _numbers(self, identity: str, events: str) -> str:
        """Hash and number of every visitor (or session) among ``events``."""
        site = self.scope.bind("UInt32", self.query.site)
        known = (
            f"SELECT hash, number FROM {identity}_numbers"  # noqa: S608  # one of two words of ours
            f" WHERE site = {site} AND hash IN (SELECT {identity} FROM ({events}))"
        )
        return (
            f"SELECT found.{identity} AS {identity}_hash, if(known.number > 0, known.number,"  # noqa: S608  # as above
            f" toUInt32({_FIRST_UNNUMBERED} + row_number() OVER ())) AS {identity}_number"
            f" FROM (SELECT DISTINCT {identity} FROM ({events})) AS found"
            f" ANY LEFT JOIN ({known}) AS known ON known.hash = found.{identity}"
        )


def compile_prepared(query: Query, coverage: Coverage) -> Statement:
    """The statement that answers ``query`` from ``coverage``; its columns are those of ``compile_query``."""
    return PreparedCompilation(query, coverage).statement()
