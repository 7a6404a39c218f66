"""What is counted in advance: derived from the catalog, so that a column says it in one place."""

from __future__ import annotations

from dataclasses import dataclass

from apps.events.models import Event
from apps.insights.catalog import DIMENSIONS

KEYS = ("event_type", "bot", "display_context")
"""Fields by which every declaration is kept: questions may filter and group by them beside any one dimension."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event as a rollup's text."""

    name: str

    @property
    def encoded(self) -> str:
        """SQL of the text that is kept of an event's field."""
        if Event.fields()[self.name].engine_type == "Nullable(Bool)":
            return f"toString(ifNull(toInt8({self.name}), -1))"
        return f"toString({self.name})"

    def decoded(self, text: str) -> str:
        """SQL of the field's value, of the SQL of its text."""
        if Event.fields()[self.name].engine_type == "Nullable(Bool)":
            return f"if({text} = '-1', NULL, {text} = '1')"
        return text


@dataclass(frozen=True, slots=True)
class Declaration:
    """One set of counts: by the keys, and by the one or two fields of a dimension; none for the totals.

    ``hourly``: its hours are kept for good. The others keep hours until their day is counted: an hour of a column
    with many values has nearly as many rows as events.
    """

    name: str
    fields: tuple[Field, ...] = ()
    hourly: bool = False


TOTALS = Declaration("", hourly=True)
DECLARATIONS: dict[str, Declaration] = {
    TOTALS.name: TOTALS,
    **{
        dimension.name: Declaration(dimension.name, tuple(Field(name) for name in dimension.prepared))
        for dimension in DIMENSIONS
        if dimension.prepared and not set(dimension.prepared) <= set(KEYS)
    },
}
"""Name of the dimension → what is kept of it."""
