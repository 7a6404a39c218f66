"""Results as tables: the same cells are drawn as rows, bars and lines, and written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.dashboard import numbers
from apps.dashboard.buckets import Bucket
from apps.dashboard.reports import Bars, Measure, Ratio, Totals, Trend
from apps.insights.moments import Interval
from apps.insights.result import Result

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula."""

_MOMENTS = {Interval.HOUR: "D j M, H:i", Interval.DAY: "D j M Y", Interval.WEEK: "j M Y", Interval.MONTH: "F Y"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: ``shown`` to people, ``exact`` in every digit, ``value`` as CSV writes it."""

    shown: str
    exact: str
    value: str | float | None
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """Cells; ``share`` is the length of its bar in percent of the longest, ``whole`` false for a cut bucket."""

    cells: tuple[Cell, ...]
    share: float = 0.0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of equally many cells."""

    headings: tuple[str, ...]
    rows: tuple[TableRow, ...]

    def to_csv(self) -> str:
        """RFC 4180 text. A text that a spreadsheet would run as a formula is written behind an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([_harmless(heading) for heading in self.headings])
        for row in self.rows:
            writer.writerow(["" if cell.value is None else _harmless(cell.value) for cell in row.cells])
        return out.getvalue()


def _harmless(value: str | float) -> str | float:
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_MARKS):
        return f"'{value}"
    return value


def text_cell(text: str) -> Cell:
    return Cell(text, text, text)


def number_cell(value: float | None) -> Cell:
    """A figure; ``None`` is a figure that cannot be given, such as a ratio to nothing."""
    if value is None:
        return Cell("–", "", None, is_number=True)
    return Cell(numbers.compact(value), numbers.exact(value), value, is_number=True)


def ranked(drawing: Bars, result: Result) -> Table:
    """A row for each group, in the answer's order."""
    names = [drawing.name(value) for value in result.values(drawing.dimension.column)]
    columns = [_numbers(result, measure.column) for measure in drawing.measures]
    longest = max(columns[0], default=0) or 1
    return Table(
        (str(drawing.dimension.label), *(str(measure.label) for measure in drawing.measures)),
        tuple(
            TableRow(
                cells=(text_cell(name), *(number_cell(value) for value in values)),
                share=round(100 * values[0] / longest, 1),
            )
            for name, values in zip(names, zip(*columns, strict=True), strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class Series:
    """The buckets of a period with each measure's value in each: zero where there was nothing."""

    buckets: tuple[Bucket, ...]
    values: tuple[tuple[int, ...], ...]


def over_time(drawing: Trend, result: Result, buckets: Sequence[Bucket]) -> Series:
    """The answer with its empty buckets filled by zeros."""
    starts = [datetime.fromisoformat(str(text)) for text in result.values("datetime")]
    known = {bucket.start: bucket for bucket in buckets}
    # A bucket that the calendar here did not expect is drawn all the same: nothing that was counted is lost.
    every = sorted({**{start: Bucket(start, True) for start in starts}, **known}.values(), key=lambda each: each.start)
    values = []
    for measure in drawing.series:
        found = dict(zip(starts, _numbers(result, measure.column), strict=True))
        values.append(tuple(found.get(bucket.start, 0) for bucket in every))
    return Series(tuple(every), tuple(values))


def by_moment(drawing: Trend, series: Series, *, interval: Interval, zone: ZoneInfo) -> Table:
    """A row for each bucket, oldest first."""
    rows = []
    for index, bucket in enumerate(series.buckets):
        local = bucket.start.astimezone(zone)
        shown = date_format(local, _MOMENTS[interval])
        cells = (Cell(shown, shown, local.isoformat()), *(number_cell(values[index]) for values in series.values))
        rows.append(TableRow(cells=cells, whole=bucket.whole))
    return Table((_("Time"), *(str(measure.label) for measure in drawing.series)), tuple(rows))


@dataclass(frozen=True, slots=True)
class Total:
    """A large figure; ``change`` in whole percent of ``before``, ``None`` where there was nothing to compare with."""

    label: str
    cell: Cell
    before: Cell
    change: int | None


def totals(drawing: Totals, result: Result, previous: Result) -> tuple[Total, ...]:
    """Each figure with the same of the previous period."""
    now, before = _first_row(result), _first_row(previous)
    found = []
    for figure in drawing.figures:
        value, old = _figure(figure, now), _figure(figure, before)
        change = round(100 * (value - old) / old) if value is not None and old else None
        found.append(Total(str(figure.label), number_cell(value), number_cell(old), change))
    return tuple(found)


def total_rows(found: Sequence[Total]) -> Table:
    """The totals as a table."""
    return Table(
        (_("Figure"), _("This period"), _("Previous period")),
        tuple(TableRow(cells=(text_cell(each.label), each.cell, each.before)) for each in found),
    )


def _figure(figure: Measure | Ratio, row: Mapping[str, int]) -> float | None:
    if isinstance(figure, Measure):
        return row[figure.column]
    return round(row[figure.over] / row[figure.under], 2) if row[figure.under] else None


def _first_row(result: Result) -> dict[str, int]:
    return {each.column.name: _whole(each.values[0]) for each in result.columns}


def _numbers(result: Result, column: str) -> list[int]:
    return [_whole(value) for value in result.values(column)]


def _whole(value: Any) -> int:
    return int(value)
