"""Tables change by numbered files: data of every earlier state keep their values and figures over the upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.events.store import TABLES
from tests.events.earlier_tables import STATE, make, upgrade
from tests.reliability.apart import run_apart

FILES = [file.name for file in sorted(TABLES.glob("*.sql"))]


def test_files_are_numbered_without_gaps() -> None:
    assert [name[:4] for name in FILES] == [f"{number:04}" for number in range(1, len(FILES) + 1)]


@pytest.mark.parametrize("state", FILES[:-1])
def test_data_of_an_earlier_state_keep_their_values_and_figures(state: str, tmp_path: Path) -> None:
    made = run_apart(make, tmp_path, **{STATE: state}).split()
    upgraded, before, after = run_apart(upgrade, tmp_path, **{STATE: state}).split("/")
    assert made[0] == "42"
    assert upgraded.split() == [*made, "42", "16"]
    assert before.split() == (["rollup"] if state >= "0005" else ["raw"])
    assert after.split() == ["rollup"]
