"""From a typed ``Query`` to one ClickHouse statement with bound parameters.

The only place that writes SQL over events, and the only one that adds the site's condition.
"""

from __future__ import annotations

from collections.abc import Iterable

from apps.events.store import Statement
from apps.insights.columns import Column, Dimension, Metric, Source
from apps.insights.forming import FORMED, MOMENT, Kept
from apps.insights.kinds import Scope
from apps.insights.layout import definitions, lines, table
from apps.insights.query import Filter, Operator, Order, Query

HOUR_MS = 3_600_000
_LAST_SECOND = 2**32 - 1
"""Of the engine's calendar, in seconds since 1970: the year 2106."""


def compile_query(query: Query) -> Statement:
    """The statement whose columns are those of ``query.columns``, in order, in stored form."""
    compilation = Compilation if query.source is Source.EVENTS else FormedCompilation
    return compilation(query).statement()


def readable(statement: Statement) -> str:
    """A statement for people: its SQL, then its parameters as comments."""
    parameters = (f"-- {name} = {value!r}" for name, value in statement.parameters.items())
    return "\n".join((statement.sql, *parameters)) + "\n"


class Compilation:
    """The names and parameters of one statement in the making."""

    moment = "(timestamp, id)"
    """By what the latest of a group's rows is found."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self.scope = Scope()
        self.aliases = {column: f"c{index}" for index, column in enumerate(query.columns)}

    def statement(self) -> Statement:
        parts = ["SELECT", lines(f"{self.figure(column)} AS {alias}" for column, alias in self.aliases.items())]
        conditions = (*self.conditions(), *self._in_groups())
        parts += ["FROM events", "WHERE", lines(conditions, joint=" AND"), *self.ending()]
        return Statement(sql="\n".join((*self.beginning(), *parts)), parameters=self.scope.parameters)

    def beginning(self) -> Iterable[str]:
        """WITH: what the expressions that are made by now refer to by name."""
        named = [*self.histories(), *definitions(self.scope)]
        if named:
            yield "WITH"
            yield lines(named)

    def histories(self) -> Iterable[str]:
        """What the site's events had before the range."""
        for name, (field, condition) in self.scope.histories.items():
            conditions = (self.of_site(), f"timestamp < {self.milliseconds(self.query.start)}", condition)
            yield table(name, "\n".join((f"SELECT {field}", "FROM events", "WHERE", lines(conditions, joint=" AND"))))

    def ending(self) -> Iterable[str]:
        """From GROUP BY to LIMIT."""
        query = self.query
        if query.grouped:
            yield from ("GROUP BY", lines(self.aliases[column] for column in query.grouped))
        if query.group_filters:
            yield from ("HAVING", lines((self.having(each) for each in query.group_filters), joint=" AND"))
        order = list(self.order())
        if order:
            yield from ("ORDER BY", lines(order))
        yield f"LIMIT {query.limit}"

    def metric(self, definition: Metric) -> str:
        """SQL of a group's figure."""
        return definition.figure_over(self.query.source)

    def stored(self, column: Column) -> str:
        """SQL of an event's stored value, or array of values, of a dimension."""
        definition = column.definition
        assert isinstance(definition, Dimension)  # noqa: S101  # metrics have no value in an event
        if isinstance(definition.expression, str):
            return definition.expression
        return definition.expression(column, self.query.zone, self.scope)

    def value(self, column: Column) -> str:
        """SQL of a dimension's stored value in one of the rows that are grouped: events here."""
        return self.stored(column)

    def figure(self, column: Column) -> str:
        """SQL of a column of the result: a metric, a group's key, or the value in the group's latest event."""
        definition = column.definition
        if isinstance(definition, Metric):
            return self.metric(definition)
        value = self.value(column)
        if column in self.query.grouped:
            if not definition.many:
                return value
            return f"arrayJoin(if(empty({value}), [''], {value}))" if definition.keeps_none else f"arrayJoin({value})"
        latest = f"arraySort({value})[1]" if definition.many else value
        return f"argMax(tuple({latest}), {self.moment}).1"

    def conditions(self) -> Iterable[str]:
        yield self.of_site()
        yield from self.between(self.query.start, self.query.end)
        yield from self.filters()

    def _in_groups(self) -> Iterable[str]:
        """What keeps the events that are in a group at all: only the lengths of lists are read of all others."""
        for column in self.query.grouped:
            definition = column.definition
            assert isinstance(definition, Dimension)  # noqa: S101  # resolve_query groups by dimensions
            if definition.many and not definition.keeps_none:
                yield f"notEmpty({self.stored(column)})"

    def between(self, start: int, end: int) -> Iterable[str]:
        """What keeps the events of ``start`` ≤ t < ``end``, in milliseconds since 1970.

        Their table is ordered by site and hour: only conditions on the hour spare the engine all other hours. They
        follow from those on the moment, so no row is asked for them.
        """
        yield f"timestamp >= {self.milliseconds(start)}"
        yield f"timestamp < {self.milliseconds(end)}"
        hour = "toStartOfHour(timestamp)"
        yield f"indexHint({hour} >= {self._hour(start)} AND {hour} <= {self._hour(end)})"

    def _hour(self, value: int) -> str:
        """SQL of the hour that a moment is in. The engine draws hours outside its calendar to its ends, as here."""
        second = min(max(value // HOUR_MS * 3_600, 0), _LAST_SECOND)
        return f"toDateTime({self.scope.bind('UInt32', second)}, 'UTC')"

    def of_site(self) -> str:
        """What keeps other sites' events out."""
        return f"site = {self.scope.bind('UInt32', self.query.site)}"

    def milliseconds(self, value: int) -> str:
        """SQL of the moment that is so many milliseconds after 1970."""
        return f"fromUnixTimestamp64Milli({self.scope.bind('Int64', value)}, 'UTC')"

    def filters(self) -> Iterable[str]:
        """What an event must fulfil beside being of the site and within the range."""
        for each in self.query.event_filters:
            yield self.condition(each, self.stored(each.column))

    def condition(self, each: Filter, value: str) -> str:
        """SQL that keeps the rows with such a ``value``."""
        definition = each.column.definition
        assert isinstance(definition, Dimension)  # noqa: S101  # resolve_query puts metrics elsewhere
        if each.operator.orders:
            comparison = (
                f"{value} {each.operator.symbol} {self.scope.bind(definition.kind.engine_type, each.values[0])}"
            )
            return f"({comparison} AND NOT {definition.kind.absence(value)})" if _can_be_absent(each) else comparison
        if not each.values:
            return "false" if each.operator is Operator.IN else "true"
        matches = self._any_of(value, each) if definition.many else self._one_of(value, each)
        return f"({matches})" if each.operator is Operator.IN else f"NOT ({matches})"

    def _one_of(self, value: str, each: Filter) -> str:
        definition = each.column.definition
        assert isinstance(definition, Dimension)  # noqa: S101  # as above
        return definition.kind.condition(value, each.values, self.scope)

    def _any_of(self, value: str, each: Filter) -> str:
        matches = f"hasAny({value}, {self.scope.bind('Array(String)', list(each.values))})"
        return f"{matches} OR empty({value})" if "" in each.values else matches

    def having(self, each: Filter) -> str:
        """SQL that keeps a group."""
        definition = each.column.definition
        assert isinstance(definition, Metric)  # noqa: S101  # resolve_query puts dimensions elsewhere
        figure = self.metric(definition)
        if each.operator.orders:
            return f"{figure} {each.operator.symbol} {self.scope.bind(definition.engine_type, each.values[0])}"
        if not each.values:
            return "false" if each.operator is Operator.IN else "true"
        negation = "" if each.operator is Operator.IN else "NOT "
        return f"{figure} {negation}IN {self.scope.bind(f'Array({definition.engine_type})', list(each.values))}"

    def order(self) -> Iterable[str]:
        """ORDER BY items: what was asked for, then the grouped columns; no value comes last in both directions."""
        if not self.query.grouped:
            return
        if self.query.order:
            yield from self._order_items(self.query.order)
        for column in self.query.grouped:
            if self.query.order is None or column != self.query.order.column:
                yield from self._order_items(Order(column=column, descending=False))

    def _order_items(self, order: Order) -> Iterable[str]:
        alias = self.aliases.get(order.column) or f"({self.figure(order.column)})"
        definition = order.column.definition
        direction = " DESC" if order.descending else ""
        if isinstance(definition, Metric):
            yield (alias if definition.is_number else definition.balance.format(alias=alias)) + direction
            return
        if definition.kind.can_be_absent:
            yield definition.kind.absence(alias)
        for expression in definition.kind.order(alias):
            yield expression + direction


class FormedCompilation(Compilation):
    """Forms visits or searches of events, which keep the values that are asked for, and groups these."""

    moment = MOMENT

    def __init__(self, query: Query) -> None:
        super().__init__(query)
        ordered = (query.order.column,) if query.order else ()
        asked = (*query.columns, *ordered, *(each.column for each in query.row_filters))
        dimensions = dict.fromkeys(each for each in asked if isinstance(each.definition, Dimension))
        self.kept = {column: f"v{index}" for index, column in enumerate(dimensions)}

    def statement(self) -> Statement:
        source = self.query.source
        parts = ["WITH", lines(FORMED[source](list(self._kept()), list(self.conditions()), self.scope))]
        parts += ["SELECT", lines(f"{self.figure(column)} AS {alias}" for column, alias in self.aliases.items())]
        parts.append(f"FROM {source.value}")
        if self.query.row_filters:
            filters = (self.condition(each, self.value(each.column)) for each in self.query.row_filters)
            parts += ["WHERE", lines(filters, joint=" AND")]
        return Statement(sql="\n".join((*parts, *self.ending())), parameters=self.scope.parameters)

    def value(self, column: Column) -> str:
        return self.kept[column]

    def _kept(self) -> Iterable[Kept]:
        for column, name in self.kept.items():
            definition = column.definition
            assert isinstance(definition, Dimension)  # noqa: S101  # as above
            yield Kept(name=name, value=self.stored(column), at_end=definition.at_end)


def _can_be_absent(each: Filter) -> bool:
    definition = each.column.definition
    return isinstance(definition, Dimension) and definition.kind.can_be_absent
