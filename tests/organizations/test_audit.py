"""The audit: what an entry tells, and that nothing changes or deletes one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core.origin import current_origin
from apps.organizations.audit import AuditEntry, Fixed, record
from apps.sites.models import Site
from tests.people import World


def rename(client: Client, site: Site, **headers: str) -> AuditEntry:
    """The entry of a change of the site's title in its settings."""
    address = reverse("dashboard:settings", args=[site.organization.public_id, site.public_id])
    form = {"title": "Handbook", "url": site.url, "time_zone": "UTC", "ingest_policy": "public"}
    assert client.post(address, form, **headers).status_code == 302  # type: ignore[arg-type]
    return AuditEntry.objects.latest("pk")


def test_an_entry_names_a_person_and_what_it_is_about_by_their_ids(world: World) -> None:
    entry = record(world.ada, "change_site", site=world.docs, details={"fields": ["title"]})
    assert (entry.who, entry.what) == (world.ada.public_id, "change_site")
    assert (entry.organization, entry.site) == (world.acme.public_id, world.docs.public_id)
    assert (entry.details, entry.origin) == ({"fields": ["title"]}, "")


def test_an_entry_about_an_organization_names_no_site(world: World) -> None:
    entry = record(AuditEntry.COMMAND, "rename_organization", organization=world.acme)
    assert (entry.who, entry.organization, entry.site) == ("command", world.acme.public_id, "")


def test_a_request_stands_for_who_is_signed_in(world: World, rf: RequestFactory, client: Client) -> None:
    request = rf.post("/")
    request.user = world.ada
    assert record(request, "test").who == world.ada.public_id
    request.user = client.get("/").wsgi_request.user
    with pytest.raises(PermissionDenied):
        record(request, "test")


def test_entries_tell_networks_apart_without_keeping_addresses(world: World, client: Client) -> None:
    client.force_login(world.ada)
    first = rename(client, world.docs, REMOTE_ADDR="192.0.2.7")
    Site.objects.filter(pk=world.docs.pk).update(title="Acme Docs")
    again = rename(client, world.docs, REMOTE_ADDR="192.0.2.7")
    Site.objects.filter(pk=world.docs.pk).update(title="Acme Docs")
    other = rename(client, world.docs, REMOTE_ADDR="198.51.100.9")
    assert len({first.pk, again.pk, other.pk}) == 3
    assert first.origin == again.origin != other.origin
    assert "192.0.2.7" not in str(AuditEntry.objects.values())
    assert first.origin
    assert current_origin() == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(who="nobody"),
        lambda entry: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["who"]),
        lambda entry: AuditEntry.objects.bulk_create([entry], ignore_conflicts=True),
        lambda entry: AuditEntry.objects.all()._raw_delete("default"),
        lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"who": "nobody"}),
    ],
)
def test_the_code_cannot_change_or_delete_an_entry(world: World, change: Callable[[AuditEntry], object]) -> None:
    entry = record(world.ada, "test")
    with pytest.raises(Fixed):
        change(entry)
    assert AuditEntry.objects.get().who == world.ada.public_id


def test_an_entry_with_the_number_of_another_does_not_replace_it(world: World) -> None:
    entry = record(world.ada, "test")
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry(pk=entry.pk, who="nobody", what="forged").save()
    assert AuditEntry.objects.get().what == "test"


@pytest.mark.parametrize(
    "statement", ["UPDATE organizations_auditentry SET who = 'nobody'", "DELETE FROM organizations_auditentry"]
)
def test_the_database_itself_refuses_what_goes_past_the_code(world: World, statement: str) -> None:
    record(world.ada, "test")
    with pytest.raises(DatabaseError, match="kept as they are"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().who == world.ada.public_id


def test_entries_outlive_what_they_are_about(world: World) -> None:
    record(world.ada, "change_site", site=world.docs)
    world.acme.delete()
    world.ada.delete()
    assert AuditEntry.objects.filter(what="change_site").count() == 1
