"""What is measured: a metric of an answer, or one divided by another, with its heading and how people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

Row = Mapping[str, Any]
"""A row of an answer: metric → figure."""


class Unit(Enum):
    """How a figure is written."""

    NUMBER = "number"
    PERCENT = "percent"
    SECONDS = "seconds"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A metric of the answer and its heading. ``part`` is one number of a metric that is an object.

    ``where`` narrows it further, where the figures of a panel are of different events. ``is_unwanted``: the less there
    is of it, the better.
    """

    column: str
    label: Any
    part: str = ""
    where: tuple[Mapping[str, Any], ...] = ()
    unit: Unit = Unit.NUMBER
    is_unwanted: bool = False

    @property
    def leaves(self) -> tuple[Measure, ...]:
        return (self,)

    def of(self, row: Row) -> Any:
        """Its value in a row."""
        value = row[self.column]
        return value[self.part] if self.part else value

    def combine(self, values: Mapping[Measure, Any]) -> Any:
        """Its value, of the values of its leaves."""
        return values.get(self)


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """The sum of some measures divided by the sum of others; ``None`` where that is nothing."""

    over: tuple[Measure, ...]
    under: tuple[Measure, ...]
    label: Any
    unit: Unit = Unit.NUMBER
    is_unwanted: bool = False

    @property
    def leaves(self) -> tuple[Measure, ...]:
        return (*self.over, *self.under)

    def of(self, row: Row) -> float | None:
        """Its value in a row that has all its measures."""
        return self.combine({leaf: leaf.of(row) for leaf in self.leaves})

    def combine(self, values: Mapping[Measure, Any]) -> float | None:
        """Its value, of the values of its leaves; what is missing there counts as nothing."""
        under = sum(values.get(leaf) or 0 for leaf in self.under)
        return sum(values.get(leaf) or 0 for leaf in self.over) / under if under else None


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """A measure that is a mean over what another one counts; ``None`` where there is nothing that it is of."""

    measure: Measure
    over: Measure
    is_unwanted: bool = False

    @property
    def label(self) -> Any:
        return self.measure.label

    @property
    def unit(self) -> Unit:
        return self.measure.unit

    @property
    def leaves(self) -> tuple[Measure, ...]:
        return (self.measure, self.over)

    def of(self, row: Row) -> Any:
        """Its value in a row that has both."""
        return self.combine({leaf: leaf.of(row) for leaf in self.leaves})

    def combine(self, values: Mapping[Measure, Any]) -> Any:
        """Its value, of the values of its leaves."""
        return values.get(self.measure) if values.get(self.over) else None


Figure = Measure | Ratio | Mean


def columns_of(figures: Iterable[Figure]) -> list[str]:
    """The metrics to be selected, each once."""
    return list(dict.fromkeys(leaf.column for figure in figures for leaf in figure.leaves))


def alike(figures: Sequence[Figure]) -> list[list[Measure]]:
    """The measures behind some figures, those of the same events together: they are asked for at once."""
    leaves = dict.fromkeys(leaf for figure in figures for leaf in figure.leaves)
    groups: dict[str, list[Measure]] = {}
    for leaf in leaves:
        groups.setdefault(repr(leaf.where), []).append(leaf)
    return list(groups.values())


VISITORS = Measure("visitorsCount", _("Visitors"))
SESSIONS = Measure("sessionsCount", _("Sessions"))
EVENTS = Measure("eventsCount", _("Events"))
VIEWS = Measure("eventsCount", _("Page views"))
GOOD = Measure("pageFeedbackRating", _("Good"), part="good")
OK = Measure("pageFeedbackRating", _("OK"), part="ok")
BAD = Measure("pageFeedbackRating", _("Bad"), part="bad", is_unwanted=True)
HELPFUL = Measure("askResponseRating", _("Helpful"), part="positive")
NOT_HELPFUL = Measure("askResponseRating", _("Not helpful"), part="negative")
