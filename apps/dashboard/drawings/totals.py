"""Large figures, each with its change since the period before, and its course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.dashboard import sparklines
from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.drawings.courses import by_bucket
from apps.dashboard.measures import Figure, Measure, Unit, alike, columns_of
from apps.dashboard.ranges import Period
from apps.dashboard.tables import Change, Series, Total, Way, cell_of, change_of, rows_of, total_rows


@dataclass(frozen=True, slots=True)
class Totals:
    """``courses``: each figure has a small line of its course over the period."""

    figures: tuple[Figure, ...]
    courses: bool = False
    kind: ClassVar[str] = "totals"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        scope = asker.scope
        now = self._ask(asker, scope.period)
        earlier = scope.before
        before = self._ask(asker, earlier, label="before") if earlier else {}
        # Without any event of anybody then, there is nothing to compare with: a new site has not grown from nothing.
        compared = earlier is not None and (any(before.values()) or asker.site_has_events(earlier))
        courses = self._courses(asker)
        found = []
        for figure, course in zip(self.figures, courses, strict=True):
            value = now[figure]
            old = before[figure] if compared else None
            cell, old_cell = cell_of(figure, value, scope.zone), cell_of(figure, old, scope.zone)
            change = change_of(value, old, is_share=figure.unit is Unit.PERCENT)
            if isinstance(value, float) and cell.shown == old_cell.shown:
                change = Change(Way.SAME)  # a mean of 1.09 has not fallen from 1.09
            found.append(Total(str(figure.label), cell, old_cell, change, course, is_unwanted=figure.is_unwanted))
        return Answer(totals=tuple(found), table=total_rows(found, is_compared=earlier is not None))

    def _ask(self, asker: Asker, period: Period, label: str = "") -> dict[Figure, Any]:
        """Each figure's value."""
        values: dict[Measure, Any] = {}
        groups = alike(self.figures)
        for leaves in groups:
            named = label or (str(leaves[0].label) if len(groups) > 1 else "")
            result = asker.ask(columns_of(leaves), where=leaves[0].where, period=period, label=named)
            row = next(rows_of(result), None)
            values |= {leaf: leaf.of(row) for leaf in leaves} if row else {}
        return {figure: figure.combine(values) for figure in self.figures}

    def _courses(self, asker: Asker) -> list[str]:
        """A small line for each figure; empty texts where none are wanted."""
        if not self.courses:
            return [""] * len(self.figures)
        series = by_bucket(asker, self.figures, asker.scope.period)
        return [sparklines.course(Series(series.buckets, (values,))) for values in series.values]
