"""Lines over time, zero where there was nothing, with the period before underneath."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.dashboard.columns import SHOWN, from_text, kind_of, to_text
from apps.dashboard.drawings.asking import Answer, Asker, columns
from apps.dashboard.drawings.courses import by_bucket
from apps.dashboard.figures import lines
from apps.dashboard.measures import VIEWS, VISITORS, Figure, Measure, Unit
from apps.dashboard.tables import aligned, by_moment, rows_of

MOST_SERIES = 5
"""More lines than these are not told apart."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Figures over time. ``breakdowns`` are the columns by whose values the reader may split the first of them."""

    series: tuple[Figure, ...]
    breakdowns: tuple[str, ...] = ()
    kind: ClassVar[str] = "trend"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        scope = asker.scope
        by = scope.choice("by")
        figures = tuple(self._split(asker, by)) if by in self.breakdowns else self.series
        series = by_bucket(asker, figures, scope.period)
        before = None
        if scope.before and by not in self.breakdowns:
            earlier = by_bucket(asker, figures, scope.before, label="before")
            before = aligned(earlier, series, interval=scope.period.interval, zone=scope.zone)
        interval = scope.period.interval
        return Answer(
            table=by_moment(figures, series, interval=interval, zone=scope.zone, before=before),
            series=series,
            figure=lines(
                [str(figure.label) for figure in figures],
                series,
                interval=interval,
                zone=scope.zone,
                before=before,
                is_share=all(figure.unit is Unit.PERCENT for figure in figures),
            ),
            is_compared=before is not None,
            legend=tuple((str(figure.label), f"series-{number}") for number, figure in enumerate(figures, start=1)),
        )

    def _split(self, asker: Asker, by: str) -> Iterator[Figure]:
        """A line for each of the most frequent values of a column."""
        column = VIEWS.column if asker.scope.choice("metric") == "events" else VISITORS.column
        order = {"by": {"column": column}, "direction": "desc"}
        result = asker.ask([column], columns([by]), order=order, limit=MOST_SERIES, label=str(SHOWN[by].heading))
        for row in rows_of(result):
            text = to_text(kind_of(by), row[by])
            yield Measure(column, SHOWN[by].show(row[by]), where=(_is(by, text),))


def _is(column: str, text: str) -> Mapping[str, Any]:
    return {"column": column, "values": [from_text(kind_of(column), text)]}
