"""Two columns of names with a figure for each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from apps.dashboard import numbers
from apps.dashboard.figures import axes

_LONGEST = 22
"""Characters of a name that are written beside the picture; the pointer finds the rest."""
_MOST_MARKS = 8
"""More moments than these below a picture run into one another."""
_WIDE = 30
"""From so many times the lowest number on, colours follow the number of digits: else all but one would look alike."""
_LEAST = 0.05
"""How far the lowest number is then from nothing, of a tenfold number."""

Place = tuple[int, int]
"""The number of a row, from above, and of a column, from the left."""


def grid(
    down: Sequence[str],
    across: Sequence[str],
    values: Mapping[Place, float],
    *,
    label: str,
    links: Mapping[Place, str] | None = None,
    marks: Sequence[str] = (),
) -> dict[str, Any]:
    """A cell for each pair of a name of ``down`` and one of ``across``, darker where its value is higher.

    What is missing is blank. ``label`` says what is counted, ``links`` where a click on a cell goes; ``marks`` are
    short names of ``across`` of which a few suffice, as along a time.
    """
    places = [[(row, column) for column in range(len(across))] for row in range(len(down))]
    known = links or {}
    colours = _colours(values)
    figure = go.Figure(
        go.Heatmap(
            z=[[colours.get(place) for place in row] for row in places],
            x=list(range(len(across))),
            y=list(range(len(down))),
            zmin=0,
            zmax=max(colours.values(), default=0) or 1,
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=[
                [[_pair(down, across, place), _exact(values.get(place)), known.get(place, "")] for place in row]
                for row in places
            ],
            hovertemplate=f"%{{customdata[0]}}<br>{axes.text(label)}: %{{customdata[1]}}<extra></extra>",
        )
    )
    step = -(-len(across) // _MOST_MARKS) if marks else 1
    few = list(range(0, len(across), max(step, 1)))
    beside = {"autorange": "reversed", "tickvals": list(range(len(down))), "ticktext": [_short(name) for name in down]}
    below = {"tickvals": few, "ticktext": [_short((marks or across)[number]) for number in few]}
    figure.update_layout(
        axes.bare(margin={"l": 8, "r": 8, "t": 0, "b": 24}, xaxis=_plain() | below, yaxis=_plain() | beside)
    )
    return axes.drawn(figure)


def _colours(values: Mapping[Place, float]) -> dict[Place, float]:
    """How dark each cell is."""
    some = [value for value in values.values() if value > 0]
    if not some or max(some) < _WIDE * min(some):
        return dict(values)
    return {
        place: log10(value / min(some)) + _LEAST if value > 0 else 0  # nothing stays nothing
        for place, value in values.items()
    }


def _pair(down: Sequence[str], across: Sequence[str], place: Place) -> str:
    return f"{axes.text(down[place[0]])} · {axes.text(across[place[1]])}"


def _exact(value: float | None) -> str:
    return "–" if value is None else numbers.exact(value)


def _short(name: str) -> str:
    return axes.text(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _plain() -> dict[str, Any]:
    return {
        "fixedrange": True,
        "showspikes": False,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "ticks": "",
        "tickmode": "array",
        "ticklabelstandoff": 4,
    }
