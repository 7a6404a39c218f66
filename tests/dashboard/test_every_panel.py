"""All panels of all reports: their numbers are the API's for the requests they show, and their CSV is their table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from apps.dashboard.address import Address
from apps.dashboard.drawings.asking import Answer, Asked, Asker
from apps.dashboard.panels import MOST_ROWS, PanelView
from apps.dashboard.reports import REPORTS
from apps.dashboard.reports.declared import Panel, Report
from apps.dashboard.scope import read_scope
from apps.insights.query import resolve_query
from apps.insights.result import Result, ResultColumn
from tests.dashboard.conftest import NOW, Desk
from tests.dashboard.traffic import busy

PANELS = [(report, panel) for report in REPORTS.values() for panel in report.panels]
NAMES = [f"{report.name}-{panel.name}" for report, panel in PANELS]
ADDRESSES = (
    "range=30d",
    "range=7d&tz=America/New_York&compare=year",
    "from=2026-04-20&to=2026-04-24&is.urlPath=/guide",
)
OWN_ALONE = {"traffic-entries", "traffic-exits", "traffic-visits", "overview-unclicked", "search-totals"}
"""Some of those that the API has no column for."""


@dataclass(slots=True, kw_only=True)
class ApiAsker(Asker):
    """Asks as a panel does, but over HTTP, as an integration would."""

    desk: Desk

    def _run(self, asked: Asked, limit: int | None) -> Result:
        if asked.is_internal:
            return super(ApiAsker, self)._run(asked, limit)
        answer = self.desk.answer_of_api(json.dumps(asked.body))
        query = resolve_query(asked.body, site=0, now=NOW)
        columns = zip(query.columns, answer["columns"], strict=True)
        return Result(tuple(ResultColumn(column, tuple(found["values"])) for column, found in columns))


def part(desk: Desk, report: Report, panel: Panel, address: str) -> PanelView:
    """The panel as htmx gets it."""
    answer = desk.get(f"/{report.name}/{panel.name}?{address}", **{"HX-Request": "true"})
    assert answer.status_code == 200
    view = answer.context["view"]
    assert isinstance(view, PanelView)
    return view


def values(answer: Answer | None) -> list[list[Any]]:
    assert answer is not None
    assert answer.table is not None, answer.problem
    return [[cell.value for cell in row.cells] for row in answer.table.rows]


def read(address: str) -> Address:
    return Address(tuple((name, value) for name, _is, value in (each.partition("=") for each in address.split("&"))))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("report", "panel"), PANELS, ids=NAMES)
def test_a_panels_numbers_are_those_that_the_api_gives(desk: Desk, report: Report, panel: Panel, address: str) -> None:
    view = part(busy(desk), report, panel, address)
    scope = read_scope(desk.site, read(address), now=NOW)
    asker = ApiAsker(scope=scope, where=panel.where, desk=desk)
    assert values(view.answer) == values(panel.drawing.draw(asker, rows=panel.rows))


@pytest.mark.parametrize(("report", "panel"), PANELS, ids=NAMES)
def test_each_panel_shows_something_where_everything_happens(desk: Desk, report: Report, panel: Panel) -> None:
    view = part(busy(desk), report, panel, "range=30d")
    assert view.answer is not None
    assert not view.answer.is_empty
    assert values(view.answer)


@pytest.mark.parametrize(("report", "panel"), PANELS, ids=NAMES)
def test_csv_holds_the_rows_of_the_table(desk: Desk, report: Report, panel: Panel) -> None:
    answer = busy(desk).get(f"/{report.name}/{panel.name}.csv?range=30d")
    _heading, *rows = csv.reader(io.StringIO(answer.content.decode()))
    scope = read_scope(desk.site, read("range=30d"), now=NOW)
    drawn = panel.drawing.draw(Asker(scope=scope, where=panel.where), rows=MOST_ROWS)
    assert rows == [["" if value is None else str(value) for value in row] for row in values(drawn)]


def test_panels_of_internal_columns_say_that_the_api_has_none(desk: Desk) -> None:
    own = {
        f"{report.name}-{panel.name}"
        for report, panel in PANELS
        if part(busy(desk) if report.name == "ads" else desk, report, panel, "range=30d").has_own_figures
    }
    assert own >= OWN_ALONE


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_report_without_events_says_what_would_fill_it(desk: Desk, report: Report) -> None:
    page = desk.get(f"/{report.name}?plain=1").content.decode()
    assert "Traceback" not in page
    for panels in report.cards:
        if panels[0].needs and panels[0].drawing.kind not in ("totals", "now"):
            assert str(panels[0].needs) in page.replace("&#x27;", "'")
