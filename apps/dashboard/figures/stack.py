"""Parts of a whole over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from apps.dashboard.figures import axes
from apps.dashboard.tables import Series
from apps.insights.moments import Interval


@dataclass(frozen=True, slots=True)
class Part:
    """What one colour of a stack means; ``colour`` is a custom property such as ``rating-good`` or ``series-1``."""

    label: Any
    colour: str


def stacked(
    series: Series, parts: Sequence[Part], *, interval: Interval, zone: ZoneInfo, is_beside: bool = False
) -> dict[str, Any]:
    """For each bucket a column, made of the parts from below in their order; a cut bucket is hatched.

    ``is_beside``: what are no parts of a whole stand beside each other, each a column of its own.
    """
    moments = axes.local(series.buckets, zone)
    hatches = ["" if bucket.whole else "/" for bucket in series.buckets]
    figure = go.Figure()
    for part, values in zip(parts, series.values, strict=True):
        figure.add_trace(
            go.Bar(
                x=moments,
                y=values,
                name=axes.text(str(part.label)),
                meta=part.colour,
                marker={"pattern": {"shape": hatches, "size": 6, "solidity": 0.4}, "line": {"width": 0}},
                hovertemplate="%{y:,d}",
            )
        )
    highest = max(((max if is_beside else sum)(values) for values in zip(*series.values, strict=True)), default=0)
    layout = axes.over_time(interval, highest=highest, span=None)
    figure.update_layout(layout, barmode="group" if is_beside else "stack", bargap=0.25, xaxis={"showspikes": False})
    return axes.drawn(figure)
