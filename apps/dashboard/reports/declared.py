"""What a report is: a list of panels; a panel is a question and how its answer is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.dashboard.drawings.asking import Drawing
from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.measures import VISITORS, Figure, Measure

Where = tuple[Mapping[str, Any], ...]
"""Filters in the published form."""


class Width(Enum):
    """How much of a row a panel takes on a wide screen; on a narrow one it is all of it."""

    FULL = "full"
    TWO_THIRDS = "two-thirds"
    HALF = "half"
    THIRD = "third"


class Sender(Enum):
    """What sends events; the value tells templates which page is about it."""

    SCRIPT = "script"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Needed:
    """What would fill a panel, in words, and who sends it."""

    words: Any
    sender: Sender

    def __str__(self) -> str:
        return str(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A question and its picture. ``late`` panels load by themselves, since they lie below the fold or take long.

    Neighbours with the same ``group`` share one card, each behind its ``tab``. ``needs`` says what would fill it, as
    words or, with who sends it, as ``Needed``.
    ``refresh``: seconds after which it asks again by itself. ``of_visits``: it counts visits, not events. ``has_all``:
    there can be no more rows than its ``rows``.
    """

    name: str
    title: Any
    drawing: Drawing
    where: Where = ()
    late: bool = False
    width: Width = Width.HALF
    rows: int = 9
    has_all: bool = False
    group: str = ""
    tab: Any = ""
    needs: Any = ""
    refresh: int = 0
    of_visits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of panels. ``note`` says whose figures they are, ``events`` which types it is about.

    ``counted`` is what its panels count; without it they count different things. The filter menu counts as they do.
    """

    name: str
    title: Any
    note: Any = ""
    panels: tuple[Panel, ...] = field(default=())
    events: tuple[str, ...] = ()
    counted: Where = ()

    def panel(self, name: str) -> Panel | None:
        return next((panel for panel in self.panels if panel.name == name), None)

    @property
    def cards(self) -> Iterator[tuple[Panel, ...]]:
        """The panels, those that share a card together."""
        for _name, panels in groupby(self.panels, key=lambda panel: panel.group or panel.name):
            yield tuple(panels)

    def beside(self, panel: Panel) -> tuple[Panel, ...]:
        """The panels of the same card, itself among them; none where it stands alone."""
        return tuple(each for each in self.panels if panel.group and each.group == panel.group)


def is_(column: str, *values: Any) -> Mapping[str, Any]:
    """The column has one of the values; ``None`` is no value."""
    return {"column": column, "values": list(values)}


def is_not(column: str, *values: Any) -> Mapping[str, Any]:
    """The column has none of the values."""
    return {"column": column, "operator": "notIn", "values": list(values)}


PEOPLE = is_("visitorBot", "")
AGENTS = is_not("visitorBot", "")
PEOPLE_READING = (is_("eventType", "page_view"), PEOPLE)
"""What "traffic" means: page views of people. Bots and agents have a report of their own."""

VIEWS_OF = Measure("eventsCount", _("Views"))


def ranked(
    name: str,
    title: Any,
    *columns: str,
    where: Where = PEOPLE_READING,
    measures: tuple[Figure, ...] = (VISITORS, VIEWS_OF),
    headings: tuple[Any, ...] = (),
    order: str = "",
    is_ascending: bool = False,
    has_bars: bool = True,
    **options: Any,
) -> Panel:
    """A panel of ranked rows."""
    drawing = Ranking(
        dimensions=columns,
        measures=measures,
        headings=headings,
        order=order,
        is_ascending=is_ascending,
        has_bars=has_bars,
    )
    return Panel(name=name, title=title, drawing=drawing, where=where, **options)
