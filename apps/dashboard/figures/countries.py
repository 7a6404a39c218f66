"""Countries on a map of the world."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import log10
from typing import Any

import plotly.graph_objects as go
from babel.core import get_global

from apps.dashboard import labels, numbers
from apps.dashboard.figures import axes

_WIDE = 30
"""From so many times the lowest number on, colours follow the number of digits: else all but one would look alike."""

_GONE = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})
"""Codes that ISO 3166 withdrew, though the country of today kept their two letters."""


def world(values: Mapping[str, int], *, label: str, links: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Countries (ISO 3166-1 alpha-2) by a number above zero, darker where it is higher.

    Others, and codes of no country, are left as land. The map knows no country smaller than a few pixels
    (Singapore, Malta, Hong Kong): a table beside it holds all. ``label`` says what is counted, ``links`` where a
    click on a country goes.
    """
    codes = three_letters()
    known = {code: value for code, value in values.items() if code in codes and value > 0}
    highest, lowest = max(known.values(), default=1), min(known.values(), default=1)
    wide = highest >= _WIDE * lowest
    figure = go.Figure(
        go.Choropleth(
            locationmode="ISO-3",
            locations=[codes[code] for code in known],
            z=[round(log10(value), 3) if wide else value for value in known.values()],
            zmin=log10(lowest) if wide else 0,
            zmax=log10(highest) if wide else highest,
            showscale=False,
            marker={"line": {"width": 0.5}},
            text=[axes.text(labels.country(code)) for code in known],
            customdata=[[numbers.exact(value), (links or {}).get(code, "")] for code, value in known.items()],
            hovertemplate=f"%{{text}}<br>{axes.text(label)}: %{{customdata[0]}}<extra></extra>",
        )
    )
    figure.update_layout(axes.bare(margin=axes.NO_MARGIN, geo=_globe()))
    return axes.drawn(figure)


@cache
def three_letters() -> Mapping[str, str]:
    """ISO 3166-1 alpha-3 by alpha-2, as the Unicode consortium keeps them."""
    found = {}
    for code, territories in get_global("territory_aliases").items():
        if len(code) == 3 and code.isalpha() and len(territories) == 1 and code not in _GONE:
            found[territories[0]] = code
    return found


def _globe() -> dict[str, Any]:
    return {
        "projection": {"type": "natural earth1", "scale": 1.12},
        "lataxis": {"range": [-57, 84]},
        "lonaxis": {"range": [-169, 191]},
        "bgcolor": axes.CLEAR,
        "showframe": False,
        "showcoastlines": False,
        "showland": True,
        "showcountries": True,
        "countrywidth": 0.5,
    }
