"""The Segments page: what there is, and making one of claims or filters."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from apps.dashboard.panels import PanelView
from apps.events import store as event_store
from apps.organizations.audit import AuditEntry
from apps.organizations.models import Role
from apps.segments.models import VisitorSegment
from tests.dashboard.conftest import As, Desk
from tests.insights.events import event

OF_CLAIMS_ALONE = "A segment is made of claims alone. What else the page was narrowed by is left out:"


def saved(desk: Desk, title: str = "Pro readers", **wanted: Any) -> VisitorSegment:
    return VisitorSegment.objects.create(site=desk.site, title=title, claims=wanted or {"plan": "pro"})


def rows_of(view: PanelView) -> list[tuple[object, ...]]:
    assert view.answer is not None
    assert view.answer.table is not None, view.answer.problem
    return [tuple(cell.value for cell in row.cells) for row in view.answer.table.rows]


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def listed(page: str) -> list[tuple[str, ...]]:
    """Link, title, claims and counts of each segment on the page."""
    found = re.findall(
        r'<th scope="row" class="name"><a href="([^"]+)">([^<]+)</a> <code[^>]*>([^<]+)</code></th>\s*'
        r'<td class="number">([^<]+)</td>\s*<td class="number">([^<]+)</td>\s*<td class="number">([^<]+)</td>',
        page,
    )
    return [tuple(html.unescape(part) for part in row) for row in found]


def test_saved_and_detected_segments_are_listed_with_the_counts_of_30_days(plans: Desk) -> None:
    segment = saved(plans)
    overview = f"{plans.home}/overview"
    assert listed(plans.get("/segments").content.decode()) == [
        (f"{overview}?segment={segment.public_id}", "Pro readers", '{"plan":"pro"}', "7", "3", "4"),
        (f"{overview}?is.visitorClaim.plan=pro", "plan: pro", '{"plan":"pro"}', "7", "3", "4"),
        (f"{overview}?is.visitorClaim.plan=free", "plan: free", '{"plan":"free"}', "1", "1", "1"),
        (f"{overview}?is.visitorClaimProperty=", "Anonymous visitors", "{}", "1", "1", "1"),
    ]


def test_what_a_segment_leads_to_has_its_readers(plans: Desk) -> None:
    segment = saved(plans)
    for address, pages in (
        (f"segment={segment.public_id}", ["/guide", "/setup"]),
        ("is.visitorClaim.plan=free", ["/price"]),
        ("is.visitorClaimProperty=", ["/"]),
    ):
        part = plans.get(f"/overview/pages?{address}", **{"HX-Request": "true"})
        assert [row[0] for row in rows_of(part.context["view"])] == pages


def test_filters_of_claims_become_a_segment(seat: As) -> None:
    desk = seat(Role.EDITOR)
    address = "is.visitorClaim.plan=pro&is.visitorClaim.org.size=10&is.urlPath=/guide"
    page = html.unescape(desk.get(f"/traffic?{address}").content.decode())
    link = re.search(r'<a class="small" href="([^"]+)">Save as segment</a>', page)
    assert link is not None
    assert link[1].startswith(f"{desk.home}/segments?")
    page = html.unescape(desk.client.get(link[1]).content.decode())
    field = re.search(r'<textarea name="claims"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    title = re.search(r'<input type="text" name="title" value="([^"]*)"', page)
    assert field is not None
    assert title is not None
    assert field[1].split() == ["{", '"plan":', '"pro",', '"org":', "{", '"size":', '"10"', "}", "}"]
    assert title[1] == "org.size: 10 · plan: pro"
    assert "These filters say something else" not in page
    assert f"{OF_CLAIMS_ALONE} Page is /guide." in text_of(page)
    assert "Save as segment</a>" not in desk.get("/traffic?is.urlPath=/guide").content.decode()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("is.visitorClaim.plan=pro&is.visitorClaim.plan=free", "plan is pro or free"),
        ("is.visitorClaim.plan=", "plan is None"),
        ("not.visitorClaim.plan=pro", "plan is not pro"),
        ("is.visitorClaim.plan=pro&is.visitorClaim.plan.tier=1", "plan.tier is 1"),
        ("is.visitorClaim.plan.tier=1&is.visitorClaim.plan=pro", "plan is pro"),
    ],
)
def test_filters_that_a_segment_cannot_say_are_left_out_and_told(seat: As, address: str, sentence: str) -> None:
    page = text_of(seat(Role.EDITOR).get(f"/segments?{address}").content.decode())
    assert f"These filters say something else, and are left out: {sentence}." in page


def test_what_is_no_claim_is_left_out_of_a_segment_and_told_by_name(seat: As) -> None:
    desk = seat(Role.EDITOR)
    segment = saved(desk, "Beta readers", beta=True)
    address = f"is.visitorClaim.plan=pro&is.visitorGeoCountry=DE&not.urlPath=/a&segment={segment.public_id}"
    page = text_of(desk.get(f"/segments?{address}").content.decode())
    assert f"{OF_CLAIMS_ALONE} Segment Beta readers; Country is Germany; Page is not /a." in page
    # Who came here by the menu, from a page without any claim, asked for no segment.
    assert OF_CLAIMS_ALONE not in text_of(desk.get("/segments?is.visitorGeoCountry=DE").content.decode())


def create(desk: Desk, title: str, written: str) -> Any:
    return desk.client.post(f"{desk.home}/segments", {"title": title, "claims": written})


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
def test_an_editor_makes_a_segment_of_claims(seat: As, role: Role) -> None:
    desk = seat(role)
    answer = create(desk, "Big", '{"plan": "pro", "seats": 10, "old": null}')
    segment = VisitorSegment.objects.get()
    assert answer["Location"] == f"{desk.home}/segments?left={segment.public_id}"
    assert (segment.site, segment.title, segment.claims) == (desk.site, "Big", {"plan": "pro", "seats": 10})
    entry = AuditEntry.objects.get()
    assert (entry.who, entry.what, entry.site) == (desk.world.ben.public_id, "save_segment", desk.site.public_id)
    assert entry.details == {"segment": segment.public_id}


@pytest.mark.parametrize(
    ("title", "written", "name", "complaint"),
    [
        ("Big", "", "claims", "This field is required."),
        ("Big", "{}", "claims", "This field is required."),
        ("Big", "plan: pro", "claims", "No claims: expected valid JSON."),
        ("Big", "[1]", "claims", "No claims: expected an object or null."),
        ("Big", '"pro"', "claims", "No claims: expected an object or null."),
        ("Big", '{"a": NaN}', "claims", "No claims: expected valid JSON."),
        ("Big", '{"a": 1e999}', "claims", "No claims: expected numbers within the range of a double."),
        ("Big", '{"a": ' + "9" * 5000 + "}", "claims", "range of a double."),
        ("Big", '{"a":' * 20 + "1" + "}" * 20, "claims", "No claims: expected at most 16 levels of nesting."),
        ("Big", "[" * 9000, "claims", "No claims: expected at most 16 levels of nesting."),
        ("Big", '{"a": "' + "x" * 17_000 + '"}', "claims", "No claims: expected at most 16384 bytes of claims."),
        ("", '{"plan": "pro"}', "title", "This field is required."),
        ("x" * 129, '{"plan": "pro"}', "title", "at most 128 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    seat: As, title: str, written: str, name: str, complaint: str
) -> None:
    desk = seat(Role.EDITOR)
    answer = create(desk, title, written)
    assert answer.status_code == 422
    page = html.unescape(answer.content.decode())
    (field,) = re.findall(r'<div class="field field-bad">(.*?)</div>', page, re.DOTALL)
    assert complaint in field
    assert f'name="{name}"' in field
    assert not VisitorSegment.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_detected_segment_is_offered_for_saving_as_it_is(seat: As, plans: Desk) -> None:
    desk = seat(Role.EDITOR)
    page = html.unescape(desk.get("/segments").content.decode())
    link = re.search(r'href="(\?claims=[^"]+free[^"]+)#new"', page)
    assert link is not None
    page = html.unescape(desk.get(f"/segments{link[1]}").content.decode())
    assert '"plan": "free"' in page
    assert 'name="title" value="plan: free"' in page


def test_an_editor_renames_and_deletes_and_the_audit_tells(seat: As) -> None:
    desk = seat(Role.EDITOR)
    segment = saved(desk)
    there = f"{desk.home}/segments/saved/{segment.public_id}"
    refused = desk.client.post(there, {f"{segment.public_id}-title": ""})
    assert refused.status_code == 422
    assert "This field is required." in refused.content.decode()
    assert desk.client.post(there, {f"{segment.public_id}-title": "Paying"})["Location"] == f"{desk.home}/segments"
    assert VisitorSegment.objects.get().title == "Paying"
    assert desk.client.get(there)["Location"] == f"{desk.home}/overview?segment={segment.public_id}"
    assert desk.client.post(f"{there}/delete")["Location"] == f"{desk.home}/segments"
    assert not VisitorSegment.objects.exists()
    done = AuditEntry.objects.order_by("pk").values_list("who", "what", "details")
    who, told = desk.world.ben.public_id, {"segment": segment.public_id}
    assert list(done) == [(who, "rename_segment", told), (who, "delete_segment", told)]


def test_a_reader_sees_and_compares_and_can_change_nothing(plans: Desk) -> None:
    segment = saved(plans)
    page = plans.get(f"/segments?left={segment.public_id}&right=all").content.decode()
    assert "Pro readers" in page
    assert "Rename" not in page
    assert 'name="claims"' not in page
    there = f"{plans.home}/segments/saved/{segment.public_id}"
    assert create(plans, "Mine", '{"plan": "pro"}').status_code == 403
    assert plans.client.post(there, {f"{segment.public_id}-title": "Mine"}).status_code == 403
    assert plans.client.post(f"{there}/delete").status_code == 403
    assert VisitorSegment.objects.get().title == "Pro readers"
    assert not AuditEntry.objects.exists()


def test_another_sites_segment_is_404(seat: As) -> None:
    desk = seat(Role.OWNER)
    theirs = VisitorSegment.objects.create(site=desk.world.secrets, title="Theirs", claims={"plan": "pro"})
    there = f"{desk.home}/segments/saved/{theirs.public_id}"
    assert desk.client.get(there).status_code == 404
    assert desk.client.post(there, {f"{theirs.public_id}-title": "Mine"}).status_code == 404
    assert desk.client.post(f"{there}/delete").status_code == 404
    assert VisitorSegment.objects.get().title == "Theirs"


@pytest.mark.parametrize("path", ["", "/left-pages.csv?left=all", "/narrow", "/suggest"])
def test_a_stranger_gets_404_and_who_is_not_signed_in_the_sign_in(plans: Desk, path: str) -> None:
    stranger = Client()
    stranger.force_login(plans.world.cy)
    address = f"{plans.home}/segments{path}"
    assert plans.client.get(address).status_code in (200, 302)
    assert stranger.get(address).status_code == 404
    assert Client().get(address)["Location"].startswith("/accounts/login/?next=/sites/")


def test_a_stranger_and_a_request_from_elsewhere_change_nothing(desk: Desk) -> None:
    segment = saved(desk)
    stranger = Client()
    stranger.force_login(desk.world.cy)
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(desk.world.ada)
    form = {"title": "Forged", "claims": '{"a": 1}', f"{segment.public_id}-title": "Forged"}
    for path in ("", f"/saved/{segment.public_id}", f"/saved/{segment.public_id}/delete"):
        address = f"{desk.home}/segments{path}"
        assert stranger.post(address, form).status_code == 404
        assert forged.post(address, form).status_code == 403
        assert Client().post(address, form).status_code == 302
    assert VisitorSegment.objects.get().title == "Pro readers"


def test_a_site_without_events_says_so(desk: Desk) -> None:
    page = text_of(desk.get("/segments").content.decode())
    assert "Nothing was counted in the last 30 days." in page
    assert "None yet. A segment is a set of visitors with the same claims" in page


def test_the_page_is_calm_while_the_store_is_away(
    desk: Desk, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "_store", None)
    settings.CLICKHOUSE_URL = "http://127.0.0.1:9"
    for path in ("/segments", "/segments?left=all", "/explore"):
        answer = desk.get(path)
        assert answer.status_code == 200
        assert "The event store cannot be opened." in answer.content.decode()


def test_of_many_detected_segments_the_greatest_are_shown(desk: Desk) -> None:
    desk.holds(
        *(
            event(visitor=number, claims={"team": [f"{number:02}"]}, claims_json=f'{{"team":"{number:02}"}}')
            for number in range(52)
        ),
        event(visitor=90, claims={"team": ["51"]}, claims_json='{"team":"51"}'),
    )
    page = desk.get("/segments").content.decode()
    assert len(listed(page)) == 50
    assert listed(page)[0][1:] == ("team: 51", '{"team":"51"}', "2", "2", "2")
    assert "2 smaller ones are not shown; the API lists them." in text_of(page)


def test_names_of_readers_are_escaped(desk: Desk) -> None:
    evil = "<script>alert(1)</script>"
    written = f'{{"plan":"{evil}"}}'
    desk.holds(event(claims={"plan": [evil]}, claims_json=written))
    page = desk.get(f"/segments?left={quote(written)}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
