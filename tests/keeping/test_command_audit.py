"""What commands do is in the audit: of each command it is known whether, and why not."""

from __future__ import annotations

import getpass
import io
import json
import shlex
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.utils.timezone import now

from apps.events.store import EventStore
from apps.organizations.audit import AuditEntry
from apps.organizations.models import User
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
THEIRS = {
    "account_unsetmultipleprimaryemails": "finds nobody: a person has one address",
    "check": "reads",
    "clearsessions": "deletes sessions that have ended",
    "collectstatic": "copies files of the code",
    "compilemessages": "writes files of the code",
    "createcachetable": "makes an empty table, for a cache that is not in use",
    "dbshell": "who has the database can do everything",
    "diffsettings": "reads settings",
    "dumpdata": "who has the database can do everything",
    "findstatic": "reads",
    "flush": "deletes everything, the audit too, or is refused by the audit",
    "generateschema": "reads the code",
    "inspectdb": "reads tables, not what is in them",
    "loaddata": "who has the database can do everything",
    "makemessages": "writes files of the code",
    "makemigrations": "writes files of the code",
    "migrate": "changes tables, as every start does",
    "optimizemigration": "writes files of the code",
    "remove_stale_contenttypes": "deletes rights to what there is no more",
    "runserver": "what it serves tells for itself",
    "sendtestemail": "sends a mail without content",
    "shell": "who has the database can do everything",
    "showmigrations": "reads",
    "spectacular": "reads the code",
    "sqlflush": "prints statements",
    "sqlmigrate": "prints statements",
    "sqlsequencereset": "prints statements",
    "squashmigrations": "writes files of the code",
    "startapp": "writes files of the code",
    "startproject": "writes files of the code",
    "test": "has a database of its own",
    "testserver": "has a database of its own",
}
"""Commands of others that the audit tells nothing of, with the reason; what changes access is ours instead."""
TOLD = {
    "bootstrap": ["create_person", "create_organization", "create_site", "create_token"],
    "changepassword": ["change_person"],
    "createsuperuser": ["create_person"],
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
OF_A_SITE = TOLD.keys() - {"bootstrap", "changepassword", "createsuperuser", "encrypt_anew", "export_events"}
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
        "changepassword": ["ben@example.com"],
        "createsuperuser": ["--noinput", "--email", "root@example.com"],
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
    assert get_commands().keys() - ours == THEIRS.keys()


@pytest.fixture
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at the keyboard, who types a password."""
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": "correct-horse-battery")


@pytest.mark.usefixtures("_typed")
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


@pytest.mark.usefixtures("_typed")
def test_a_password_that_a_command_sets_is_told_with_whose_it_is(world: World) -> None:
    call_command("changepassword", "Ben@Example.com", stdout=io.StringIO())
    assert User.objects.get(pk=world.ben.pk).check_password("correct-horse-battery")
    assert AuditEntry.objects.get().details == {"person": world.ben.public_id, "fields": ["password"]}
    with pytest.raises(CommandError):
        call_command("changepassword", "nobody@example.com", stdout=io.StringIO())
    assert AuditEntry.objects.count() == 1


@pytest.mark.usefixtures("_typed")
def test_a_password_is_set_of_whom_the_administration_stored_with_capitals(world: World) -> None:
    dana = User.objects.create(email="Dana@example.com")
    call_command("changepassword", "dana@Example.com", stdout=io.StringIO())
    dana.refresh_from_db()
    assert dana.check_password("correct-horse-battery")
    assert AuditEntry.objects.get().details == {"person": dana.public_id, "fields": ["password"]}


@pytest.mark.usefixtures("_typed")
def test_of_two_whose_addresses_differ_in_capitals_the_one_that_is_written_gets_the_password(world: World) -> None:
    for written in ("Dana@example.com", "DANA@example.com"):
        User.objects.create(email=written)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("changepassword", "dana@example.com", stdout=io.StringIO())
    assert not AuditEntry.objects.exists()
    call_command("changepassword", "Dana@example.com", stdout=io.StringIO())
    changed = User.objects.get(email="Dana@example.com")
    assert changed.check_password("correct-horse-battery")
    assert not User.objects.get(email="DANA@example.com").password
    assert AuditEntry.objects.get().details == {"person": changed.public_id, "fields": ["password"]}


def test_a_superuser_that_a_command_makes_is_told_with_who_it_is(world: World) -> None:
    given = ["--noinput", "--email", "root@example.com"]
    call_command("createsuperuser", *given, stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("createsuperuser", *given, stdout=io.StringIO())
    root = User.objects.get(is_superuser=True)
    assert AuditEntry.objects.get().details == {"person": root.public_id, "is_superuser": True}


def test_what_was_found_in_place_is_not_told_as_made(world: World, tmp_path: Path) -> None:
    for _time in range(2):
        given = arguments("bootstrap", world, tmp_path)
        call_command("bootstrap", *given, stdout=io.StringIO())
    made = list(AuditEntry.objects.order_by("pk").values_list("what", flat=True))
    assert made == [*TOLD["bootstrap"], "create_token"]
