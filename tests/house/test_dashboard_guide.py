"""docs/dashboard.md tells what the pages are and what their addresses take."""

from __future__ import annotations

import re
from pathlib import Path

from apps.dashboard.frames import PLACES
from apps.dashboard.ranges import RANGES, Comparison
from apps.dashboard.scope import PARAMETERS, tab_of

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "dashboard.md").read_text()


def test_every_page_is_told() -> None:
    assert re.findall(r"^\| ([A-Z][^|`]*) \|", GUIDE, re.MULTILINE) == [str(place.title) for place in PLACES]


def test_every_parameter_and_its_words_are_told() -> None:
    told = set(re.findall(r"`([^`]+)`", GUIDE))
    assert {*PARAMETERS, tab_of("CARD")} <= told
    assert set(RANGES) | {each.value for each in Comparison} <= told
