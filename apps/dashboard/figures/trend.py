"""Lines over time, with the same of an earlier period underneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.dashboard.figures import axes
from apps.dashboard.tables import Series
from apps.insights.moments import Interval

_EARLIER = {Interval.HOUR: "D j M, H:i", Interval.DAY: "D j M Y", Interval.WEEK: "j M Y", Interval.MONTH: "F Y"}
_FADED = 0.55
_NO_SIZE = 1_000_000
_WIDTH = 2
_EDGES = 3
"""How much wider a line is than the one that lies on it: so much of it is seen at both sides together."""
_COVERED = 0.5
"""Beyond this part of its buckets, a line that has the figures of a later one is told to lie under it."""
_MOST_FILLED = 2
"""With more lines than these, the area below the first would only cloud them."""


def lines(
    labels: Sequence[str],
    series: Series,
    *,
    interval: Interval,
    zone: ZoneInfo,
    before: Series | None = None,
    is_share: bool = False,
) -> dict[str, Any]:
    """For each series a line, dashes for cut buckets, and its points. The colours suffice for six series.

    ``before`` is the same of an earlier period: its first bucket is drawn below the first of ``series``, and so on,
    thin and pale; what it has beyond the buckets of ``series`` is not drawn. ``is_share``: the values are parts of 1.
    """
    moments = axes.local(series.buckets, zone)
    written = "%{y:.1%}" if is_share else "%{y:,d}"
    earlier = [values[: len(moments)] for values in before.values] if before else []
    figure = go.Figure()
    for number, values in enumerate(earlier, start=1):
        figure.add_trace(_pale(number, moments, values))
    filled = len(labels) <= _MOST_FILLED
    whole = [bucket.whole for bucket in series.buckets]
    for number, (values, width) in enumerate(zip(series.values, _widths(series.values), strict=True), start=1):
        figure.add_traces(_lines(number, moments, values, whole, filled=filled, width=width))
    for number, (label, values) in enumerate(zip(labels, series.values, strict=True), start=1):
        figure.add_trace(_points(number, moments, values, label=label, written=written))
    if before:
        dates = _dates(before, interval, zone)
        for number, (label, values) in enumerate(zip(labels, earlier, strict=True), start=1):
            figure.add_trace(_earlier_points(number, moments, values, dates, label=label, written=written))
    highest = max((value or 0 for each in (*series.values, *earlier) for value in each), default=0)
    span = [moments[0], moments[-1]] if len(moments) > 1 else None
    figure.update_layout(axes.over_time(interval, highest=highest, span=span, is_share=is_share))
    return axes.drawn(figure)


def _widths(every: Sequence[Sequence[float | None]]) -> list[int]:
    """How wide each line is: one that others lie on is seen at both sides of them."""
    return [
        _WIDTH + _EDGES * sum(_lies_on(later, values) for later in every[number:])
        for number, values in enumerate(every, start=1)
    ]


def _lies_on(later: Sequence[float | None], values: Sequence[float | None]) -> bool:
    """Whether the same figures, other than none, are in so many buckets that the line below would be missed."""
    counted = [(one, other) for one, other in zip(values, later, strict=True) if one]
    return sum(one == other for one, other in counted) > _COVERED * len(counted)


def _lines(
    number: int, moments: list[str], values: Sequence[float | None], whole: list[bool], *, filled: bool, width: int
) -> list[Any]:
    sure = [value if certain else None for value, certain in zip(values, whole, strict=True)]
    fill = "tozeroy" if number == 1 and filled else "none"
    cut = [
        _line(number, moments[start:end], values[start:end], dash="3px,3px", fill=fill, width=width)
        for start, end in _cuts(whole)
    ]
    return [_line(number, moments, sure, dash="solid", fill=fill, width=width), *cut]


def _line(
    number: int, moments: list[str], values: Sequence[float | None], *, dash: str, fill: str, width: int
) -> go.Scatter:
    return go.Scatter(
        x=moments,
        y=values,
        meta=_colour(number),
        mode="lines",
        line={"width": width, "dash": dash},
        fill=fill,
        hoverinfo="skip",
    )


def _pale(number: int, moments: list[str], values: Sequence[float | None]) -> go.Scatter:
    return go.Scatter(
        x=moments[: len(values)],
        y=values,
        meta=_colour(number),
        mode="lines",
        line={"width": 1.25, "dash": "solid"},
        opacity=_FADED,
        hoverinfo="skip",
    )


def _points(number: int, moments: list[str], values: Sequence[float | None], *, label: str, written: str) -> go.Scatter:
    """What the pointer finds: every bucket once, whole or cut. Seen only where there is no line, at a single bucket."""
    return go.Scatter(
        x=moments,
        y=values,
        name=axes.text(label),
        meta=_colour(number),
        mode="markers",
        marker=_spots(8, values),
        hovertemplate=written,
    )


def _earlier_points(
    number: int, moments: list[str], values: Sequence[float | None], dates: list[str], *, label: str, written: str
) -> go.Scatter:
    names = [_("%(figure)s, %(date)s") % {"figure": label, "date": date} for date in dates[: len(values)]]
    return go.Scatter(
        x=moments[: len(values)],
        y=values,
        name=axes.text(label),
        meta=_colour(number),
        mode="markers",
        marker={**_spots(8, values), "opacity": _FADED},
        text=[axes.text(name) for name in names],
        hovertemplate=f"{written}<extra>%{{text}}</extra>",
    )


def _spots(size: int, values: Sequence[float | None]) -> dict[str, Any]:
    """Full size and colour in the pointer's box; on the line as good as nothing, so that the line stays a line."""
    shown = 1 if len(values) == 1 else _NO_SIZE
    return {"size": [size] * len(values), "sizeref": shown, "opacity": 1, "line": {"width": 0}}


def _dates(before: Series, interval: Interval, zone: ZoneInfo) -> list[str]:
    return [date_format(bucket.start.astimezone(zone), _EARLIER[interval]) for bucket in before.buckets]


def _colour(number: int) -> str:
    return f"series-{number}"


def _cuts(whole: list[bool]) -> list[tuple[int, int]]:
    """The slices that join a cut bucket at either end to its neighbour."""
    size = len(whole)
    ends = []
    if size > 1 and not whole[0]:
        ends.append((0, 2))
    if size > 1 and not whole[-1] and (size > 2 or whole[0]):
        ends.append((size - 2, size))
    return ends
