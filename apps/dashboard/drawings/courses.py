"""Figures over the buckets of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.dashboard.buckets import Bucket, buckets_of
from apps.dashboard.drawings.asking import Asker
from apps.dashboard.measures import Figure, Measure, alike, columns_of
from apps.dashboard.ranges import Period
from apps.dashboard.tables import Series, rows_of


def by_bucket(asker: Asker, figures: Sequence[Figure], period: Period, label: str = "") -> Series:
    """Each figure in each bucket of the period: zero where there was nothing, ``None`` for a ratio to nothing."""
    scope = asker.scope
    moment = {"column": "datetime", "interval": period.interval.value}
    found: dict[datetime, dict[Measure, Any]] = {}
    groups = alike(figures)
    for leaves in groups:
        named = label or (str(leaves[0].label) if len(groups) > 1 else "")
        result = asker.ask(columns_of(leaves), [moment], where=leaves[0].where, period=period, label=named)
        for row in rows_of(result):
            start = datetime.fromisoformat(str(row["datetime"]))
            found.setdefault(start, {}).update({leaf: leaf.of(row) for leaf in leaves})
    return _series(figures, found, buckets_of(period, zone=scope.zone, now=scope.now))


def _series(
    figures: Sequence[Figure], found: Mapping[datetime, Mapping[Measure, Any]], buckets: Sequence[Bucket]
) -> Series:
    known = {bucket.start: bucket for bucket in buckets}
    # A bucket that the calendar here did not expect is drawn all the same: nothing that was counted is lost.
    every = sorted({**{start: Bucket(start, True) for start in found}, **known}.values(), key=lambda each: each.start)
    return Series(
        tuple(every),
        tuple(tuple(_value(figure, found.get(bucket.start, {})) for bucket in every) for figure in figures),
    )


def _value(figure: Figure, leaves: Mapping[Measure, Any]) -> float | None:
    value: float | None = figure.combine(leaves)
    return 0 if value is None and isinstance(figure, Measure) else value
