"""Scenarios in processes of their own, on files of their own: they may be killed, and their clock may be set."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.reliability.service import OF_SERVERS, ROOT, SECONDS

if TYPE_CHECKING:
    from apps.sites.models import Site

_PROGRAM = "from tests.reliability.apart import main; main()"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a program that keeps its records and events in ``folder``."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_SERVERS}
    return kept | {"DJANGO_SETTINGS_MODULE": "insights_site.settings", "DATA_DIR": str(folder / "data"), **settings}


def run_apart(scenario: Callable[[Site], None], folder: Path, **settings: str) -> str:
    """Run ``scenario``, a function of a module, in a process of its own; returns what it printed.

    It is given the only site of the data in ``folder``, which is made where there is none.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, scenario.__module__, scenario.__qualname__],
        cwd=ROOT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tell(*words: object) -> None:
    """Print a line from a scenario: at once, for it may be killed right after."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """What the other process runs: module and name of the scenario are its arguments."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from apps.organizations.models import Organization
    from apps.sites.models import Site

    module, name = sys.argv[1:]
    if not connection.introspection.table_names():
        call_command("migrate", verbosity=0)
        organization = Organization.objects.create(title="Acme")
        Site.objects.create(organization=organization, title="Docs", url="https://docs.acme.example")
    site = Site.objects.get()
    connection.close()
    getattr(importlib.import_module(module), name)(site)
