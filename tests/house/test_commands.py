"""Commands: each is documented, and tells its own help."""

from __future__ import annotations

import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.conftest import require

ROOT = Path(__file__).resolve().parent.parent.parent
COMMANDS = {name: app for name, app in get_commands().items() if app.startswith(("apps.", "insights_site"))}
OPTIONS = {
    "bootstrap": {"--organization", "--site", "--url", "--email", "--password", "--json"},
    "demo": {"--events", "--before-serving"},
    "explain_query": {"--site"},
    "import_events": {"--site", "--resume"},
    "import_logs": {"--site", "--format", "--url"},
}


def documented(pattern: str) -> list[str]:
    return re.findall(rf"^\| `{pattern}` \|", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)


def test_every_command_is_in_the_table_in_order() -> None:
    assert {"bootstrap", "serve", "import_events", "explain_query"} <= set(COMMANDS)
    assert documented("([a-z_]+)") == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_says_what_the_command_does_and_what_each_option_means(name: str) -> None:
    parser = load_command_class(COMMANDS[name], name).create_parser("manage.py", name)
    out = StringIO()
    parser.print_help(out)
    own = {action.option_strings[0]: action.help for action in parser._actions if action.option_strings}
    assert parser.description
    assert len(parser.description) > 20
    assert OPTIONS.get(name, set()) <= set(own)
    assert all(own.values()), own
    assert f"usage: manage.py {name}" in out.getvalue()


def test_make_help_lists_every_target_with_a_sentence() -> None:
    make = require("make")
    lines = subprocess.run([make, "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    targets = [line.split()[1] for line in lines if line.startswith("make ")]
    assert targets == [
        "help",
        "setup",
        "run",
        "serve",
        "test",
        "test-server",
        "test-recipes",
        "check",
        "bench",
        "bench-ingest",
        "bench-server",
        "bench-rollups",
        "bench-pages",
        "screenshots",
        "lock",
        "script",
        "plotly",
    ]
    assert documented("make ([a-z-]+)") == targets
    assert (
        "make run           Do everything for a first look: set up, demo data, serve. Later starts keep the data."
        in lines
    )


def test_an_old_python_is_told_what_is_needed(tmp_path: Path) -> None:
    make = require("make")
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    old = tmp_path / "python-of-long-ago"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    answer = subprocess.run(
        [make, ".venv/bin/python", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode != 0
    assert f"Python 3.11 or later is needed as '{old}'" in answer.stderr
