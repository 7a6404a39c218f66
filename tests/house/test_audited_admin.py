"""What is done in the admin is told in the audit, without values that are secret or personal."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from apps.dashboard.models import SavedReport
from apps.organizations.models import AuditEntry, User
from apps.segments.models import VisitorSegment
from apps.sites.models import Site
from tests.people import World


@pytest.fixture
def root(world: World) -> User:
    return User.objects.create(email="root@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def staff(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


def site_form(site: Site, **changes: object) -> dict[str, object]:
    lists = dict.fromkeys(("hostnames", "excluded_addresses", "excluded_hostnames", "excluded_paths"), "[]")
    fields = {
        "organization": site.organization_id,
        "title": site.title,
        "url": site.url,
        "visibility": "public",
        "ingest_policy": "public",
        "time_zone": "UTC",
        "honour_privacy_signals": "on",
    }
    initial = {f"initial-{name}": text for name, text in lists.items()}  # what the page sends beside them
    return {**fields, **lists, **initial, **changes}


def told() -> list[tuple[object, ...]]:
    return list(AuditEntry.objects.order_by("pk").values_list("what", "site", "details"))


def test_a_change_names_the_fields_and_not_what_is_in_them(staff: Client, root: User, world: World) -> None:
    address = f"/admin/sites/site/{world.docs.pk}/change/"
    form = site_form(world.docs, title="Handbook of Mallory", time_zone="Asia/Tokyo")
    assert staff.post(address, form).status_code == 302
    assert told() == [("change_site", world.docs.public_id, {"fields": ["time_zone", "title"]})]
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.organization) == (root.public_id, world.acme.public_id)
    assert entry.origin
    assert "Mallory" not in LogEntry.objects.get().change_message


def test_saving_without_a_change_tells_nothing(staff: Client, world: World) -> None:
    assert staff.post(f"/admin/sites/site/{world.docs.pk}/change/", site_form(world.docs)).status_code == 302
    assert told() == []


def test_adding_and_deleting_are_told_one_by_one_and_chosen_together(staff: Client, world: World) -> None:
    assert staff.post("/admin/sites/site/add/", site_form(world.docs, title="New")).status_code == 302
    made = Site.objects.get(title="New").public_id
    segments = [VisitorSegment.objects.create(site=world.docs, title=title, claims={"a": 1}) for title in "xy"]
    chosen = [segment.pk for segment in segments]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert staff.post("/admin/segments/visitorsegment/", form).status_code == 302
    report = SavedReport.objects.create(site=world.docs, title="Weekly")
    assert staff.post(f"/admin/dashboard/savedreport/{report.pk}/delete/", {"post": "yes"}).status_code == 302
    docs = world.docs.public_id
    assert told()[0] == ("create_site", made, {})
    assert sorted(told()[1:], key=str) == sorted(
        [
            ("delete_segment", docs, {"segment": segments[0].public_id}),
            ("delete_segment", docs, {"segment": segments[1].public_id}),
            ("delete_report", docs, {"report": report.public_id}),
        ],
        key=str,
    )


def test_a_deleted_site_is_told_with_who_deleted_it(staff: Client, root: User, world: World) -> None:
    assert staff.post(f"/admin/sites/site/{world.docs.pk}/delete/", {"post": "yes"}).status_code == 302
    entry = AuditEntry.objects.get(what="delete_site")
    assert (entry.who, entry.site, entry.organization) == (
        root.public_id,
        world.docs.public_id,
        world.acme.public_id,
    )


def test_rights_and_passwords_of_people_are_told_by_their_names_alone(staff: Client, world: World) -> None:
    form = {
        "email": world.ben.email,
        "first_name": "Ben",
        "is_active": "on",
        "is_staff": "on",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    assert staff.post(f"/admin/organizations/user/{world.ben.pk}/change/", form).status_code == 302
    secret = {"usable_password": "true", "password1": "an apple tree in may", "password2": "an apple tree in may"}
    assert staff.post(f"/admin/organizations/user/{world.ben.pk}/password/", secret).status_code == 302
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.what for entry in entries] == ["change_person", "change_person"]
    assert entries[0].details == {"person": world.ben.public_id, "fields": ["is_staff"]}
    assert entries[1].details["person"] == world.ben.public_id
    kept = str(list(AuditEntry.objects.values())) + str(list(LogEntry.objects.values("change_message")))
    assert "apple" not in kept
    assert "example.com" not in kept


def test_sites_are_paused_and_go_on_with_an_entry_each(staff: Client, root: User, world: World) -> None:
    for action, sentence in (("pause", "1 site was paused."), ("resume", "1 site goes on.")):
        form = {"action": action, "_selected_action": [world.docs.pk]}
        assert sentence in staff.post("/admin/sites/site/", form, follow=True).content.decode()
    assert list(AuditEntry.objects.order_by("pk").values_list("what", "who")) == [
        ("pause_ingest", root.public_id),
        ("resume_ingest", root.public_id),
    ]
