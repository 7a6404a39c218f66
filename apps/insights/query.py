"""From the published JSON to a typed ``Query``: names become objects here, or the question is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.zones import find_zone
from apps.insights.catalog import ALL_COLUMNS, CATALOG, COLUMNS, DEFAULT_METRICS
from apps.insights.columns import Column, Dimension, Metric, Source
from apps.insights.errors import QueryError, quoted
from apps.insights.kinds import Json, read_integer, read_number
from apps.insights.moments import PRESETS, Interval, ceil_milliseconds, parse_timestamp
from apps.insights.sources import Used, source_of

MAX_COLUMNS = 60
MAX_FILTERS = 100
MAX_VALUES = 10_000
MAX_LIMIT = 1_000


class Operator(Enum):
    """How a filter compares; ``symbol`` is the engine's, for those that order."""

    IN = "in", ""
    NOT_IN = "notIn", ""
    GREATER = "greaterThan", ">"
    GREATER_OR_EQUAL = "greaterThanOrEqual", ">="
    LESS = "lessThan", "<"
    LESS_OR_EQUAL = "lessThanOrEqual", "<="

    def __init__(self, published: str, symbol: str) -> None:
        self.published = published
        self.symbol = symbol

    @property
    def orders(self) -> bool:
        return bool(self.symbol)


Known = Mapping[str, Dimension | Metric]
"""The columns that may be named, by name."""

OPERATORS = {operator.published: operator for operator in Operator}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition on events or visits (a dimension) or on groups (a metric); ``values`` are in stored form."""

    column: Column
    operator: Operator
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """By what the rows are ordered first."""

    column: Column
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question that can be answered: nothing in it is a name any more.

    ``start`` and ``end`` are milliseconds since 1970, half-open; ``columns`` are the answer's, in order.
    ``event_filters`` keep or drop events, ``row_filters`` the visits or searches that are formed of these.
    ``asked`` is the body that it was made of, for the log.
    """

    site: int
    start: int
    end: int
    zone: ZoneInfo
    columns: tuple[Column, ...]
    grouped: tuple[Column, ...]
    event_filters: tuple[Filter, ...]
    group_filters: tuple[Filter, ...]
    order: Order | None
    limit: int
    source: Source = Source.EVENTS
    row_filters: tuple[Filter, ...] = ()
    asked: Json = field(default=None, compare=False, repr=False)


def resolve_query(body: Json, *, site: int, now: datetime, internal: bool = False) -> Query:
    """The ``Query`` that a request body means; raises ``QueryError`` with the dotted place of the first fault.

    Internal columns may be named only with ``internal``.
    """
    known = ALL_COLUMNS if internal else COLUMNS
    if not isinstance(body, dict):
        raise QueryError("expected an object", path="body")
    zone = _zone(body)
    start, end = _range(body, zone=zone, now=now)
    named = _columns(body, "groupBy", known)
    grouped = _unique(named)
    for index, column in enumerate(named):
        if isinstance(column.definition, Metric):
            raise QueryError("a metric cannot be grouped by", path=f"body.groupBy.{index}.column")
    shown = selected = _columns(body, "select", known)
    bare = Column(CATALOG["datetime"])
    if not grouped:
        grouped = _unique(column for column in selected if isinstance(column.definition, Dimension))
    names_bare = bare in grouped
    grouped = _unique(_day_by_default(column) for column in grouped)

    def meant(column: Column) -> Column:
        return _day_by_default(column) if names_bare else column

    selected = _unique(meant(column) for column in selected) or DEFAULT_METRICS
    filters = _filters(body, known)
    order = _order(body, meant, known)
    source = source_of(_used(named, shown, filters, order))
    return Query(
        site=site,
        start=start,
        end=end,
        zone=zone,
        columns=(*(column for column in grouped if column not in selected), *selected),
        grouped=grouped,
        event_filters=tuple(each for each in filters if _is_of_events(each.column, source)),
        row_filters=tuple(each for each in filters if _is_of_rows(each.column, source)),
        group_filters=tuple(each for each in filters if isinstance(each.column.definition, Metric)),
        order=order or _default_order(grouped, selected),
        limit=read_integer(body.get("limit", MAX_LIMIT), path="body.limit", minimum=1, maximum=MAX_LIMIT),
        source=source,
        asked=body,
    )


def _used(
    grouped: Iterable[Column], selected: Iterable[Column], filters: Iterable[Filter], order: Order | None
) -> Iterator[Used]:
    """Every column of a body with its place."""
    for key, columns in (("groupBy", grouped), ("select", selected)):
        for index, column in enumerate(columns):
            yield Used(column.definition, f"body.{key}.{index}.column")
    for index, each in enumerate(filters):
        yield Used(each.column.definition, f"body.where.{index}.column", filters=True)
    if order:
        yield Used(order.column.definition, "body.order.by.column")


def _is_of_events(column: Column, source: Source) -> bool:
    return isinstance(column.definition, Dimension) and not _is_of_rows(column, source)


def _is_of_rows(column: Column, source: Source) -> bool:
    """Whether it is a property of what ``source`` forms of events."""
    definition = column.definition
    return isinstance(definition, Dimension) and definition.source is source is not Source.EVENTS


def _unique(columns: Any) -> tuple[Column, ...]:
    return tuple(dict.fromkeys(columns))


def _day_by_default(column: Column) -> Column:
    if column.name == "datetime" and column.argument is None:
        return Column(column.definition, Interval.DAY)
    return column


def _list(body: Mapping[str, Json], key: str, *, limit: int) -> list[Json]:
    items = body.get(key, [])
    if not isinstance(items, list):
        raise QueryError("expected a list", path=f"body.{key}")
    if len(items) > limit:
        raise QueryError(f"expected at most {limit} items", path=f"body.{key}")
    return items


def _columns(body: Mapping[str, Json], key: str, known: Known) -> tuple[Column, ...]:
    items = _list(body, key, limit=MAX_COLUMNS)
    return tuple(resolve_column(item, known, path=f"body.{key}.{index}") for index, item in enumerate(items))


def resolve_column(item: Json, known: Known, *, path: str) -> Column:
    """The one of the ``known`` columns that ``{"column": …, …}`` means."""
    definition = _definition(item, known, path=path)
    return Column(definition, definition.arguments_from(item, path=path))


def _definition(item: Json, known: Known, *, path: str) -> Dimension | Metric:
    if not isinstance(item, dict):
        raise QueryError("expected an object with a column", path=path)
    if "column" not in item:
        raise QueryError("required", path=f"{path}.column")
    name = item["column"]
    definition = known.get(name) if isinstance(name, str) else None
    if definition is None:
        raise QueryError("expected the name of a column", path=f"{path}.column")
    return definition


def _filters(body: Mapping[str, Json], known: Known) -> tuple[Filter, ...]:
    items = _list(body, "where", limit=MAX_FILTERS)
    return tuple(_filter(item, known, path=f"body.where.{index}") for index, item in enumerate(items))


def _filter(item: Json, known: Known, *, path: str) -> Filter:
    definition = _definition(item, known, path=path)
    column = _filter_column(definition, item, path=path)
    if isinstance(definition, Metric) and not definition.is_number:
        raise QueryError("this metric is an object: it cannot be filtered by", path=f"{path}.column")
    operator = _operator(item, path=path)
    values = item.get("values")
    if not isinstance(values, list):
        raise QueryError("required: a list of values", path=f"{path}.values")
    if len(values) > MAX_VALUES:
        raise QueryError(f"expected at most {MAX_VALUES} values", path=f"{path}.values")
    if operator.orders:
        _check_comparison(definition, values, path=path)
    return Filter(
        column=column,
        operator=operator,
        values=tuple(
            _value(definition, value, path=f"{path}.values.{index}", operator=operator)
            for index, value in enumerate(values)
        ),
    )


def _filter_column(definition: Dimension | Metric, item: Json, *, path: str) -> Column:
    """A filter's column: only a required argument matters there."""
    if definition.argument is None or not definition.argument.required:
        return Column(definition)
    return Column(definition, definition.arguments_from(item, path=path))


def _operator(item: Mapping[str, Json], *, path: str) -> Operator:
    name = item.get("operator", Operator.IN.published)
    operator = OPERATORS.get(name) if isinstance(name, str) else None
    if operator is None:
        raise QueryError(f"expected one of {quoted(OPERATORS)}", path=f"{path}.operator")
    return operator


def _check_comparison(definition: Dimension | Metric, values: list[Json], *, path: str) -> None:
    if isinstance(definition, Dimension) and not definition.kind.comparable:
        raise QueryError("this column has no order to compare by: use in or notIn", path=f"{path}.operator")
    if len(values) != 1:
        raise QueryError("a comparison takes exactly one value", path=f"{path}.values")


def _value(definition: Dimension | Metric, value: Json, *, path: str, operator: Operator) -> Any:
    if definition.kind is None:
        return read_number(value, path=path)
    if operator.orders:
        return definition.kind.read_bound(value, symbol=operator.symbol, path=path)
    return definition.kind.parse(value, path=path)


def _order(body: Mapping[str, Json], meant: Any, known: Known) -> Order | None:
    if "order" not in body:
        return None
    order = body["order"]
    if not isinstance(order, dict):
        raise QueryError("expected an object with by and direction", path="body.order")
    for key in ("by", "direction"):
        if key not in order:
            raise QueryError("required", path=f"body.order.{key}")
    column = meant(resolve_column(order["by"], known, path="body.order.by"))
    if order["direction"] not in ("asc", "desc"):
        raise QueryError("expected one of asc, desc", path="body.order.direction")
    return Order(column=column, descending=order["direction"] == "desc")


def _default_order(grouped: tuple[Column, ...], columns: tuple[Column, ...]) -> Order | None:
    for column in grouped:
        if column.name == "datetime":
            return Order(column=column, descending=False)
    for column in columns:
        if isinstance(column.definition, Metric):
            return Order(column=column, descending=True)
    return None


def _zone(body: Mapping[str, Json]) -> ZoneInfo:
    if "timezone" not in body:
        return ZoneInfo("UTC")
    zone = find_zone(body["timezone"])
    if zone is None:
        raise QueryError("expected the IANA name of a time zone", path="body.timezone")
    return zone


def _range(body: Mapping[str, Json], *, zone: ZoneInfo, now: datetime) -> tuple[int, int]:
    if "range" not in body:
        raise QueryError("required", path="body.range")
    given = body["range"]
    if isinstance(given, str) and given in PRESETS:
        now = now.astimezone(UTC)
        return ceil_milliseconds(now - PRESETS[given].length), ceil_milliseconds(now)
    if not isinstance(given, dict):
        raise QueryError(f"expected one of {quoted(PRESETS)}, or an object with from and to", path="body.range")
    for key in ("from", "to"):
        if key not in given:
            raise QueryError("required", path=f"body.range.{key}")
    start, end = (parse_timestamp(given[key], path=f"body.range.{key}", zone=zone) for key in ("from", "to"))
    if start >= end:
        raise QueryError("expected to be after from", path="body.range.to")
    return ceil_milliseconds(start), ceil_milliseconds(end)
