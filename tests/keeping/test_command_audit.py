"""What commands do is in the audit: of each command it is known whether, and why not."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands
from django.utils.timezone import now

from apps.events.store import EventStore
from apps.organizations.audit import AuditEntry
from tests.people import World

SILENT = {
    "describe_columns": "reads the catalog of columns",
    "doctor": "reads",
    "explain_query": "reads figures, no more than the state of the service tells",
    "migrate_store": "changes tables, not what is in them",
    "serve": "what it serves tells for itself",
    "write_openapi": "reads the code",
}
ELSEWHERE = {
    "backup": "tests/keeping/test_backup.py",
    "demo": "tests/events/test_demo_command.py",
    "restore": "tests/keeping/test_backup.py",
}
TOLD = {
    "bootstrap": ["create_person", "create_organization", "create_site", "create_token"],
    "delete_old_events": ["erase_old", "erased_old"],
    "encrypt_anew": ["encrypt_anew"],
    "erase_visitor": ["erase_visitor", "erased_visitor"],
    "export_events": ["export_events"],
    "export_visitor": ["export_visitor"],
    "import_events": ["import_events"],
    "import_logs": ["import_logs"],
    "reset_site": ["erase_reset", "erased_reset"],
    "rollups": ["rebuild_rollups"],
}
OF_A_SITE = TOLD.keys() - {"bootstrap", "encrypt_anew", "export_events"}
BOOTSTRAP = (
    "--organization Globex --site Manual --url https://globex.example --email me@example.com"
    " --password correct-horse-battery"
)
LOG = '192.0.2.1 - - [26/Nov/2026:10:00:00 +0000] "GET /start HTTP/1.1" 200 512 "-" "Mozilla/5.0 Firefox/140.0"\n'


def arguments(name: str, world: World, folder: Path) -> list[str]:
    site, events, log = ["--site", world.docs.public_id], folder / "events.ndjson", folder / "access.log"
    events.write_text(
        json.dumps({"type": "page_view", "location": {"url": "https://docs.acme.example/"}, "session": {}})
    )
    log.write_text(LOG)
    given = {
        "bootstrap": shlex.split(BOOTSTRAP),
        "encrypt_anew": [],
        "export_events": [str(folder / "all")],
        "delete_old_events": [],
        "erase_visitor": [*site, "--visitor", "mal"],
        "export_visitor": [*site, "--visitor", "mal", "--output", str(folder / "visitor")],
        "import_events": [*site, str(events)],
        "import_logs": [*site, str(log)],
        "reset_site": [*site, "--yes"],
        "rollups": ["rebuild", *site, "--from", f"{now():%Y-%m-%d}"],
    }
    return given[name]


def test_of_each_command_it_is_known_whether_the_audit_tells_of_it() -> None:
    ours = {name for name, app in get_commands().items() if app.startswith(("apps.", "insights_site"))}
    assert ours == SILENT.keys() | TOLD.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("name", sorted(TOLD))
def test_the_audit_tells_what_a_command_did(rollups: EventStore, world: World, tmp_path: Path, name: str) -> None:
    if name == "delete_old_events":
        world.docs.retention_months = 2
        world.docs.save()
        rollups.insert([{"site": world.docs.pk, "id": 1, "timestamp": world.docs.created_at.replace(year=2020)}])
    call_command(name, *arguments(name, world, tmp_path), stdout=io.StringIO(), stderr=io.StringIO())
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.what for entry in entries] == TOLD[name]
    assert {entry.who for entry in entries} == {"command"}
    assert {entry.origin for entry in entries} == {""}
    if name in OF_A_SITE:
        assert {(entry.site, entry.organization) for entry in entries} == {(world.docs.public_id, world.acme.public_id)}
    assert not any(secret in str(entry.details) for entry in entries for secret in ("mal'", "correct", "/start", "@"))


def test_what_was_found_in_place_is_not_told_as_made(world: World, tmp_path: Path) -> None:
    for _time in range(2):
        given = arguments("bootstrap", world, tmp_path)
        call_command("bootstrap", *given, stdout=io.StringIO())
    made = list(AuditEntry.objects.order_by("pk").values_list("what", flat=True))
    assert made == [*TOLD["bootstrap"], "create_token"]
