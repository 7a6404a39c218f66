"""The command that looks after prepared counts."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core.clock import utc_now
from apps.events.store import EventStore
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rollups", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_shows_how_far_it_is(rollups: EventStore, world: World) -> None:
    for days in (40, 38):
        hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=days):%Y-%m-%dT00:00:00Z}"))
    shown = StringIO()
    call_command("rollups", "fill", stdout=StringIO(), stderr=shown)
    lines = shown.getvalue().splitlines()
    assert re.fullmatch(r"\[#+\.+\]  \d\d%  day until [-0-9]+ 00:00", lines[0])
    assert re.fullmatch(r"\[#{30}\] 100%  month until [-0-9]+ 00:00", lines[-1])


def test_it_fills_tells_and_compares(rollups: EventStore, world: World) -> None:
    assert run("status") == "Nothing is counted yet.\n"
    hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"))
    assert re.fullmatch(r"[1-9]\d* periods were counted.\n", run("fill"))
    status = run("status")
    assert status.startswith(f"{world.docs.public_id}\n  ")
    assert "Periods counted: 0 by hour, 1 by day, 1 by month." in status
    assert re.search(r"\n  Counted through [-0-9]+ \d\d:00 UTC, .+ ago\.\n  0 due, 0 with late events\.\n$", status)
    assert re.fullmatch(r"[1-9]\d* periods were compared: all equal their events.\n", run("verify"))
    hold(rollups, world.docs.pk, event(f"{utc_now() - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}", id=0))
    with pytest.raises(CommandError, match="periods differ from their events"):
        run("verify")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rebuild", "--from", "2026-03-01"), "There is no site None"),
        (("rebuild", "--site", "docs", "--from", "soon"), "Expected a day such as 2026-03-01"),
        (("rebuild", "--site", "docs", "--from", "2026-03-02", "--to", "2026-03-01"), "--to lies before --from"),
    ],
)
def test_it_says_what_is_wrong(world: World, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*(world.docs.public_id if argument == "docs" else argument for argument in arguments))


def test_its_help_names_the_four_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("rollups", "--help")
    assert "{fill,status,verify,rebuild}" in capsys.readouterr().out
