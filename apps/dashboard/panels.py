"""A panel on a page: its answer, and the addresses that belong to it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from apps.core.errors import Refusal
from apps.dashboard.columns import PAGE, SHOWN, SOURCE
from apps.dashboard.controls import Choice
from apps.dashboard.drawings.asking import Answer, Asked, Asker, WithNote, WithRows
from apps.dashboard.reports import Panel, Report
from apps.dashboard.scope import Scope, tab_of
from apps.dashboard.tables import Table, TableRow

PER_PAGE = 100
MOST_ROWS = 10_000
"""As many rows as a panel's own page goes through; the rest is for exports."""


def answer(panel: Panel, scope: Scope, *, limit: int | None = None) -> Answer:
    """The panel's figures, or the sentence that says why there are none now."""
    asker = Asker(scope=scope, where=panel.where)
    try:
        found = panel.drawing.draw(asker, rows=limit or panel.rows)
    except Refusal as refusal:
        return Answer(problem=refusal.message)
    return found.with_requests(asker.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a report is reached: its own address, and below it its panels'."""

    report: str

    def panel(self, panel: Panel) -> str:
        return f"{self.report}/{panel.name}"

    def csv(self, panel: Panel) -> str:
        return f"{self.report}/{panel.name}.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows of a panel's own page: those that hold ``search``, ordered by a column, one page of them."""

    search: str = ""
    sort: int = 0
    is_descending: bool = False
    page: int = 1

    def of(self, rows: Sequence[TableRow]) -> list[TableRow]:
        """All rows that it keeps, in its order."""
        wanted = self.search.strip().casefold()
        kept = [row for row in rows if not wanted or any(wanted in cell.shown.casefold() for cell in row.cells)]
        column = self.sort - 1
        if not kept or not 0 <= column < len(kept[0].cells):
            return kept
        return sorted(kept, key=lambda row: _sortable(row, column), reverse=self.is_descending)

    def query(self, scope: Scope, **changes: Any) -> str:
        """The address of the page with these rows, but for ``changes``."""
        own = {"q": self.search, "sort": self.sort, "desc": int(self.is_descending), "page": self.page} | changes
        pairs = [(name, value) for name, value in own.items() if value not in ("", 0) and (name, value) != ("page", 1)]
        return "?" + urlencode([*scope.address.pairs, *pairs])


def _sortable(row: TableRow, column: int) -> tuple[int, float, str]:
    value = row.cells[column].value
    if isinstance(value, str):
        return 1, 0.0, value.casefold()
    return 0, float("-inf") if value is None else float(value), ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that gives figures of a panel: its body, and the command line that sends it."""

    label: str
    body: str
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """The way to a panel of a card: ``page`` is the report with it, or its own page where nobody may choose.

    ``part`` is what takes the card's place, ``parameter`` the name under which the choice stands in the address.
    """

    panel: Panel
    page: str
    part: str
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelView:
    """A panel on a page: what the templates need of it. ``answer`` is ``None`` until it loads by itself.

    ``origin`` is the address of this service; empty where nobody is to be told how to ask its API.
    """

    report: Report
    panel: Panel
    scope: Scope
    links: Links
    answer: Answer | None
    origin: str = ""
    is_whole: bool = False

    @property
    def kind(self) -> str:
        """The name of the template that draws it."""
        return self.panel.drawing.kind

    @property
    def template(self) -> str:
        return f"dashboard/drawings/{self.kind}.html"

    @property
    def skeleton(self) -> str:
        """The template of what stands in its place until it is there."""
        own = self.kind if self.kind == "totals" or self.blank else "other"
        return f"dashboard/skeletons/{own}.html"

    @property
    def blank(self) -> Table | None:
        """The rows of its skeleton; none where a picture or a text comes in its place."""
        drawing = self.panel.drawing
        return drawing.blank(self.scope, self.panel.rows) if isinstance(drawing, WithRows) else None

    @property
    def note(self) -> str:
        """A sentence below the figures, where they need one."""
        if self.panel.of_visits and any(SHOWN[each.column].group in (PAGE, SOURCE) for each in self.scope.filters):
            # Else a page alone seems to be where nearly everybody leaves at once.
            return _(
                "Sessions are made of the views that filters leave: other pages that were read in them do not count."
            )
        if self.answer:
            return self.answer.note
        drawing = self.panel.drawing
        return drawing.note(self.scope) if isinstance(drawing, WithNote) else ""

    @property
    def figure_id(self) -> str:
        """The id of the element that holds the figure's JSON."""
        return f"figure-{self.panel.name}"

    @property
    def url(self) -> str:
        """The panel's own page, with all its rows."""
        return self._with_query(self.links.panel(self.panel))

    @property
    def csv_url(self) -> str:
        return self._with_query(self.links.csv(self.panel))

    @property
    def tabs(self) -> list[Tab]:
        """The panels of the same card."""
        beside = () if self.is_whole else self.report.beside(self.panel)
        return [self._tab(each, is_first=each is beside[0]) for each in beside]

    @property
    def breakdowns(self) -> list[Choice]:
        """By what a reader may split the lines; nothing where they may not."""
        offered = () if self.scope.is_fixed else getattr(self.panel.drawing, "breakdowns", ())
        chosen = self.scope.choice("by")
        return [Choice(label=SHOWN[name].heading, value=name, is_chosen=name == chosen) for name in offered]

    @property
    def beside_breakdown(self) -> tuple[tuple[str, str], ...]:
        """What the form that splits carries along."""
        return self.scope.address.without("by", "metric").pairs

    @property
    def counts_events(self) -> bool:
        return self.scope.choice("metric") == "events"

    @property
    def has_more(self) -> bool:
        """Whether the rows may go on beyond those shown."""
        return self.answer is not None and self.answer.is_cut and not self.is_whole

    @property
    def requests(self) -> list[Request]:
        """What gives exactly this panel by the API; none for figures that only pages have."""
        asked = self.answer.asked if self.answer and self.origin else ()
        return [self._request(each) for each in asked if not each.is_internal]

    @property
    def request_json(self) -> str:
        """The body of the first request."""
        return self.requests[0].body

    @property
    def curl(self) -> str:
        """The first request as a command line."""
        return self.requests[0].curl

    @property
    def has_own_figures(self) -> bool:
        """Whether some of its figures are not to be had by the API."""
        return self.answer is not None and any(each.is_internal for each in self.answer.asked)

    def _request(self, asked: Asked) -> Request:
        lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in asked.body.items())
        site = self.scope.site
        path = f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}/insights/events/aggregate"
        body = shlex.quote(json.dumps(asked.body, ensure_ascii=False))
        return Request(
            label=asked.label,
            body="{\n" + ",\n".join(lines) + "\n}",
            # The token is the reader's own, from their environment.
            curl=(
                f"curl {shlex.quote(self.origin + path)} \\\n"
                f'  -H "Authorization: Bearer $TOKEN" \\\n'
                f'  -H "Content-Type: application/json" \\\n'
                f"  -d {body}"
            ),
        )

    def _tab(self, panel: Panel, *, is_first: bool) -> Tab:
        part = self.links.panel(panel)
        if self.scope.is_fixed:
            return Tab(panel=panel, page=part, part=part)
        name = tab_of(panel.group)
        chosen = self.scope.with_choice(name, *([] if is_first else [panel.name]))
        return Tab(
            panel=panel, page=f"{self.links.report}{chosen}#panel-{panel.name}", part=part + chosen, parameter=name
        )

    def _with_query(self, address: str) -> str:
        # Who reads a fixed page may not choose: its address says it all.
        return address if self.scope.is_fixed else f"{address}?{self.scope.query}"
