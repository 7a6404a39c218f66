"""docs/security.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_promise_is_held_by_tests_that_are_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(tests/[a-z_/]+(?:\.py)?)`", text))
    assert len(named) > 15
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_promise_names_one() -> None:
    table = (ROOT / "docs" / "security.md").read_text().partition("|---|---|---|\n")[2].partition("\n\n")[0]
    assert [row for row in table.splitlines() if "`tests/" not in row] == []
