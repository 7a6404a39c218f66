"""Numbers as people read them."""

from __future__ import annotations

_STEPS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def compact(value: float) -> str:
    """Three digits at most and a unit: ``950``, ``12.4k``, ``1.2M``. Small fractions keep two digits: ``1.84``."""
    if value < 999.5:
        return f"{value:.2f}" if isinstance(value, float) else str(value)
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
