"""A series as the points of a small SVG line: cheap enough for a list of many sites."""

from __future__ import annotations

from collections.abc import Sequence

from apps.dashboard.tables import Series

WIDTH = 120
HEIGHT = 32
_PADDING = 2


def course(series: Series) -> str:
    """The points of a series' first figure. A bucket that is cut short is no fall, nor is a ratio that has no value:
    they are left out.
    """
    pairs = zip(series.values[0], series.buckets, strict=True)
    known = [(value, bucket.whole) for value, bucket in pairs if value is not None]
    whole = [value for value, is_whole in known if is_whole]
    return points(whole or [value for value, _is_whole in known]) if any(series.values[0]) else ""


def points(values: Sequence[float]) -> str:
    """The ``points`` of a polyline in a box of ``WIDTH`` × ``HEIGHT``, zero at the bottom."""
    highest = max(values, default=0) or 1
    step = WIDTH / max(len(values) - 1, 1)
    room = HEIGHT - 2 * _PADDING
    return " ".join(
        f"{index * step:.1f},{HEIGHT - _PADDING - room * value / highest:.1f}" for index, value in enumerate(values)
    )
