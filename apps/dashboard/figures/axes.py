"""What figures have in common: an empty layout, axes of time and of counts, texts that are safe to draw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from apps.dashboard.buckets import Bucket
from apps.insights.moments import Interval

CLEAR = "rgba(0,0,0,0)"
NO_MARGIN = {"l": 0, "r": 0, "t": 0, "b": 0}
_FEW = 6
"""Below this an axis gets a line for each whole number."""

_TICKS = {Interval.HOUR: "%H:%M\n%-d %b", Interval.MONTH: "%b\n%Y"}
_HOVERS = {
    Interval.HOUR: "%a %-d %b, %H:%M",
    Interval.DAY: "%A, %-d %B %Y",
    Interval.WEEK: "Week of %-d %B %Y",
    Interval.MONTH: "%B %Y",
}


def drawn(figure: go.Figure) -> dict[str, Any]:
    """The figure as plotly.js takes it, of plain lists, numbers and texts."""
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain


def text(words: str) -> str:
    """Words as plotly.js draws them: it would take ``<b>`` or ``<a href>`` in a page's name for a command."""
    return escape(words, quote=False)


def bare(**more: Any) -> dict[str, Any]:
    """A layout without a theme, a legend or anything to drag."""
    return {
        "template": "none",
        "autosize": True,
        "showlegend": False,
        "dragmode": False,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        **more,
    }


def local(buckets: Sequence[Bucket], zone: ZoneInfo) -> list[str]:
    """The starts of buckets as a clock in ``zone`` shows them."""
    return [bucket.start.astimezone(zone).replace(tzinfo=None).isoformat() for bucket in buckets]


def over_time(
    interval: Interval, *, highest: float, span: Sequence[str] | None, is_share: bool = False
) -> dict[str, Any]:
    """The layout of counts from zero to ``highest`` over time. ``span`` is the first and last moment, if not free."""
    return bare(
        hovermode="x unified",
        margin={"l": 42, "r": 16, "t": 8, "b": 42 if interval in _TICKS else 30},
        xaxis={
            "type": "date",
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickangle": 0,
            # The first moment stands below the zero of the other axis.
            "ticklabelstandoff": 6,
            "tickformat": _TICKS.get(interval, "%-d %b"),
            "hoverformat": _HOVERS[interval],
            "range": span,
            "spikemode": "across",
            "spikedash": "solid",
            "spikethickness": 1,
        },
        yaxis={"showspikes": False, "ticklabelstandoff": 6, **(SHARES if is_share else counts(highest))},
    )


SHARES = {
    "fixedrange": True,
    "zeroline": True,
    "zerolinewidth": 1,
    "tickformat": ".0%",
    "range": [0, 1.02],
    "nticks": 5,
}
"""An axis of parts of a whole."""


def counts(highest: float) -> dict[str, Any]:
    """An axis of counts with a line at zero, and few marks that are whole numbers."""
    few = {"dtick": 1} if highest < _FEW else {"nticks": 5}
    return {
        "fixedrange": True,
        "zeroline": True,
        "zerolinewidth": 1,
        "tickformat": "~s",
        "range": [0, max(highest, 1) * 1.08],
        **few,
    }
