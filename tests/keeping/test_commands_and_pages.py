"""Commands and admin pages of erasure and export: what they do, and who may."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from apps.core.clock import utc_now
from apps.events.enrichment import Caller
from apps.events.services import track
from apps.events.store import EventStore, Statement
from apps.events.writer import close_writer
from apps.keeping.tasks import delete_old_events, finish_erasures
from apps.organizations.audit import AuditEntry
from apps.organizations.models import User
from apps.rollups.models import Erasure
from apps.sites.models import Site
from tests.events.wire import OWN, body_of, sent
from tests.people import World

CALLER = Caller(ip=None, user_agent="", trusted=True)
ADD = "/admin/rollups/erasure/add/"
EXPORT = "/admin/rollups/erasure/export/"
AUDIT = "/admin/organizations/auditentry/"


@pytest.fixture
def tracked(rollups: EventStore, world: World) -> Any:
    """One event of each type by Mal, and a page view by Eve, on both sites."""
    for site in (world.docs, world.secrets):
        mal = [sent(kind, session={"visitorId": "mal"}) for kind in OWN]
        track(body_of(*mal, sent(session={"visitorId": "eve"})), site=site, caller=CALLER, now=utc_now())
    yield rollups
    close_writer()


def number(store: EventStore, site: Site) -> int:
    return int(store.query(Statement(sql=f"SELECT count() FROM events WHERE site = {site.pk}"))[0][0])


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def staff(client: Client, *permissions: str) -> Client:
    person = User.objects.create(email="staff@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert person.user_permissions.count() == len(permissions)
    client.force_login(person)
    return client


def form(docs: Site, **changes: str) -> dict[str, str]:
    return {"site": str(docs.pk), "kind": "visitor", "visitor_id": "mal", "certain": "on"} | changes


def test_the_command_erases_one_visitor_of_one_site(tracked: EventStore, world: World) -> None:
    assert command("erase_visitor", "--site", world.docs.public_id, "--visitor", "mal") == "20 events were erased.\n"
    assert (number(tracked, world.docs), number(tracked, world.secrets)) == (1, 21)
    assert command("erase_visitor", "--site", world.docs.public_id, "--visitor", "mal") == "0 events were erased.\n"
    assert AuditEntry.objects.filter(who="command", what="erased_visitor").count() == 2


@pytest.mark.parametrize("name", ["erase_visitor", "export_visitor", "reset_site"])
def test_a_site_that_does_not_exist_is_told(tracked: EventStore, tmp_path: Path, name: str) -> None:
    options = {
        "erase_visitor": ["--visitor", "mal"],
        "export_visitor": ["--visitor", "mal", "--output", str(tmp_path / "out")],
        "reset_site": ["--yes"],
    }[name]
    with pytest.raises(CommandError, match="There is no site site_guessed"):
        command(name, "--site", "site_guessed", *options)
    assert not AuditEntry.objects.exists()


def test_a_reset_has_to_be_confirmed(tracked: EventStore, world: World) -> None:
    with pytest.raises(CommandError, match="say --yes"):
        command("reset_site", "--site", world.docs.public_id)
    assert number(tracked, world.docs) == 21
    assert command("reset_site", "--site", world.docs.public_id, "--yes") == "21 events were erased.\n"
    assert (number(tracked, world.docs), number(tracked, world.secrets)) == (0, 21)


def test_an_export_can_be_imported_and_is_then_the_same(tracked: EventStore, world: World, tmp_path: Path) -> None:
    file = tmp_path / "mal.ndjson"
    arguments = ("export_visitor", "--site", world.docs.public_id, "--visitor", "mal", "--output", str(file))
    assert command(*arguments) == f"20 events were written to {file}.\n"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines] == list(OWN)
    for line in lines:
        assert line["session"]["visitorId"] == "mal"
        own = {name: value for name, value in line.items() if name in OWN[line["type"]]}
        own.get("result", {}).pop("recordId", None)
        assert own == OWN[line["type"]]
    assert lines[0]["stored"]["browser"] == "chrome"
    kept = "SELECT * EXCEPT (id, batch, received, session, browser, os, device, bot) FROM events"
    kept += " WHERE site = {site:UInt32}"
    kept += " AND visitor = (SELECT visitor FROM events WHERE site = {site:UInt32} AND event_type = 'ask_view')"
    statement = Statement(sql=f"{kept} ORDER BY event_type", parameters={"site": world.docs.pk})
    before = tracked.query(statement)
    command("erase_visitor", "--site", world.docs.public_id, "--visitor", "mal")
    assert tracked.query(statement) == []
    command("import_events", "--site", world.docs.public_id, str(file))
    after = tracked.query(statement)
    assert after == before
    with pytest.raises(CommandError, match="File exists"):
        command(*arguments)


def test_a_retention_deletes_only_what_is_older(tracked: EventStore, world: World) -> None:
    for site in (world.docs, world.secrets):
        tracked.insert([{"site": site.pk, "id": 1, "timestamp": utc_now() - timedelta(days=70)}])
    Site.objects.filter(pk=world.docs.pk).update(retention_months=2)
    delete_old_events()
    assert (number(tracked, world.docs), number(tracked, world.secrets)) == (21, 22)
    assert list(AuditEntry.objects.values_list("who", "what", "site")) == [
        ("task", "erased_old", world.docs.public_id),
        ("task", "erase_old", world.docs.public_id),
    ]
    assert command("delete_old_events") == "No site has events that it no longer keeps.\n"


def test_who_may_not_add_erasures_can_neither_erase_nor_export(
    client: Client, tracked: EventStore, world: World
) -> None:
    browser = staff(client, "view_erasure", "change_site", "view_event")
    assert browser.post(ADD, form(world.docs)).status_code == 403
    assert browser.post(EXPORT, {"site": world.docs.pk, "visitor_id": "mal"}).status_code == 403
    assert not Erasure.objects.exists()
    assert not AuditEntry.objects.exists()


def test_members_of_an_organization_are_no_staff(client: Client, world: World) -> None:
    client.force_login(world.ada)
    for address in (ADD, EXPORT, AUDIT):
        assert client.get(address).headers["Location"].startswith("/admin/login/")


@pytest.mark.one_process
def test_staff_with_the_permission_erase_a_visitor(client: Client, tracked: EventStore, world: World) -> None:
    browser = staff(client, "add_erasure", "view_erasure")
    assert browser.get(ADD).status_code == 200
    assert browser.post(ADD, form(world.docs)).status_code == 302
    assert browser.get("/admin/rollups/erasure/").status_code == 200
    finish_erasures()
    assert (number(tracked, world.docs), number(tracked, world.secrets)) == (1, 21)
    person = User.objects.get(email="staff@example.com")
    assert set(AuditEntry.objects.values_list("who", flat=True)) == {person.public_id}
    assert not Erasure.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"visitor_id": ""}, {"certain": ""}, {"kind": "reset"}, {"kind": "site"}, {"site": "999999"}]
)
def test_a_form_that_makes_no_sense_erases_nothing(
    client: Client, tracked: EventStore, world: World, changes: dict[str, str]
) -> None:
    assert staff(client, "add_erasure").post(ADD, form(world.docs, **changes)).status_code == 200
    assert not Erasure.objects.exists()


def test_staff_reset_a_site(client: Client, tracked: EventStore, world: World) -> None:
    browser = staff(client, "add_erasure")
    assert browser.post(ADD, form(world.docs, kind="reset", visitor_id="")).status_code == 302
    finish_erasures()
    assert (number(tracked, world.docs), number(tracked, world.secrets)) == (0, 21)


def test_staff_export_a_visitor(client: Client, tracked: EventStore, world: World) -> None:
    browser = staff(client, "add_erasure", "view_event")
    assert browser.get(EXPORT).status_code == 200
    answer: Any = browser.post(EXPORT, {"site": world.docs.pk, "visitor_id": "mal"})
    assert len(b"".join(answer.streaming_content).splitlines()) == 20
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditEntry.objects.get().what == "export_visitor"


@pytest.mark.one_process
def test_the_audit_can_be_read_in_the_admin_and_nothing_else(client: Client, world: World) -> None:
    entry = AuditEntry.objects.create(who="command", what="erase_reset", site=world.docs.public_id)
    browser = staff(client)
    assert browser.get(AUDIT).status_code == 403
    person = User.objects.get(email="staff@example.com")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    assert world.docs.public_id in browser.get(AUDIT).content.decode()
    assert browser.get(f"{AUDIT}{entry.pk}/change/").status_code == 200
    assert browser.post(f"{AUDIT}{entry.pk}/change/", {"who": "nobody"}).status_code == 403
    assert browser.post(f"{AUDIT}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{AUDIT}add/").status_code == 403
    assert "delete_selected" not in browser.get(AUDIT).content.decode()
    assert AuditEntry.objects.get().who == "command"
