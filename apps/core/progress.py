"""How far long work is, drawn as text."""

from __future__ import annotations

_WIDTH = 30


def bar(share: float) -> str:
    """A bar of which ``share``, from 0 to 1, is done, and the same in percent."""
    full = round(share * _WIDTH)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}"
