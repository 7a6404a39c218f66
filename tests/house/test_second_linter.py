"""What ``make check`` skips of bandit is enforced by ruff, which finds the same and wants a reason beside each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("apps", "insights_site", "manage.py")


def findings(*command: str) -> Any:
    """What a linter prints as JSON; it answers 1 where it finds something."""
    run = subprocess.run(
        [sys.executable, "-m", *command, *OURS], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode in (0, 1), run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize(("bandit", "ruff"), [("B104", "S104"), ("B608", "S608")])
def test_ruff_finds_all_that_a_skipped_check_of_bandit_finds(bandit: str, ruff: str) -> None:
    skipped = re.findall(r"bandit .*--skip (\S+)", (ROOT / "Makefile").read_text())
    assert skipped == ["B104,B608"]
    theirs = findings("bandit", "--quiet", "--recursive", "--format", "json", "--ignore-nosec", "--tests", bandit)
    found = findings("ruff", "check", "--isolated", "--ignore-noqa", "--output-format", "json", "--select", ruff)
    looked_at = {
        (Path(each["filename"]), line)
        for each in found
        for line in range(each["location"]["row"], each["end_location"]["row"] + 1)
    }
    wanted = {(ROOT / each["filename"], each["line_number"]) for each in theirs["results"]}
    assert wanted
    assert wanted - looked_at == set()
