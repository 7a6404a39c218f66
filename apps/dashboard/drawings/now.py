"""Who reads right now: the visitors of the last five minutes and their pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import ClassVar

from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.measures import VISITORS, columns_of
from apps.dashboard.ranges import CUSTOM
from apps.dashboard.tables import Change, Total, Way, cell_of, number_cell, rows_of

NOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The last five minutes, whatever the range of the page."""

    kind: ClassVar[str] = "now"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        scope = asker.scope
        start, end = scope.now - NOW, scope.now
        moments = {"from": start.astimezone(UTC).isoformat(), "to": end.astimezone(UTC).isoformat()}
        period = replace(scope.period, name=CUSTOM, published=moments, start=start, end=end)
        row = next(rows_of(asker.ask(columns_of([VISITORS]), period=period)), {VISITORS.column: 0})
        pages = Ranking(dimensions=("urlPath",), measures=(VISITORS,))
        found = pages.rows(asker, min(rows, 5), period=period)
        total = Total(
            str(VISITORS.label), cell_of(VISITORS, VISITORS.of(row), scope.zone), number_cell(None), Change(Way.UNKNOWN)
        )
        return Answer(totals=(total,), table=pages.table(found, scope))
