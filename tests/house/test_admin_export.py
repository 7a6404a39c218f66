"""Operators export some days' events of a site in the admin, as editors do on its Events page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.events import downloads
from apps.events.store import EventStore, Statement
from apps.organizations.models import AuditEntry, User
from tests.insights.events import event
from tests.people import World

EXPORT = "/admin/events/event/export/"


@pytest.fixture
def full(world: World, store: EventStore) -> World:
    """Two events on the chosen day in Berlin, one on each side, and one of another site."""
    at = {"/before": "2026-04-19T21:59:59Z", "/first": "2026-04-19T22:00:00Z", "/second": "2026-04-20T21:59:59Z"}
    at["/after"] = "2026-04-20T22:00:00Z"
    rows = [event(moment, url_path=path, query="=cmd()") | {"site": world.docs.pk} for path, moment in at.items()]
    store.insert([*rows, event("2026-04-20T10:00:00Z", url_path="/hidden") | {"site": world.secrets.pk}])
    world.docs.time_zone = "Europe/Berlin"
    world.docs.save()
    return world


@pytest.fixture
def clerk(full: World) -> User:
    """Staff without any right, who is a member of nothing."""
    return User.objects.create(email="clerk@example.com", is_staff=True)


def may(person: User, client: Client, *permissions: str) -> Client:
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert person.user_permissions.count() == len(permissions)
    client.force_login(person)
    return client


def form(world: World, **asked: str) -> dict[str, Any]:
    return {"site": world.docs.pk, "first": "2026-04-20", "last": "2026-04-20", "form": "ndjson", **asked}


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_file_holds_the_sites_events_of_its_days(client: Client, clerk: User, full: World) -> None:
    browser = may(clerk, client, "view_event")
    answer = browser.post(EXPORT, form(full))
    assert [json.loads(line)["url_path"] for line in body(answer).splitlines()] == ["/first", "/second"]
    assert answer["Content-Disposition"] == 'attachment; filename="acme-docs-events-2026-04-20-2026-04-20.ndjson"'
    assert "no-store" in answer["Cache-Control"]
    heads, *rows = csv.reader(io.StringIO(body(browser.post(EXPORT, form(full, form="csv"))).decode()))
    found = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [(row["url_path"], row["query"]) for row in found] == [("/first", "'=cmd()"), ("/second", "'=cmd()")]


def test_the_same_as_parquet(client: Client, clerk: User, full: World, store: EventStore, tmp_path: Any) -> None:
    file = tmp_path / "events.parquet"
    file.write_bytes(body(may(clerk, client, "view_event").post(EXPORT, form(full, form="parquet"))))
    read = Statement(
        sql="SELECT url_path FROM file({file:String}, Parquet) ORDER BY timestamp", parameters={"file": str(file)}
    )
    assert list(store.query(read)[0]) == ["/first", "/second"]


def test_the_audit_tells_of_it_as_of_an_export_from_the_pages(client: Client, clerk: User, full: World) -> None:
    may(clerk, client, "view_event").post(EXPORT, form(full, form="csv"))
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.site) == (clerk.public_id, "export_events", full.docs.public_id)
    assert entry.organization == full.acme.public_id
    assert entry.details == {"first": "2026-04-20", "last": "2026-04-20", "form": "csv"}
    assert entry.origin


def test_who_may_not_see_events_can_neither_open_the_form_nor_get_a_file(
    client: Client, clerk: User, full: World
) -> None:
    browser = may(clerk, client, "view_site", "change_site", "view_erasure", "add_erasure")
    assert browser.get(EXPORT).status_code == 403
    assert browser.post(EXPORT, form(full)).status_code == 403
    page = f"/admin/sites/site/{full.docs.pk}/change/"
    assert EXPORT not in browser.get(page).content.decode()
    client.force_login(full.ada)
    assert client.post(EXPORT, form(full)).headers["Location"].startswith("/admin/login/")
    assert not AuditEntry.objects.exists()


def test_the_page_of_a_site_and_the_list_of_events_lead_there(client: Client, clerk: User, full: World) -> None:
    browser = may(clerk, client, "view_site", "view_event")
    assert (
        f'href="{EXPORT}?site={full.docs.pk}"'
        in browser.get(f"/admin/sites/site/{full.docs.pk}/change/").content.decode()
    )
    assert f'href="{EXPORT}"' in browser.get("/admin/events/event/").content.decode()
    chosen = f'<option value="{full.docs.pk}" selected>'
    assert chosen in browser.get(f"{EXPORT}?site={full.docs.pk}").content.decode()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"first": "2026-04-21"}, "The last day is before the first."),
        ({"first": "yesterday"}, "Enter a valid date."),
        ({"last": "2107-01-01"}, "There is no such day here."),
        ({"form": "xls"}, "Select a valid choice."),
        ({"site": "999999"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_told_beside_the_form(
    client: Client, clerk: User, full: World, asked: dict[str, str], told: str
) -> None:
    answer = may(clerk, client, "view_event").post(EXPORT, form(full, **asked))
    assert told in answer.content.decode()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("chosen", ["999999", "x", "%00"])
def test_a_site_that_is_none_in_the_address_chooses_none(client: Client, clerk: User, full: World, chosen: str) -> None:
    page = may(clerk, client, "view_event").get(f"{EXPORT}?site={chosen}")
    assert page.status_code == 200
    assert f'<option value="{full.docs.pk}" selected>' not in page.content.decode()


def test_more_events_than_a_file_holds_are_refused_and_not_told_as_exported(
    client: Client, clerk: User, full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MOST_EVENTS", 1)
    page = may(clerk, client, "view_event").post(EXPORT, form(full)).content.decode()
    assert "These are 2 events; a file holds at most 1. Choose fewer days." in page
    assert not AuditEntry.objects.exists()
