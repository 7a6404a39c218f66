"""What a column is: a definition in the catalog, and the same with its arguments resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from apps.insights.errors import QueryError, quoted
from apps.insights.kinds import Json, Kind, Schema, Scope, read_integer, read_text
from apps.insights.moments import Interval

MAX_CLAIM = 1024


class Source(Enum):
    """What a question counts: events, or what is formed of each session's events before (``forming``)."""

    EVENTS = "events"
    VISITS = "visits"
    SEARCHES = "searches"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Argument:
    """A further property of a column: ``interval``, ``precision`` or ``claim``."""

    name: str
    read: Callable[[Json, str], Any]
    schema: Schema
    default: Any = None
    required: bool = False
    repeated: bool = False
    """Whether the answer repeats it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Definition:
    """What dimensions and metrics have in common."""

    name: str
    label: Any
    help: Any
    argument: Argument | None = None
    source: Source | None = None
    """Of an internal column: what questions about it count. Published columns, ``None``, stand beside any."""

    def arguments_from(self, body: Mapping[str, Json], *, path: str) -> Any:
        """The value of this column's argument in ``body``, or ``None``."""
        if self.argument is None:
            return None
        if self.argument.name not in body:
            if self.argument.required:
                raise QueryError("required", path=f"{path}.{self.argument.name}")
            return self.argument.default
        return self.argument.read(body[self.argument.name], f"{path}.{self.argument.name}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dimension(Definition):
    """A property of an event, to group and filter by.

    ``expression`` is the engine's SQL of the stored value; a function of the resolved column where it depends on
    arguments or the time zone. ``many`` marks an array: an event counts once for each of its elements.
    """

    kind: Kind
    expression: str | Callable[[Column, ZoneInfo, Scope], str]
    prepared: tuple[str, ...] = ()
    """The one or two fields of the event by which it is counted in advance; none: questions about it read events."""
    many: bool = False
    keeps_none: bool = True
    """Of a ``many`` column: whether events without an element form the group of no value."""
    at_end: bool = False
    """Whether a visit's value is that of its last page view, not of its first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric(Definition):
    """A figure of a group of events. ``parts`` are the names of an object metric's numbers.

    ``expression`` is SQL over the rows of the metric's source, ``over`` the same figure over those of others.
    """

    expression: str
    over: Mapping[Source, str] = field(default_factory=dict)
    kind: Kind | None = None
    """How it is read and printed, where it is a moment rather than a number."""
    prepared: str = ""
    """The same figure as SQL over rows that were counted in advance; none: questions for it read events."""
    parts: tuple[str, ...] = ()
    balance: str = ""
    """SQL by which an object metric is ordered, of its alias."""

    @property
    def is_number(self) -> bool:
        return not self.parts

    @property
    def engine_type(self) -> str:
        """The engine's type of what a group's figure is compared with."""
        return self.kind.engine_type if self.kind else "Float64"

    def figure_over(self, source: Source) -> str:
        """SQL of the figure over the rows of ``source``; ``""`` where it means nothing there."""
        return self.expression if source is (self.source or Source.EVENTS) else self.over.get(source, "")

    def schema(self) -> Schema:
        if self.is_number:
            return {"type": "number"}
        numbers = {part: {"type": "number"} for part in self.parts}
        return {"type": "object", "required": list(self.parts), "properties": numbers}


@dataclass(frozen=True, slots=True)
class Column:
    """A definition with its argument: nothing is left to look up."""

    definition: Dimension | Metric
    argument: Any = None

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def label(self) -> str:
        return str(self.definition.label)

    @property
    def arguments(self) -> dict[str, Json]:
        """The argument as the published form writes it."""
        argument = self.definition.argument
        if argument is None or self.argument is None:
            return {}
        value = self.argument.value if isinstance(self.argument, Interval) else self.argument
        return {argument.name: value}

    @property
    def repeated_arguments(self) -> dict[str, Json]:
        """The arguments that an answer repeats."""
        argument = self.definition.argument
        return self.arguments if argument is not None and argument.repeated else {}

    def dump(self, stored: Any, zone: ZoneInfo) -> Json:
        """The printed form of a stored value or figure."""
        if isinstance(self.definition, Metric):
            if self.definition.kind is not None:
                return None if stored is None else self.definition.kind.dump(stored)
            if self.definition.is_number:
                return stored
            return dict(zip(self.definition.parts, stored, strict=True))
        if isinstance(self.argument, Interval):
            return self.definition.kind.dump(self.argument.bucket.start(zone, stored) * 1000)
        return self.definition.kind.dump(stored)


def _read_interval(value: Json, path: str) -> Interval:
    names = [interval.value for interval in Interval]
    if value not in names or not isinstance(value, str):
        raise QueryError(f"expected one of {quoted(names)}", path=path)
    return Interval(value)


def _read_precision(value: Json, path: str) -> int:
    return read_integer(value, path=path, minimum=0, maximum=15)


def _read_claim(value: Json, path: str) -> str:
    text = read_text(value, path=path, limit=MAX_CLAIM)
    if not text:
        raise QueryError("expected a dotted claim path", path=path)
    return text


INTERVAL = Argument(
    name="interval",
    read=_read_interval,
    schema={"type": "string", "enum": [interval.value for interval in Interval]},
)
PRECISION = Argument(
    name="precision",
    read=_read_precision,
    schema={"type": "integer", "minimum": 0, "maximum": 15, "default": 5},
    default=5,
)
CLAIM = Argument(
    name="claim", read=_read_claim, schema={"type": "string", "maxLength": MAX_CLAIM}, required=True, repeated=True
)


def local_second(zone: ZoneInfo, scope: Scope) -> str:
    """SQL of an event's local second: seconds since 1970 plus the offset that ``zone`` has then."""
    unix = scope.define("unix", "toInt64(toUnixTimestamp(timestamp))")
    if zone.key == "UTC":
        return scope.define("local", unix)
    return scope.define("local", f"{unix} + timeZoneOffset(toTimeZone(timestamp, '{zone.key}'))")


def moment_expression(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of an event's moment: its bucket's key, or its millisecond."""
    if isinstance(column.argument, Interval):
        return column.argument.bucket.key(local_second(zone, scope), zone)
    return "toUnixTimestamp64Milli(timestamp)"


def day_of_week_expression(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of 1 (Monday) … 7. 1970-01-01 was a Thursday."""
    return f"(intDiv({local_second(zone, scope)}, 86400) + 3) % 7 + 1"


def hour_of_day_expression(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of 0 … 23."""
    return f"intDiv({local_second(zone, scope)}, 3600) % 24"


def claim_expression(column: Column, zone: ZoneInfo, scope: Scope) -> str:
    """SQL of the array of a claim's values."""
    return f"claims[{scope.bind('String', column.argument)}]"
