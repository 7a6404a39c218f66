"""Groups side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from apps.dashboard import numbers
from apps.dashboard.figures import axes

_UNSEEN = "\u200b"
_LONGEST = 24
"""Characters of a name that are written beside its bar; the pointer finds the rest."""


def bars(
    names: Sequence[str],
    values: Sequence[int],
    *,
    label: str,
    beside: Sequence[tuple[str, Sequence[int]]] = (),
    horizontal: bool = True,
    links: Sequence[str] | None = None,
) -> dict[str, Any]:
    """A bar for each name in the order given, from above or from the left.

    ``label`` says what is counted, ``beside`` are labels and values of further bars of each name, ``links`` where a
    click on them goes (``""`` for nowhere).
    """
    places = _places(names)
    figure = go.Figure()
    for number, (what, counts) in enumerate(((label, values), *beside), start=1):
        figure.add_trace(
            go.Bar(
                x=counts if horizontal else places,
                y=places if horizontal else counts,
                orientation="h" if horizontal else "v",
                meta=f"series-{number}",
                text=[numbers.compact(value) for value in counts],
                # Several bars of one name are too thin for letters.
                textposition="none" if beside else "auto",
                textangle=0,
                cliponaxis=False,
                name=axes.text(what),
                hovertext=[numbers.exact(value) for value in counts],
                hovertemplate="%{hovertext}",
                customdata=links,
            )
        )
    groups = {
        "type": "category",  # whatever the names look like: "2024" is no number
        "fixedrange": True,
        "showgrid": False,
        "showspikes": False,
        "zeroline": False,
        "automargin": True,
        "ticklabelstandoff": 6,
        "unifiedhovertitle": {"text": "%{y}" if horizontal else "%{x}"},
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [_short(name) for name in names],
    }
    if horizontal:
        groups["range"] = [len(names) - 0.5, -0.5]
    highest = max(max(counts, default=0) for counts in (values, *(counts for _label, counts in beside)))
    amounts = axes.counts(highest) | {"showspikes": False}
    figure.update_layout(
        axes.bare(
            barmode="group",
            bargap=0.3,
            hovermode="y unified" if horizontal else "x unified",
            margin={"l": 8 if horizontal else 42, "r": 8, "t": 8, "b": 24},
            xaxis=amounts if horizontal else groups,
            yaxis=groups if horizontal else amounts | {"ticklabelstandoff": 6},
        )
    )
    return axes.drawn(figure)


def _places(names: Sequence[str]) -> list[str]:
    """The names as categories of an axis: a second group of the same name gets characters that are not seen."""
    found: list[str] = []
    for name in names:
        found.append(axes.text(name) + _UNSEEN * sum(earlier.rstrip(_UNSEEN) == axes.text(name) for earlier in found))
    return found


def _short(name: str) -> str:
    return axes.text(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")
