"""A result as a Plotly figure. Colours and letters are the browser's: it knows whether it is dark."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from apps.dashboard.reports import Trend
from apps.dashboard.tables import Series
from apps.insights.moments import Interval

_TICKS = {Interval.HOUR: "%H:%M\n%-d %b", Interval.MONTH: "%b\n%Y"}
_HOVERS = {
    Interval.HOUR: "%a %-d %b, %H:%M",
    Interval.DAY: "%A, %-d %B %Y",
    Interval.WEEK: "Week of %-d %B %Y",
    Interval.MONTH: "%B %Y",
}
_FEW = 6
"""Below this an axis gets a line for each whole number."""


def lines(drawing: Trend, series: Series, *, interval: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """The figure of ``drawing`` as Plotly's JSON: for each series a line, dashes for cut buckets, and its points.

    ``meta`` of a trace is the number (1, 2, …) of the custom property that colours it.
    """
    moments = [bucket.start.astimezone(zone).replace(tzinfo=None).isoformat() for bucket in series.buckets]
    whole = [bucket.whole for bucket in series.buckets]
    figure = go.Figure()
    for number, (measure, values) in enumerate(zip(drawing.series, series.values, strict=True), start=1):
        sure = [value if certain else None for value, certain in zip(values, whole, strict=True)]
        figure.add_trace(_line(number, moments, sure, dash="solid"))
        for start, end in _cuts(whole):
            figure.add_trace(_line(number, moments[start:end], [*values[start:end]], dash="3px,3px"))
        figure.add_trace(_points(number, moments, values, label=str(measure.label)))
    figure.update_layout(
        _layout(interval, moments, highest=max((max(each, default=0) for each in series.values), default=0))
    )
    drawn: dict[str, Any] = json.loads(figure.to_json())
    return drawn


def _line(number: int, moments: list[str], values: list[int | None] | list[int], *, dash: str) -> go.Scatter:
    return go.Scatter(
        x=moments,
        y=values,
        meta=number,
        mode="lines",
        line={"width": 2, "dash": dash},
        fill="tozeroy" if number == 1 else "none",
        hoverinfo="skip",
    )


def _points(number: int, moments: list[str], values: tuple[int, ...], *, label: str) -> go.Scatter:
    """What the pointer finds: every bucket once, whole or cut. Seen only where there is no line, at a single bucket."""
    return go.Scatter(
        x=moments,
        y=values,
        name=label,
        meta=number,
        mode="markers",
        marker={"size": 8, "opacity": 1 if len(values) == 1 else 0},
        hovertemplate="%{y:,d}",
    )


def _cuts(whole: list[bool]) -> list[tuple[int, int]]:
    """The slices that join a cut bucket at either end to its neighbour."""
    size = len(whole)
    ends = []
    if size > 1 and not whole[0]:
        ends.append((0, 2))
    if size > 1 and not whole[-1] and (size > 2 or whole[0]):
        ends.append((size - 2, size))
    return ends


def _layout(interval: Interval, moments: list[str], *, highest: int) -> dict[str, Any]:
    few = {"dtick": 1} if highest < _FEW else {"nticks": 5}
    span = [moments[0], moments[-1]] if len(moments) > 1 else None
    return {
        "template": "none",
        "autosize": True,
        "showlegend": False,
        "dragmode": False,
        "hovermode": "x unified",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 42, "r": 16, "t": 8, "b": 36 if interval in _TICKS else 24},
        "xaxis": {
            "type": "date",
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "nticks": 8,
            "tickformat": _TICKS.get(interval, "%-d %b"),
            "hoverformat": _HOVERS[interval],
            "range": span,
            "spikemode": "across",
            "spikedash": "solid",
            "spikethickness": 1,
        },
        "yaxis": {
            "fixedrange": True,
            "showspikes": False,
            "ticklabelstandoff": 6,
            "zeroline": False,
            "tickformat": "~s",
            "range": [0, max(highest, 1) * 1.08],
            **few,
        },
    }
