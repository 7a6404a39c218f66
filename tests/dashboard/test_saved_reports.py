"""Reports that editors keep of the Explore page: who may, what is refused, and who opens them."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from apps.dashboard.models import SavedReport
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role
from tests.dashboard.conftest import As, Desk
from tests.dashboard.test_explore import rows_of, view_of
from tests.insights.events import event


def save(desk: Desk, title: str, address: str) -> Any:
    return desk.client.post(f"{desk.home}/explore", {"title": title, "address": address})


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
def test_an_editor_keeps_what_is_shown_and_a_reader_opens_it(seat: As, role: Role) -> None:
    desk = seat(role)
    desk.holds(event("2026-04-20T10:00:00Z", country="DE"), event("2026-04-20T10:00:00Z", visitor=2, country="US"))
    address = "range=12m&is.visitorGeoCountry=DE&column=visitorGeoCountry&picture=bar"
    answer = save(desk, "Germans", f"{address}&nonsense=1&csrfmiddlewaretoken=x")
    assert answer["Location"] == f"{desk.home}/explore?{address}"
    report = SavedReport.objects.get()
    assert (report.site, report.title, report.address, report.created_by) == (
        desk.site,
        "Germans",
        address,
        desk.world.ben,
    )
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.site) == (desk.world.ben.public_id, "save_report", desk.site.public_id)
    assert entry.details == {"report": report.public_id}
    seat(Role.READER)
    page = html.unescape(desk.get("/explore").content.decode())
    assert f'<a href="{desk.home}/explore?{address}">Germans</a>' in page
    assert "Rename" not in page
    assert "Save as report" not in page
    assert rows_of(view_of(desk, address)) == [("Germany", 1)]
    assert desk.get(f"/explore/saved/{report.public_id}")["Location"] == f"{desk.home}/explore?{address}"


@pytest.mark.parametrize(
    ("title", "complaint"),
    [
        ("", "This field is required."),
        ("Taken", "There is a report of that title already."),
        ("x" * 129, "at most 128 characters"),
    ],
)
def test_a_title_that_will_not_do_is_refused_beside_its_field(seat: As, title: str, complaint: str) -> None:
    desk = seat(Role.EDITOR)
    save(desk, "Taken", "range=7d")
    answer = save(desk, title, "range=24h&picture=bar")
    assert answer.status_code == 422
    page = html.unescape(answer.content.decode())
    (field,) = re.findall(r'<div class="field field-bad">(.*?)</div>', page, re.DOTALL)
    assert complaint in field
    # What was to be saved is still shown, to be saved under another title.
    assert 'value="range=24h&picture=bar"' in page
    assert SavedReport.objects.count() == 1


def test_an_address_that_is_too_long_is_not_kept(seat: As) -> None:
    answer = save(seat(Role.EDITOR), "Long", f"is.urlPath=/{'x' * 8000}")
    assert answer.status_code == 422
    assert "This page is narrowed to more than a report can keep." in answer.content.decode()
    assert not SavedReport.objects.exists()


def test_one_title_may_stand_at_two_sites(seat: As) -> None:
    desk = seat(Role.EDITOR)
    SavedReport.objects.create(site=desk.world.secrets, title="Weekly")
    assert save(desk, "Weekly", "range=7d").status_code == 302


def test_an_editor_renames_and_deletes_and_the_audit_tells(seat: As) -> None:
    desk = seat(Role.EDITOR)
    save(desk, "Old", "range=7d")
    save(desk, "Other", "range=7d")
    report = SavedReport.objects.get(title="Old")
    there = f"{desk.home}/explore/saved/{report.public_id}"
    refused = desk.client.post(there, {f"{report.public_id}-title": "Other"})
    assert refused.status_code == 422
    assert "There is a report of that title already." in refused.content.decode()
    assert desk.client.post(there, {f"{report.public_id}-title": "New"})["Location"] == f"{desk.home}/explore?range=7d"
    assert SavedReport.objects.get(pk=report.pk).title == "New"
    assert desk.client.post(f"{there}/delete").status_code == 302
    assert list(SavedReport.objects.values_list("title", flat=True)) == ["Other"]
    assert [entry.what for entry in AuditEntry.objects.order_by("pk")] == [
        "save_report",
        "save_report",
        "rename_report",
        "delete_report",
    ]


def test_a_reader_can_neither_save_nor_rename_nor_delete(desk: Desk) -> None:
    report = SavedReport.objects.create(site=desk.site, title="Kept", address="range=7d")
    assert save(desk, "Mine", "range=7d").status_code == 403
    there = f"{desk.home}/explore/saved/{report.public_id}"
    assert desk.client.post(there, {f"{report.public_id}-title": "Mine"}).status_code == 403
    assert desk.client.post(f"{there}/delete").status_code == 403
    assert list(SavedReport.objects.values_list("title", flat=True)) == ["Kept"]
    assert not AuditEntry.objects.exists()


def test_another_sites_report_is_404(seat: As) -> None:
    desk = seat(Role.OWNER)
    report = SavedReport.objects.create(site=desk.world.secrets, title="Theirs", address="range=7d")
    there = f"{desk.home}/explore/saved/{report.public_id}"
    assert desk.client.get(there).status_code == 404
    assert desk.client.post(there, {f"{report.public_id}-title": "Mine"}).status_code == 404
    assert desk.client.post(f"{there}/delete").status_code == 404
    assert "Theirs" not in desk.get("/explore").content.decode()
    assert SavedReport.objects.get().title == "Theirs"


def test_a_stranger_and_a_request_from_elsewhere_save_nothing(desk: Desk) -> None:
    report = SavedReport.objects.create(site=desk.site, title="Kept", address="range=7d")
    stranger = Client()
    stranger.force_login(desk.world.cy)
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(desk.world.ada)
    for path in ("", f"/saved/{report.public_id}", f"/saved/{report.public_id}/delete"):
        address = f"{desk.home}/explore{path}"
        form = {"title": "Forged", f"{report.public_id}-title": "Forged", "address": "range=7d"}
        assert stranger.post(address, form).status_code == 404
        assert forged.post(address, form).status_code == 403
        assert Client().post(address, form).status_code == 302
    assert list(SavedReport.objects.values_list("title", flat=True)) == ["Kept"]
