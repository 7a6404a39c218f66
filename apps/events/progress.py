"""How far an import is, for whoever waits for it."""

from __future__ import annotations

import time
from typing import IO

from apps.core.progress import bar
from apps.events.imports import Progress


class ProgressBar:
    """A line that is drawn over on a terminal, and a line every few seconds elsewhere.

    ``before`` are the lines that an earlier process did: the rate leaves them out.
    """

    def __init__(self, out: IO[str], *, before: int) -> None:
        self._out = out
        self._live = out.isatty()
        self._every = 0.2 if self._live else 5.0
        self._start = self._shown = time.monotonic()
        self._before = before
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Draw, if the last drawing is old enough."""
        self._last = progress
        now = time.monotonic()
        if now - self._shown >= self._every:
            self._shown = now
            self._draw(progress)

    def end(self) -> None:
        """Draw what came last, and leave the line."""
        if self._last:
            self._draw(self._last)
            self._out.write("\n" if self._live else "")

    def _draw(self, progress: Progress) -> None:
        rate = (progress.lines - self._before) / max(time.monotonic() - self._start, 0.001)
        text = f"{progress.lines:,} lines, {progress.rejected:,} refused, {rate:,.0f} a second"
        if progress.share is not None:
            text = f"{bar(progress.share)}  {text}"
        self._out.write(f"\r{text}" if self._live else f"{text}\n")
        self._out.flush()
