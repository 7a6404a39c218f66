"""Reports, declared: a report is a list of panels; a panel is a query in the published form and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.dashboard import labels
from apps.dashboard.ranges import Period

Body = dict[str, Any]
"""A request as the aggregate operation takes it."""

MOST_ROWS = 1000


class Width(Enum):
    """How much of a row a panel takes on a wide screen; on a narrow one it is all of it."""

    FULL = "full"
    HALF = "half"
    THIRD = "third"


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of the answer and its heading."""

    column: str
    label: Any


@dataclass(frozen=True, slots=True)
class Ratio:
    """One metric divided by another, to two digits."""

    over: str
    under: str
    label: Any


@dataclass(frozen=True, slots=True)
class Totals:
    """Large figures, each with its change against the previous period."""

    figures: tuple[Measure | Ratio, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Lines over time."""

    series: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A ranked table; the first measure is drawn as a bar behind each row."""

    dimension: Measure
    name: Callable[[Any], str]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A question and its picture. ``late`` panels lie below the fold and load by themselves."""

    name: str
    title: Any
    drawing: Totals | Trend | Bars
    where: tuple[Mapping[str, Any], ...] = ()
    late: bool = False
    width: Width = Width.HALF
    rows: int = 9

    def body(self, period: Period, *, time_zone: str, limit: int | None = None) -> Body:
        """The request of this panel, for ``limit`` rows instead of its own number."""
        body: Body = {"range": period.published, "timezone": time_zone, "where": [dict(part) for part in self.where]}
        if isinstance(self.drawing, Totals):
            return body | {"select": _columns(_metrics(self.drawing))}
        if isinstance(self.drawing, Trend):
            moment = {"column": "datetime", "interval": period.interval.value}
            return body | {"select": _columns([each.column for each in self.drawing.series]), "groupBy": [moment]}
        first = self.drawing.measures[0].column
        return body | {
            "select": _columns([each.column for each in self.drawing.measures]),
            "groupBy": _columns([self.drawing.dimension.column]),
            "order": {"by": {"column": first}, "direction": "desc"},
            "limit": limit or self.rows,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of panels."""

    name: str
    title: Any
    panels: tuple[Panel, ...] = field(default=())

    def panel(self, name: str) -> Panel | None:
        return next((panel for panel in self.panels if panel.name == name), None)


def _columns(names: list[str]) -> list[dict[str, str]]:
    return [{"column": name} for name in names]


def _metrics(totals: Totals) -> list[str]:
    return [figure.column for figure in totals.figures if isinstance(figure, Measure)]


VISITORS = Measure("visitorsCount", _("Visitors"))
VIEWS = Measure("eventsCount", _("Page views"))
SESSIONS = Measure("sessionsCount", _("Sessions"))

PEOPLE_READING = (
    {"column": "eventType", "values": ["page_view"]},
    {"column": "visitorBot", "values": [""]},
)
"""What "traffic" means: page views of people. Bots and agents have a report of their own."""


FROM_ELSEWHERE = (*PEOPLE_READING, {"column": "referrerChannel", "operator": "notIn", "values": ["internal"]})
"""The same, but for those who came from another page of the site: that is no source."""


def _ranked(
    name: str,
    title: Any,
    column: str,
    heading: Any,
    value: Callable[[Any], str],
    *,
    where: tuple[Mapping[str, Any], ...] = PEOPLE_READING,
    **options: Any,
) -> Panel:
    drawing = Bars(Measure(column, heading), value, (VISITORS, Measure("eventsCount", _("Views"))))
    return Panel(name=name, title=title, drawing=drawing, where=where, **options)


def _third(name: str, title: Any, column: str, heading: Any, value: Callable[[Any], str], **options: Any) -> Panel:
    return _ranked(name, title, column, heading, value, late=True, width=Width.THIRD, **options)


TOTALS = Panel(
    name="totals",
    title=_("Totals"),
    drawing=Totals((VISITORS, VIEWS, SESSIONS, Ratio("eventsCount", "sessionsCount", _("Views per session")))),
    where=PEOPLE_READING,
    width=Width.FULL,
)
READERS = Panel(
    name="readers",
    title=_("Readers over time"),
    drawing=Trend((VISITORS, VIEWS)),
    where=PEOPLE_READING,
    width=Width.FULL,
)

TRAFFIC = Report(
    name="traffic",
    title=_("Traffic"),
    panels=(
        TOTALS,
        READERS,
        _ranked("pages", _("Top pages"), "urlPath", _("Page"), labels.as_sent),
        _ranked("sources", _("Traffic sources"), "referrerDomain", _("Source"), labels.referrer),
        _third("channels", _("Channels"), "referrerChannel", _("Channel"), labels.channel, where=FROM_ELSEWHERE),
        _third("countries", _("Countries"), "visitorGeoCountry", _("Country"), labels.country),
        _third("languages", _("Languages"), "visitorLanguage", _("Language"), labels.language),
        _third("devices", _("Devices"), "visitorDevice", _("Device"), labels.technology),
        _third("browsers", _("Browsers"), "visitorBrowser", _("Browser"), labels.technology),
        _third("systems", _("Systems"), "visitorOS", _("System"), labels.technology),
    ),
)

REPORTS = {report.name: report for report in (TRAFFIC,)}
