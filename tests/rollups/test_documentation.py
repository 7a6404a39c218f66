"""docs/background.md tells what is counted in advance."""

from __future__ import annotations

import re
from pathlib import Path

from apps.rollups.declarations import DECLARATIONS, KEYS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "background.md"
LINE = re.compile(r"\| (?:`(\w+)`|totals) \| ([\w ]+) \| kept \| (counted|not counted) \|")


def test_each_declaration_has_its_line() -> None:
    hours = {True: "kept", False: "until their day is counted"}
    sessions = {True: "counted", False: "not counted"}
    assert LINE.findall(DOCUMENT.read_text()) == [
        (each.name, hours[each.hourly], sessions[each.sessions]) for each in DECLARATIONS.values()
    ]


def test_the_keys_are_named() -> None:
    assert KEYS == ("event_type", "bot", "display_context")
    assert "by `eventType`, `visitorBot` and `displayContext`;" in DOCUMENT.read_text()
