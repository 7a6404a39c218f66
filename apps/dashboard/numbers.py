"""Numbers as people read them."""

from __future__ import annotations

_ROOMY = 10_000
_STEPS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def compact(value: float) -> str:
    """All digits below 10,000 (``9,512``), then three at most and a unit: ``12.4k``, ``1.2M``. Fractions: ``1.84``."""
    if value < _ROOMY:
        return exact(value)
    for size, unit in _STEPS:
        # A hair below the step already rounds up to it: 999,950 reads "1M", not "1000k".
        if value >= size * 0.9995:
            scaled = value / size
            text = f"{scaled:.1f}" if scaled < 99.95 else f"{scaled:.0f}"
            return text.removesuffix(".0") + unit
    raise AssertionError(value)


def exact(value: float) -> str:
    """Every digit, grouped by commas; fractions to two digits."""
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def duration(seconds: float) -> str:
    """A length of time: ``48 s``, ``3 min 20 s``, ``1 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
