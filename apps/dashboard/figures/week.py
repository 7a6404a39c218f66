"""The active hours of a week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext as _

from apps.dashboard import labels, numbers
from apps.dashboard.figures import axes

_DAYS = 7
_HOURS = 24


def hours(
    values: Mapping[tuple[int, int], int],
    *,
    label: str,
    first_weekday: int = 1,
    links: Mapping[tuple[int, int], str] | None = None,
) -> dict[str, Any]:
    """A cell for each hour of a week by (day, hour): Monday is 1 and Sunday 7, hours are 0 to 23; missing ones are 0.

    The row of ``first_weekday`` is the upmost. ``label`` says what is counted, ``links`` where a click on a cell goes.
    """
    days = [(first_weekday - 1 + index) % _DAYS + 1 for index in range(_DAYS)]
    rows = [[values.get((day, hour), 0) for hour in range(_HOURS)] for day in days]
    known = links or {}
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=list(range(_HOURS)),
            y=list(range(_DAYS)),
            zmin=0,
            zmax=max(1, *(max(row) for row in rows)),
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=[
                [[_when(day, hour), numbers.exact(value), known.get((day, hour), "")] for hour, value in enumerate(row)]
                for day, row in zip(days, rows, strict=True)
            ],
            hovertemplate=f"%{{customdata[0]}}<br>{axes.text(label)}: %{{customdata[1]}}<extra></extra>",
        )
    )
    figure.update_layout(axes.bare(margin={"l": 36, "r": 0, "t": 0, "b": 24}, xaxis=_clock(), yaxis=_week(days)))
    return axes.drawn(figure)


def _when(day: int, hour: int) -> str:
    names = {"day": labels.weekday(day), "start": f"{hour:02}:00", "end": f"{hour + 1:02}:00"}
    return axes.text(_("%(day)s, %(start)s–%(end)s") % names)


def _clock() -> dict[str, Any]:
    marks = list(range(0, _HOURS, 3))
    return _plain() | {"tickvals": marks, "ticktext": [f"{hour:02}" for hour in marks]}


def _week(days: list[int]) -> dict[str, Any]:
    names = [axes.text(labels.weekday(day, short=True)) for day in days]
    return _plain() | {"autorange": "reversed", "tickvals": list(range(_DAYS)), "ticktext": names}


def _plain() -> dict[str, Any]:
    return {
        "fixedrange": True,
        "showspikes": False,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "tickmode": "array",
        "tickangle": 0,
        "ticklabelstandoff": 4,
    }
