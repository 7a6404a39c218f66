"""Results as tables: the same cells are drawn as rows, bars and lines, and written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.text import harmless
from apps.dashboard import numbers
from apps.dashboard.buckets import Bucket
from apps.dashboard.measures import Figure, Unit
from apps.insights.moments import Interval
from apps.insights.result import Result

_MOMENTS = {Interval.HOUR: "D j M, H:i", Interval.DAY: "D j M Y", Interval.WEEK: "j M Y", Interval.MONTH: "F Y"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: ``shown`` to people, ``exact`` in every digit, ``value`` as CSV writes it.

    ``link`` narrows the page to it, ``length`` says how much room texts of its column need.
    """

    shown: str
    exact: str
    value: str | float | None
    is_number: bool = False
    link: str = ""
    is_moment: bool = False
    length: str = ""

    @property
    def style(self) -> str:
        """Its class in the style sheet."""
        return "number" if self.is_number else "moment" if self.is_moment else self.length


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

    @property
    def heads(self) -> list[tuple[str, str]]:
        """Each heading with the class of its column in the style sheet: what the cells of the first row are."""
        classes = [cell.style for cell in self.rows[0].cells] if self.rows else []
        return list(zip_longest(self.headings, classes, fillvalue=""))

    def to_csv(self) -> str:
        """RFC 4180 text. A text that a spreadsheet would run as a formula is written behind an apostrophe."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([harmless(heading) for heading in self.headings])
        for row in self.rows:
            writer.writerow(["" if cell.value is None else harmless(cell.value) for cell in row.cells])
        return out.getvalue()


def text_cell(text: str, link: str = "", length: str = "") -> Cell:
    return Cell(text, text, text, link=link, length=length)


def number_cell(value: float | None) -> Cell:
    """A figure; ``None`` is a figure that cannot be given, such as a ratio to nothing."""
    if value is None:
        return Cell("–", "", None, is_number=True)
    return Cell(numbers.compact(value), numbers.exact(value), value, is_number=True)


def moment_cell(text: str, zone: ZoneInfo) -> Cell:
    """A moment as the API prints it, in the time zone of the page."""
    local = datetime.fromisoformat(text).astimezone(zone)
    shown = date_format(local, "j M Y, H:i")
    return Cell(shown, shown, local.isoformat(), is_moment=True)


def bucket_cell(start: datetime, interval: Interval, zone: ZoneInfo) -> Cell:
    """The bucket that begins at ``start``, as calendars in ``zone`` call it."""
    local = start.astimezone(zone)
    shown = date_format(local, _MOMENTS[interval])
    return Cell(shown, shown, local.isoformat(), is_moment=True)


def _percent_cell(value: float | None) -> Cell:
    if value is None:
        return number_cell(None)
    share = round(100 * value, 2)
    return Cell(f"{_shown_share(share):.{_digits(share)}f}%", f"{share}%", share, True)


def _shown_share(share: float) -> float:
    """A share of a hundred as people read it."""
    return round(share, _digits(share))


def _digits(share: float) -> int:
    """Behind the point: small shares have one."""
    return 0 if share >= 10 or share == 0 else 1


def _duration_cell(value: float | None) -> Cell:
    if value is None:
        return number_cell(None)
    return Cell(numbers.duration(value), _("%(seconds)s seconds") % {"seconds": numbers.exact(value)}, value, True)


def cell_of(figure: Figure, value: Any, zone: ZoneInfo) -> Cell:
    """A figure's value as its unit is written."""
    if figure.unit is Unit.MOMENT:
        return moment_cell(value, zone) if value else text_cell("–")
    if figure.unit is Unit.PERCENT:
        return _percent_cell(value)
    if figure.unit is Unit.SECONDS:
        return _duration_cell(value)
    return number_cell(_rounded(value))


def blank_cell_of(figure: Figure) -> Cell:
    """Where a figure's value will be."""
    is_moment = figure.unit is Unit.MOMENT
    return Cell("", "", None, is_number=not is_moment, is_moment=is_moment)


def _rounded(value: float | None) -> float | None:
    """Ratios have two digits; counts come as whole numbers, whatever the engine's type."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 2)
    return value


def rows_of(result: Result) -> Iterator[dict[str, Any]]:
    """The rows of an answer by column."""
    names = [each.column.name for each in result.columns]
    for values in zip(*(each.values for each in result.columns), strict=True):
        yield dict(zip(names, values, strict=True))


@dataclass(frozen=True, slots=True)
class Series:
    """The buckets of a period with each measure's value in each: zero where there was nothing, ``None`` where a
    ratio has none.
    """

    buckets: tuple[Bucket, ...]
    values: tuple[tuple[float | None, ...], ...]


def aligned(before: Series, series: Series, *, interval: Interval, zone: ZoneInfo) -> Series:
    """``before`` with a bucket for each of ``series``: the one of the same number; of hours, that of the same clock.

    On days on which clocks change, hours are missing or come twice: what has no counterpart is ``None``.
    """
    if interval is not Interval.HOUR or not (series.buckets and before.buckets):
        size = len(series.buckets)
        return Series(before.buckets[:size], tuple(values[:size] for values in before.values))
    clocks = [bucket.start.astimezone(zone).replace(tzinfo=None) for bucket in series.buckets]
    earlier = [bucket.start.astimezone(zone).replace(tzinfo=None) for bucket in before.buckets]
    distance = clocks[0].date() - earlier[0].date()
    places: dict[datetime, list[int]] = {}
    for place, clock in enumerate(earlier):
        places.setdefault(clock, []).append(place)
    found: list[int | None] = []
    for clock in clocks:
        left = places.get(clock - distance, [])
        found.append(left.pop(0) if left else None)
    buckets = (
        before.buckets[place]
        if place is not None
        else Bucket((clock - distance).replace(tzinfo=zone).astimezone(UTC), whole=True)
        for place, clock in zip(found, clocks, strict=True)
    )
    values = (tuple(None if place is None else each[place] for place in found) for each in before.values)
    return Series(tuple(buckets), tuple(values))


def by_moment(
    figures: Sequence[Figure], series: Series, *, interval: Interval, zone: ZoneInfo, before: Series | None = None
) -> Table:
    """A row for each bucket, oldest first; beside each figure the one it is held against, by its number of bucket."""
    rows = []
    for index, bucket in enumerate(series.buckets):
        cells = [bucket_cell(bucket.start, interval, zone)]
        cells += [cell_of(figure, values[index], zone) for figure, values in zip(figures, series.values, strict=True)]
        if before is not None:
            cells += [
                cell_of(figure, values[index] if index < len(values) else None, zone)
                for figure, values in zip(figures, before.values, strict=True)
            ]
        rows.append(TableRow(cells=tuple(cells), whole=bucket.whole))
    headings = [str(figure.label) for figure in figures]
    earlier = [_("%(figure)s before") % {"figure": heading} for heading in headings] if before is not None else []
    return Table((_("Time"), *headings, *earlier), tuple(rows))


class Way(Enum):
    """How a figure went since the one it is held against."""

    UNKNOWN = "unknown"
    SAME = "same"
    NEW = "new"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Change:
    """The way that a figure went, by how many whole percent; ``UNKNOWN`` where there was nothing to compare with.

    From nothing to something is ``NEW``: no percentage says that. Less than half a percent is ``SAME``.
    ``is_points``: of a share, by how many points of its hundred, between the two shares as they are shown.
    """

    way: Way
    percent: float = 0
    is_points: bool = False

    @property
    def amount(self) -> str:
        """By how much, in words."""
        if not self.is_points:
            return f"{self.percent}%"
        if self.percent % 1:
            return _("%(count)s points") % {"count": self.percent}
        return ngettext("%(count)d point", "%(count)d points", int(self.percent)) % {"count": self.percent}


def change_of(value: float | None, before: float | None, *, is_share: bool = False) -> Change:
    """How ``value`` went since ``before``; ``None`` is a figure that cannot be given."""
    if value is None or before is None:
        return Change(Way.UNKNOWN)
    if is_share:
        shown, shown_before = (_shown_share(round(100 * each, 2)) for each in (value, before))
        points = round(shown - shown_before, 1)
        return Change(Way.UP if points > 0 else Way.DOWN if points < 0 else Way.SAME, abs(points), is_points=True)
    if before == 0:
        return Change(Way.NEW if value else Way.SAME)
    percent = round(100 * (value - before) / before)
    return Change(Way.UP if percent > 0 else Way.DOWN if percent < 0 else Way.SAME, abs(percent))


@dataclass(frozen=True, slots=True)
class Total:
    """A large figure with the one it is held against, and its course as the points of a small line.

    ``is_unwanted``: the less there is of it, the better.
    """

    label: str
    cell: Cell
    before: Cell
    change: Change
    course: str = ""
    is_unwanted: bool = False

    @property
    def news(self) -> str:
        """Whether its change is ``good`` or ``bad``; empty where it is neither."""
        if self.change.way in (Way.UNKNOWN, Way.SAME):
            return ""
        return "bad" if (self.change.way is Way.DOWN) is not self.is_unwanted else "good"


def total_rows(found: Sequence[Total], *, is_compared: bool) -> Table:
    """The totals as a table."""
    headings = (_("Figure"), _("This period"), *((_("Before"),) if is_compared else ()))
    return Table(
        headings,
        tuple(
            TableRow(cells=(text_cell(each.label), each.cell, *((each.before,) if is_compared else ())))
            for each in found
        ),
    )
