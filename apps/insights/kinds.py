"""Kinds of values: how they are read from a question, matched and ordered by the engine, and printed in an answer.

A *stored* value is what the engine groups by. A kind's ``absent`` is the stored value that means "no value".
Source of the rules: contract.md, Aggregate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import h3
import msgspec

from apps.core.errors import Refusal
from apps.core.text import is_well_formed
from apps.events.addresses import page_address
from apps.events.wire import canonical_target
from apps.insights.errors import QueryError, quoted
from apps.insights.moments import ceil_milliseconds, floor_milliseconds, parse_timestamp, print_seconds

MAX_TEXT = 65_536
INT64 = 2**63

Json = Any
Schema = Mapping[str, Any]


class NoAbsence:
    """The mark of columns that always have a value."""


NEVER = NoAbsence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What all kinds can do; a column has exactly one."""

    absent: Any = NEVER
    comparable: ClassVar[bool] = False
    """Whether greaterThan and its like make sense."""
    engine_type: ClassVar[str] = "String"

    @property
    def can_be_absent(self) -> bool:
        return self.absent is not NEVER

    def parse(self, value: Json, *, path: str) -> Any:
        """The stored form of one of a filter's ``values``; raises ``QueryError`` at ``path``."""
        if value is None or value == "":
            if self.can_be_absent:
                return self.absent
            if value is None:
                raise QueryError("expected a value: this column is never empty", path=path)
        return self.read(value, path=path)

    def read(self, value: Json, *, path: str) -> Any:
        """The stored form of a value that is present."""
        raise NotImplementedError  # each kind below reads its own form

    def read_bound(self, value: Json, *, symbol: str, path: str) -> Any:
        """The stored form of the value that a comparison with ``symbol`` (``>``, ``>=``, ``<``, ``<=``) is against."""
        return self.read(value, path=path)

    def dump(self, stored: Any) -> Json:
        """The printed form of a stored value."""
        return stored

    def order(self, alias: str) -> tuple[str, ...]:
        """SQL expressions by which the stored value under ``alias`` is ordered."""
        return (alias,)

    def absence(self, alias: str) -> str:
        """SQL that is true where the stored value under ``alias`` is no value; only for kinds that can be absent."""
        return f"{alias} = ''" if self.absent == "" else f"{alias} = {self.absent}"

    def condition(self, expression: str, stored: Sequence[Any], scope: Scope) -> str:
        """SQL that is true where ``expression`` is one of the stored values; there is at least one."""
        return f"{expression} IN {scope.bind(f'Array({self.engine_type})', list(stored))}"

    def schema(self) -> Schema:
        """JSON Schema of a printed value."""
        raise NotImplementedError  # each kind below has its own


class Scope:
    """The bound parameters and the named expressions of a statement in the making."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.definitions: dict[str, str] = {}
        self.histories: dict[str, tuple[str, str]] = {}

    def bind(self, engine_type: str, value: Any) -> str:
        """The placeholder of a new parameter."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{engine_type}}}"

    def define(self, name: str, expression: str) -> str:
        """Make ``name`` stand for an expression over an event; returns the name."""
        self.definitions[name] = expression
        return name

    def define_history(self, name: str, field: str, condition: str) -> str:
        """Make ``name`` stand for the values that ``field`` had before the range, in events that fulfil ``condition``.

        The compiler adds the site and the time. Returns the name.
        """
        self.histories[name] = field, condition
        return name


def read_text(value: Json, *, path: str, limit: int = MAX_TEXT) -> str:
    """A text that the engine can hold."""
    if not isinstance(value, str):
        raise QueryError("expected a string", path=path)
    if len(value) > limit:
        raise QueryError(f"expected at most {limit} characters", path=path)
    if not is_well_formed(value):
        raise QueryError("expected well-formed Unicode", path=path)
    return value


def read_integer(value: Json, *, path: str, minimum: int = -INT64, maximum: int = INT64 - 1) -> int:
    """A whole number within bounds; ``2.0`` is one, ``true`` is not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise QueryError("expected a whole number", path=path)
    if not minimum <= value <= maximum:
        raise QueryError(f"expected a whole number from {minimum} to {maximum}", path=path)
    return value


def read_number(value: Json, *, path: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QueryError("expected a number", path=path)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise QueryError("expected a finite number", path=path)
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Kind):
    """Free text. An absent one is stored as ``''`` and printed as null, or as ``""`` where ``nullable`` is false."""

    nullable: bool = False
    is_url: bool = False

    def read(self, value: Json, *, path: str) -> str:
        text = read_text(value, path=path)
        if self.is_url:
            check_url(text, path=path)
        return text

    def dump(self, stored: str) -> Json:
        return None if self.nullable and stored == "" else stored

    def schema(self) -> Schema:
        if self.nullable:
            return {"type": ["string", "null"]}
        return {"type": "string", "format": "uri", "maxLength": 2048} if self.is_url else {"type": "string"}


def check_url(text: str, *, path: str) -> None:
    """Refuse what tracking would refuse as an event's address."""
    try:
        page_address(text)
    except ValueError as error:
        raise QueryError(str(error), path=path) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Kind):
    """One of a few names."""

    choices: tuple[str, ...]
    nullable: bool = False

    def read(self, value: Json, *, path: str) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise QueryError(f"expected one of {quoted(self.choices)}", path=path)
        return value

    def dump(self, stored: str) -> Json:
        return None if self.nullable and stored == "" else stored

    def schema(self) -> Schema:
        if not self.can_be_absent:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": ["string", "null"], "enum": [None if self.nullable else "", *self.choices]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Kind):
    """A whole number."""

    minimum: int = -INT64
    maximum: int = INT64 - 1
    comparable: ClassVar[bool] = True
    engine_type: ClassVar[str] = "Int64"

    def read(self, value: Json, *, path: str) -> int:
        return read_integer(value, path=path, minimum=self.minimum, maximum=self.maximum)

    def schema(self) -> Schema:
        bounds = {"minimum": self.minimum, "maximum": self.maximum} if self.minimum > -INT64 else {}
        return {"type": "integer", **bounds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Kind):
    """True, false or unknown; stored as 1, 0 and -1."""

    absent: Any = -1
    engine_type: ClassVar[str] = "Int8"

    def read(self, value: Json, *, path: str) -> int:
        if not isinstance(value, bool):
            raise QueryError("expected true, false or null", path=path)
        return int(value)

    def dump(self, stored: int) -> Json:
        return None if stored == self.absent else stored == 1

    def schema(self) -> Schema:
        return {"type": ["boolean", "null"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Kind):
    """A moment; stored as whole milliseconds since 1970, printed to the second."""

    comparable: ClassVar[bool] = True
    engine_type: ClassVar[str] = "Int64"

    def read(self, value: Json, *, path: str) -> int:
        return floor_milliseconds(parse_timestamp(value, path=path))

    def read_bound(self, value: Json, *, symbol: str, path: str) -> int:
        # Stored moments are whole milliseconds: below 10.0005 are those below 10.001, above it those above 10.000.
        whole = ceil_milliseconds if symbol in ("<", ">=") else floor_milliseconds
        return whole(parse_timestamp(value, path=path))

    def dump(self, stored: int) -> Json:
        return print_seconds(stored // 1000)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Kind):
    """``{page, space}``; stored as that pair. Null matches every event without a page, whatever its space."""

    absent: Any = ("", "")

    def read(self, value: Json, *, path: str) -> tuple[str, str]:
        if not isinstance(value, dict):
            raise QueryError("expected null or an object with page and space", path=path)
        for key in ("page", "space"):
            if key not in value:
                raise QueryError("required", path=f"{path}.{key}")
        page, space = value["page"], value["space"]
        return (
            "" if page is None else read_text(page, path=f"{path}.page"),
            "" if space is None else read_text(space, path=f"{path}.space"),
        )

    def parse(self, value: Json, *, path: str) -> tuple[str, str] | None:
        return None if value is None or value == "" else self.read(value, path=path)

    def condition(self, expression: str, stored: Sequence[Any], scope: Scope) -> str:
        pairs = [pair for pair in stored if pair is not None]
        alternatives = ["page = ''"] if len(pairs) < len(stored) else []
        if pairs:
            pages, spaces = (scope.bind("Array(String)", list(texts)) for texts in zip(*pairs, strict=True))
            alternatives.append(f"has(arrayZip({pages}, {spaces}), (toString(page), toString(space)))")
        return " OR ".join(alternatives)

    def dump(self, stored: tuple[str, str]) -> Json:
        return None if stored[0] == "" else {"page": stored[0], "space": stored[1]}

    def absence(self, alias: str) -> str:
        return f"{alias}.1 = ''"

    def order(self, alias: str) -> tuple[str, ...]:
        return (f"{alias}.1", f"{alias}.2")

    def schema(self) -> Schema:
        return {
            "type": ["object", "null"],
            "required": ["page", "space"],
            "properties": {"page": {"type": ["string", "null"]}, "space": {"type": "string"}},
        }


# The library takes more spellings of a number, and fails on one that is longer than 64 bits.
_CELL = re.compile(r"[0-9a-fA-F]{15}\Z")

# A cell that stands in where there is none, because the engine refuses to unpack 0.
_SOME_CELL = 599766999345659903


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Kind):
    """A place on the map: the H3 cell that holds it, stored as the cell's index; 0 where there is none."""

    absent: Any = 0
    engine_type: ClassVar[str] = "UInt64"

    def read(self, value: Json, *, path: str) -> int:
        if not isinstance(value, dict):
            raise QueryError("expected null or an object with latitude, longitude and h3", path=path)
        for key in ("latitude", "longitude"):
            if key not in value:
                raise QueryError("required", path=f"{path}.{key}")
            read_number(value[key], path=f"{path}.{key}")
        text = value.get("h3")
        if not isinstance(text, str) or not _CELL.match(text) or not h3.is_valid_cell(text):
            raise QueryError("expected the index of an H3 cell", path=f"{path}.h3")
        return int(h3.str_to_int(text))

    def condition(self, expression: str, stored: Sequence[Any], scope: Scope) -> str:
        alternatives = ["isNull(latitude)"] if self.absent in stored else []
        by_resolution: dict[int, list[int]] = {}
        for cell in stored:
            if cell != self.absent:
                by_resolution.setdefault(h3.get_resolution(h3.int_to_str(cell)), []).append(cell)
        alternatives += [
            f"{cell_at(resolution)} IN {scope.bind('Array(UInt64)', cells)}"
            for resolution, cells in sorted(by_resolution.items())
        ]
        return " OR ".join(alternatives)

    def dump(self, stored: int) -> Json:
        if stored == self.absent:
            return None
        index = h3.int_to_str(stored)
        latitude, longitude = h3.cell_to_latlng(index)
        return {"latitude": latitude, "longitude": longitude, "h3": index}

    def order(self, alias: str) -> tuple[str, ...]:
        centre = f"h3ToGeo(if({alias} = 0, {_SOME_CELL}, {alias}))"
        return (f"{centre}.1", f"{centre}.2")

    def schema(self) -> Schema:
        return {
            "type": ["object", "null"],
            "required": ["latitude", "longitude", "h3"],
            "properties": {
                "latitude": {"type": "number"},
                "longitude": {"type": "number"},
                "h3": {"type": "string"},
            },
        }


def cell_at(resolution: int) -> str:
    """SQL of the H3 cell of an event's point; 0 where it has none."""
    point = "assumeNotNull(latitude), assumeNotNull(longitude)"
    return f"if(isNull(latitude) OR isNull(longitude), 0, geoToH3({point}, {resolution}))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Kind):
    """A content reference; stored as its canonical JSON."""

    absent: Any = ""

    def read(self, value: Json, *, path: str) -> str:
        if not isinstance(value, dict):
            raise QueryError("expected null or a content reference with a kind", path=path)
        for key, text in value.items():
            read_text(key, path=path)
            if isinstance(text, str):
                read_text(text, path=f"{path}.{key}")
        try:
            return canonical_target(value)
        except Refusal as refusal:
            raise QueryError(refusal.message, path=f"{path}.{refusal.path}".rstrip(".")) from None

    def dump(self, stored: str) -> Json:
        return msgspec.json.decode(stored) if stored else None

    def schema(self) -> Schema:
        return {"type": ["object", "null"], "required": ["kind"], "properties": {"kind": {"type": "string"}}}
