"""Any figures by any columns, as a reader chose: as a table, and as bars, lines or a heatmap above it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from apps.dashboard import figures
from apps.dashboard.drawings.asking import Answer, Asker, columns
from apps.dashboard.drawings.axes import Axis, link_to
from apps.dashboard.drawings.courses import by_bucket
from apps.dashboard.measures import Measure, columns_of
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Table, TableRow, by_moment, cell_of
from apps.insights.query import MAX_LIMIT
from apps.insights.result import Result

MOST_LINES = 5
"""More lines than these are not told apart."""
MOST_BARS = 12
MOST_NAMES = 20
"""Names along a side of a heatmap."""
FEWEST_NAMES = 5


class Picture(Enum):
    """What is drawn above the table; the value is its word in an address."""

    TABLE = "table"
    BAR = "bar"
    LINE = "line"
    HEATMAP = "heatmap"


@dataclass(frozen=True, slots=True)
class Found:
    """A row of an answer: the value of each axis, and of each measure."""

    values: tuple[Any, ...]
    figures: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """``order`` is a column in the published form. The picture is one that ``fault_of`` finds nothing wrong with."""

    measures: tuple[Measure, ...]
    axes: tuple[Axis, ...]
    order: dict[str, Any]
    is_descending: bool
    picture: Picture = Picture.TABLE
    kind: ClassVar[str] = "explored"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        if self.picture is Picture.LINE:
            return self._lines(asker)
        if self.picture is Picture.HEATMAP:
            return self._heatmap(asker)
        if self.picture is Picture.BAR and self.axes[0].is_time:
            return self._columns(asker)
        is_whole = self.picture is Picture.BAR and self.axes[0].is_ordered  # all its bars are drawn
        most = max(rows, len(self.axes[0].every(asker.scope))) if is_whole else rows
        every = self._ask(asker, most, spare=1)
        answer = Answer(table=self._table(every[:rows], asker.scope), is_cut=len(every) > rows)
        return self._with_bars(answer, every[:most], asker.scope) if self.picture is Picture.BAR else answer

    def _ask(self, asker: Asker, rows: int, **options: Any) -> list[Found]:
        order = {"by": self.order, "direction": "desc" if self.is_descending else "asc"}
        groups = [axis.body(asker.scope) for axis in self.axes]
        return self._read(asker.ask(columns_of(self.measures), groups, order=order, limit=rows, **options))

    def _read(self, result: Result) -> list[Found]:
        """The rows by place: two claims have one name."""
        size = len(self.axes)
        names = [each.column.name for each in result.columns[size:]]
        found = []
        for values in zip(*(each.values for each in result.columns), strict=True):
            row = dict(zip(names, values[size:], strict=True))
            found.append(Found(values[:size], tuple(measure.of(row) for measure in self.measures)))
        return found

    def _table(self, found: Sequence[Found], scope: Scope) -> Table:
        headings = (*(axis.heading for axis in self.axes), *(str(measure.label) for measure in self.measures))
        rows = (
            TableRow(
                cells=(
                    *(axis.cell(value, scope) for axis, value in zip(self.axes, row.values, strict=True)),
                    *(
                        cell_of(measure, value, scope.zone)
                        for measure, value in zip(self.measures, row.figures, strict=True)
                    ),
                )
            )
            for row in found
        )
        return Table(headings, tuple(rows))

    @property
    def _labels(self) -> list[str]:
        """What is counted."""
        return [str(measure.label) for measure in self.measures]

    @property
    def _label(self) -> str:
        """What a picture of one figure counts: the first."""
        return self._labels[0]

    @property
    def _of_one(self) -> str:
        """What is said beside a picture that has room for one figure, where several were chosen."""
        return _("The picture is of one figure: %(figure)s.") % {"figure": self._label} if self.measures[1:] else ""

    def _with_bars(self, answer: Answer, found: Sequence[Found], scope: Scope) -> Answer:
        """Bars of the first rows; of days and hours all, in their own order."""
        axis = self.axes[0]
        rows = {axis.key_of(row.values[0]): row.figures for row in found}
        nothing = (0,) * len(self.measures)
        shown = axis.every(scope) if axis.is_ordered else [row.values[0] for row in found[:MOST_BARS]]
        cells = [axis.cell(value, scope) for value in shown]
        drawn = [[rows.get(axis.key_of(value), nothing)[place] for value in shown] for place in range(len(nothing))]
        figure = figures.bars(
            [cell.shown for cell in cells],
            drawn[0],
            label=self._labels[0],
            beside=list(zip(self._labels, drawn, strict=True))[1:],
            horizontal=not axis.is_ordered,
            links=[cell.link for cell in cells],
        )
        return replace(answer, figure=figure, legend=_legend(self._labels))

    def _columns(self, asker: Asker) -> Answer:
        """Bars over time."""
        scope, interval = asker.scope, asker.scope.period.interval
        series = by_bucket(asker, self.measures, scope.period)
        legend = _legend(self._labels)
        parts = [figures.Part(label, colour) for label, colour in legend]
        return Answer(
            table=by_moment(self.measures, series, interval=interval, zone=scope.zone),
            series=series,
            figure=figures.stacked(series, parts, interval=interval, zone=scope.zone, is_beside=True),
            legend=legend,
        )

    def _lines(self, asker: Asker) -> Answer:
        """A line for each measure; with a second axis, the first measure's for each of its greatest values."""
        scope, interval = asker.scope, asker.scope.period.interval
        other = next((axis for axis in self.axes if not axis.is_time), None)
        measures = self._split(asker, other) if other else self.measures
        if not measures:
            return Answer(table=self._table((), scope))
        series = by_bucket(asker, measures, scope.period)
        before = by_bucket(asker, measures, scope.before, label="before") if scope.before and not other else None
        labels = [str(measure.label) for measure in measures]
        return Answer(
            table=by_moment(measures, series, interval=interval, zone=scope.zone, before=before),
            series=series,
            figure=figures.lines(labels, series, interval=interval, zone=scope.zone, before=before),
            is_compared=before is not None,
            legend=_legend(labels),
            note=self._of_one if other else "",
        )

    def _split(self, asker: Asker, axis: Axis) -> tuple[Measure, ...]:
        first, scope = self.measures[0], asker.scope
        return tuple(
            replace(first, label=axis.cell(value, scope).shown, where=(axis.is_one_of(scope, value),))
            for value in self._greatest(asker, axis, MOST_LINES)
        )

    def _greatest(self, asker: Asker, axis: Axis, most: int) -> list[Any]:
        """The values of an axis with the greatest first measure."""
        first = self.measures[0]
        order = {"by": columns([first.column])[0], "direction": "desc"}
        label = _("Most frequent: %(column)s") % {"column": axis.heading}
        result = asker.ask([first.column], [axis.body(asker.scope)], order=order, limit=most, label=label)
        return list(result.columns[0].values)

    def _heatmap(self, asker: Asker) -> Answer:
        """A cell for each pair of the values with the most, all others left out."""
        scope = asker.scope
        sides = [self._side(asker, axis) for axis in self.axes]
        where = [
            axis.is_one_of(scope, *values)
            for axis, values in zip(self.axes, sides, strict=True)
            if not axis.is_ordered and values
        ]
        found = self._ask(asker, MAX_LIMIT, where=where, label=self._label if where else "")
        values = {self._keys(row.values): row.figures[0] for row in found}
        answer = Answer(table=self._table(found, scope), legend=((self._label, "series-1"),), note=self._of_one)
        if {axis.column for axis in self.axes} == {"dayOfWeek", "hourOfDay"}:
            return replace(answer, figure=self._week(found))
        return replace(answer, figure=self._grid(sides, values, scope, is_whole=len(found) < MAX_LIMIT))

    def _keys(self, values: Sequence[Any]) -> tuple[Hashable, ...]:
        return tuple(axis.key_of(value) for axis, value in zip(self.axes, values, strict=True))

    def _side(self, asker: Asker, axis: Axis) -> list[Any]:
        if axis.is_ordered:
            return axis.every(asker.scope)
        return self._greatest(asker, axis, most_names(self.axes, axis, asker.scope))

    def _week(self, found: Sequence[Found]) -> dict[str, Any]:
        day = next(number for number, axis in enumerate(self.axes) if axis.column == "dayOfWeek")
        values = {(row.values[day], row.values[1 - day]): row.figures[0] for row in found}
        return figures.hours(values, label=self._label)

    def _grid(
        self, sides: Sequence[list[Any]], values: dict[tuple[Hashable, ...], Any], scope: Scope, *, is_whole: bool
    ) -> dict[str, Any]:
        """Time runs from the left to the right; else the first axis runs down. Beyond the answer cells are blank."""
        first, second = (1, 0) if self.axes[0].is_time else (0, 1)
        drawn, links = {}, {}
        for row, above in enumerate(sides[first]):
            for column, beside in enumerate(sides[second]):
                pair = (above, beside) if first == 0 else (beside, above)
                value = values.get(self._keys(pair), 0 if is_whole else None)
                if value is not None:
                    drawn[row, column] = value
                narrow = self.axes[first].narrowed(scope.address, above)
                links[row, column] = link_to(scope, self.axes[second].narrowed(narrow, beside))
        down, across = (
            [self.axes[number].cell(value, scope).shown for value in sides[number]] for number in (first, second)
        )
        marks = [self.axes[second].mark(value, scope) for value in sides[second]] if self.axes[second].is_time else ()
        return figures.grid(down, across, drawn, label=self._label, links=links, marks=marks)


def _legend(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, f"series-{number}") for number, label in enumerate(labels, start=1))


def most_names(axes: Sequence[Axis], axis: Axis, scope: Scope) -> int:
    """How many values of an axis a heatmap shows, so that one answer holds all its cells."""
    if axis.is_ordered:
        return len(axis.every(scope))
    beside = [len(other.every(scope)) for other in axes if other.is_ordered]
    return min(MOST_NAMES, MAX_LIMIT // max(beside[0], 1)) if beside else MOST_NAMES
