"""A panel with its answer: asked through the same ``resolve`` and ``run`` as the API, ready to be drawn."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from apps.core.errors import Refusal
from apps.dashboard.buckets import buckets_of
from apps.dashboard.figures import lines
from apps.dashboard.ranges import Period
from apps.dashboard.reports import Bars, Body, Panel, Report, Totals, Trend
from apps.dashboard.tables import Series, Table, Total, by_moment, over_time, ranked, total_rows, totals
from apps.insights.result import Result
from apps.insights.services import resolve
from apps.insights.zones import find_zone
from apps.rollups.answers import run
from apps.sites.models import Site

UTC_ZONE = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose figures, of when: what all panels of a page have in common. ``now`` is aware."""

    site: Site
    period: Period
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.site)


def zone_of(site: Site) -> ZoneInfo:
    """The time zone of a site; UTC where its name is not one that this machine knows."""
    return find_zone(site.time_zone) or ZoneInfo(UTC_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a panel shows. ``problem`` is a sentence in place of figures; else the table is there, and the
    figure or the totals where the panel draws them.
    """

    table: Table | None = None
    totals: tuple[Total, ...] = ()
    series: Series | None = None
    figure: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted."""
        if self.table is None:
            return False
        return not any(cell.value for row in self.table.rows for cell in row.cells if cell.is_number)


def answer(panel: Panel, scope: Scope, *, limit: int | None = None) -> Answer:
    """The panel's figures, or the sentence that says why there are none now."""
    try:
        return _answer(panel, scope, limit)
    except Refusal as refusal:
        return Answer(problem=refusal.message)


def _answer(panel: Panel, scope: Scope, limit: int | None) -> Answer:
    body = panel.body(scope.period, time_zone=scope.zone.key, limit=limit)
    result = _ask(body, scope)
    drawing = panel.drawing
    if isinstance(drawing, Totals):
        found = totals(drawing, result, _ask(body | {"range": scope.period.previous}, scope))
        return Answer(totals=found, table=total_rows(found))
    if isinstance(drawing, Bars):
        return Answer(table=ranked(drawing, result))
    return _trend(drawing, result, scope)


def _trend(drawing: Trend, result: Result, scope: Scope) -> Answer:
    period = scope.period
    series = over_time(drawing, result, buckets_of(period, zone=scope.zone, now=scope.now))
    return Answer(
        table=by_moment(drawing, series, interval=period.interval, zone=scope.zone),
        series=series,
        figure=lines(drawing, series, interval=period.interval, zone=scope.zone),
    )


def _ask(body: Body, scope: Scope) -> Result:
    return run(resolve(body, site=scope.site, now=scope.now))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelView:
    """A panel on a page: what the templates need of it. ``answer`` is ``None`` until it loads by itself."""

    report: Report
    panel: Panel
    scope: Scope
    answer: Answer | None
    origin: str
    limit: int | None = None

    @property
    def kind(self) -> str:
        """The name of the template that draws it."""
        return type(self.panel.drawing).__name__.lower()

    @property
    def figure_id(self) -> str:
        """The id of the element that holds the figure's JSON."""
        return f"figure-{self.panel.name}"

    @property
    def url(self) -> str:
        """The panel's own page, with all its rows."""
        return self._url("dashboard:panel")

    @property
    def csv_url(self) -> str:
        return self._url("dashboard:csv")

    @property
    def has_more(self) -> bool:
        """Whether the rows may go on beyond those shown."""
        table = self.answer.table if self.answer else None
        return isinstance(self.panel.drawing, Bars) and table is not None and len(table.rows) == self.panel.rows

    @property
    def request_json(self) -> str:
        """The body that gives exactly this panel."""
        lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in self._body.items())
        return "{\n" + ",\n".join(lines) + "\n}"

    @property
    def curl(self) -> str:
        """The same as a command line; the token is the reader's own, from their environment."""
        site = self.scope.site
        path = f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}/insights/events/aggregate"
        body = shlex.quote(json.dumps(self._body, ensure_ascii=False))
        return (
            f"curl {shlex.quote(self.origin + path)} \\\n"
            f'  -H "Authorization: Bearer $TOKEN" \\\n'
            f'  -H "Content-Type: application/json" \\\n'
            f"  -d {body}"
        )

    @property
    def _body(self) -> Body:
        return self.panel.body(self.scope.period, time_zone=self.scope.zone.key, limit=self.limit)

    def _url(self, name: str) -> str:
        site = self.scope.site
        address = reverse(name, args=(site.organization.public_id, site.public_id, self.report.name, self.panel.name))
        return f"{address}?{urlencode(self.scope.period.parameters)}"
