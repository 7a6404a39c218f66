"""Tables of the reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    """A Markdown table with columns of equal width."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
