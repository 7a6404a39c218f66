"""The tables of docs/access.md, as they are written."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access.md"
WORDS = ("yes", "sign in", "401", "403", "404", "405")
_SECTION = re.compile(r"^## .*$", re.MULTILINE)
_PREFIX = re.compile(r"`…` stands for `([^`]+)`")
_ROW = re.compile(r"^\| ([A-Z]+) \| `([^`]+)` \| (.+) \|$", re.MULTILINE)
_HEAD = re.compile(r"^\| \| \| (.+) \|$", re.MULTILINE)

Row = tuple[str, str]
"""A method and a route."""


def read_table() -> dict[Row, dict[str, str]]:
    """What the document expects of each method and route, by the heading of the column. Raises for what it repeats."""
    found: dict[Row, dict[str, str]] = {}
    for section in _SECTION.split(DOCUMENT.read_text()):
        prefix = _PREFIX.search(section)
        for method, path, cells in _ROW.findall(section):
            heads = _HEAD.search(section)
            if heads is None:
                raise ValueError(f"{path} stands below no heads.")
            route = path.replace("…", prefix[1] if prefix else "", 1)
            row = dict(zip(heads[1].split(" | "), cells.split(" | "), strict=True))
            if (method, route) in found or not set(row.values()) <= set(WORDS):
                raise ValueError(f"{method} {route} stands there twice, or with another word: {row}")
            found[method, route] = row
    return found
