"""Admin pages: for staff only, and they show what is there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.test import Client

from apps.core.clock import utc_now
from apps.events import latest
from apps.events.store import EventStore, Row
from apps.organizations.models import ApiToken, AuditEntry, Membership, Organization, User
from apps.segments.models import VisitorSegment
from apps.sites.models import ShareLink
from apps.sites.sharing import create_link, open_link
from tests.people import PASSWORD, World, token_of

PAGES = (
    "/admin/",
    "/admin/organizations/organization/",
    "/admin/organizations/organization/add/",
    "/admin/organizations/membership/",
    "/admin/organizations/membership/add/",
    "/admin/organizations/user/",
    "/admin/organizations/user/add/",
    "/admin/organizations/apitoken/",
    "/admin/organizations/apitoken/add/",
    "/admin/sites/site/",
    "/admin/sites/site/add/",
    "/admin/sites/sharelink/",
    "/admin/rollups/filledperiod/",
    "/admin/segments/visitorsegment/",
    "/admin/segments/visitorsegment/add/",
    "/admin/dashboard/savedreport/",
    "/admin/dashboard/savedreport/add/",
    "/admin/events/event/",
    "/admin/events/event/export/",
    "/admin/events/refusedevent/",
    "/admin/events/refusalcount/",
)


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    """A browser in which an administrator who is a member of nothing is signed in."""
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("address", PAGES)
def test_staff_see_the_page(staff: Client, store: EventStore, address: str) -> None:
    assert staff.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_others_are_sent_to_sign_in(client: Client, world: World, address: str) -> None:
    assert client.get(address).status_code == 302
    client.force_login(world.ada)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/").status_code == 403


def test_no_list_is_named_as_the_heading_that_it_stands_under(staff: Client) -> None:
    headings = {
        (str(apps.get_app_config(model._meta.app_label).verbose_name), str(model._meta.verbose_name_plural))
        for model in admin.site._registry
    }
    assert [pair for pair in headings if pair[0].lower() == pair[1].lower()] == []
    page = staff.get("/admin/").content.decode()
    assert all(heading in page for heading in ("People and access", "Documentation", "Tracking"))


def test_every_kind_of_row_can_be_opened(staff: Client, world: World) -> None:
    token_of(world.ada, world.acme)
    segment = VisitorSegment.objects.create(site=world.docs, title="Beta", claims={"beta": True})
    for path in (
        f"organizations/organization/{world.acme.pk}",
        f"organizations/membership/{Membership.objects.get(user=world.ben).pk}",
        f"organizations/user/{world.ben.pk}",
        f"organizations/apitoken/{ApiToken.objects.get().pk}",
        f"sites/site/{world.docs.pk}",
        f"segments/visitorsegment/{segment.pk}",
    ):
        assert staff.get(f"/admin/{path}/change/").status_code == 200, path


def new_person(email: str) -> dict[str, str]:
    return {
        "email": email,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }


def test_a_new_person_is_made_by_address_and_can_sign_in(staff: Client) -> None:
    assert staff.post("/admin/organizations/user/add/", new_person("Dana@Example.com")).status_code == 302
    assert User.objects.get(email="dana@example.com").check_password(PASSWORD)


def test_nobody_gets_an_address_that_somebody_has_in_other_capitals(staff: Client) -> None:
    dana = User.objects.create(email="Dana@example.com")
    refused = staff.post("/admin/organizations/user/add/", new_person("dana@example.com"))
    assert "User with this E-mail address already exists." in refused.content.decode()
    assert User.objects.filter(email__iexact="dana@example.com").get() == dana


def test_a_changed_address_is_stored_as_that_of_a_new_person_and_another_stays_as_it_was(
    staff: Client, world: World
) -> None:
    page = f"/admin/organizations/user/{world.ben.pk}/change/"
    form = {key: value for key, value in new_person("").items() if key.startswith("memberships-")} | {
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "12:00:00",
    }
    refused = staff.post(page, form | {"email": "Cy@example.com"})
    assert "User with this E-mail address already exists." in refused.content.decode()
    assert staff.post(page, form | {"email": "Benjamin@example.com"}).status_code == 302
    world.ben.refresh_from_db()
    assert world.ben.email == "benjamin@example.com"
    User.objects.filter(pk=world.ben.pk).update(email="CY@example.com")  # as an earlier release let it be
    assert staff.post(page, form | {"email": "CY@example.com", "first_name": "Benny"}).status_code == 302
    world.ben.refresh_from_db()
    assert (world.ben.email, world.ben.first_name) == ("CY@example.com", "Benny")


def test_a_new_organization_gets_its_members_on_the_same_page(staff: Client, world: World) -> None:
    form = {
        "title": "Globex",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-user": str(world.ben.pk),
        "memberships-0-role": "editor",
    }
    assert staff.post("/admin/organizations/organization/add/", form).status_code == 302
    assert Organization.objects.get(title="Globex").role_of(world.ben) == "editor"


def token_form(world: World, **changes: Any) -> dict[str, Any]:
    form = {
        "organization": world.acme.pk,
        "user": world.ada.pk,
        "title": "Crawler",
        "scopes": ["site:insights:read"],
        "expires_at_0": "",
        "expires_at_1": "",
    }
    return {**form, **changes}


def test_a_new_token_is_shown_on_that_answer_alone_and_works(staff: Client, world: World) -> None:
    answer = staff.post("/admin/organizations/apitoken/add/", token_form(world))
    (raw,) = re.findall(r"sit_[0-9a-f]{60}", answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert raw not in str(answer.cookies) + str(staff.session.items())
    found = ApiToken.objects.find(raw, now=utc_now())
    assert found is not None
    assert (found.title, found.scopes, found.user) == ("Crawler", ["site:insights:read"], world.ada)
    assert (found.only_some_sites, found.created_by) == (False, User.objects.get(email="root@example.com"))
    again = staff.get("/admin/organizations/apitoken/").content.decode()
    assert raw not in again
    assert found.prefix in again


def test_staff_make_a_token_of_an_organization_for_some_of_its_sites(staff: Client, world: World) -> None:
    form = token_form(world, user="", only_some_sites="on", sites=[world.docs.pk])
    assert staff.post("/admin/organizations/apitoken/add/", form).status_code == 200
    token = ApiToken.objects.get()
    assert (token.user, token.only_some_sites, list(token.sites.all())) == (None, True, [world.docs])


def test_a_token_for_a_reader_gets_no_scope_that_readers_have_no_use_of(staff: Client, world: World) -> None:
    for scope in ("site:insights:track", "site:write"):
        form = token_form(world, user=world.ben.pk, scopes=[scope])
        page = staff.post("/admin/organizations/apitoken/add/", form)
        assert "A reader’s token cannot track events nor change sites." in page.content.decode()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"only_some_sites": "on", "sites": "secrets"}, "Expected sites of the organization."),
        ({"sites": "docs"}, "Tick this, or choose no sites."),
    ],
)
def test_sites_of_a_token_that_make_no_sense_are_refused(
    staff: Client, world: World, changes: dict[str, str], complaint: str
) -> None:
    site = getattr(world, changes["sites"])
    form = token_form(world, **changes) | {"sites": [site.pk]}
    page = staff.post("/admin/organizations/apitoken/add/", form)
    assert complaint in page.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_that_is_saved_as_it_was_tells_nothing(staff: Client, world: World) -> None:
    token, _raw = ApiToken.issue(
        organization=world.acme,
        user=world.ada,
        title="Crawler",
        scopes=["site:insights:track", "site:insights:read"],
        expires_at=utc_now() + timedelta(days=30, microseconds=7),
        only_some_sites=True,
    )
    token.sites.set([world.docs])
    page = f"/admin/organizations/apitoken/{token.pk}/change/"
    fields = staff.get(page).context["adminform"].form
    form = {
        "title": "Crawler",
        "scopes": token.scopes,
        "only_some_sites": "on",
        "sites": [world.docs.pk],
        "expires_at_0": f"{fields.initial['expires_at']:%Y-%m-%d}",
        "expires_at_1": f"{fields.initial['expires_at']:%H:%M:%S}",
    }
    assert staff.post(page, form).status_code == 302
    assert not AuditEntry.objects.exists()
    in_order = form | {"scopes": sorted(token.scopes)}  # as the boxes stand on the page
    assert staff.post(page, in_order).status_code == 302
    assert not AuditEntry.objects.exists()
    assert staff.post(page, form | {"title": "Robot"}).status_code == 302
    assert [(entry.what, entry.details["token"]) for entry in AuditEntry.objects.all()] == [
        ("change_token", token.public_id)
    ]


def test_a_chosen_token_gets_a_new_secret_and_deletion_is_told_as_revocation(staff: Client, world: World) -> None:
    old = token_of(world.ada, world.acme)
    other = token_of(world.ben, world.acme)
    token, list_page = ApiToken.objects.get(user=world.ada), "/admin/organizations/apitoken/"
    answer = staff.post(list_page, {"action": "rotate", "_selected_action": [token.pk]})
    (new,) = re.findall(r"sit_[0-9a-f]{60}", answer.content.decode())
    assert [ApiToken.objects.find(raw, now=utc_now()) for raw in (old, new)] == [token, token]
    both = {"action": "rotate", "_selected_action": list(ApiToken.objects.values_list("pk", flat=True))}
    assert "Choose one token" in staff.post(list_page, both, follow=True).content.decode()
    bens = ApiToken.objects.get(user=world.ben)
    staff.post(f"{list_page}{bens.pk}/delete/", {"post": "yes"})
    assert ApiToken.objects.find(other, now=utc_now()) is None
    assert [entry.what for entry in AuditEntry.objects.order_by("pk")] == ["rotate_token", "revoke_token"]


def test_a_token_for_somebody_who_is_no_member_is_refused(staff: Client, world: World) -> None:
    page = staff.post("/admin/organizations/apitoken/add/", token_form(world, user=world.cy.pk))
    assert "This person is not a member of the organization." in page.content.decode()
    assert not ApiToken.objects.exists()


def test_changing_a_token_keeps_its_secret_and_its_owner(staff: Client, world: World) -> None:
    raw = token_of(world.ada, world.acme)
    address = f"/admin/organizations/apitoken/{ApiToken.objects.get().pk}/change/"
    form = token_form(world, title="Renamed", user=world.cy.pk, scopes=["site:read"])
    assert staff.post(address, form).status_code == 302
    found = ApiToken.objects.find(raw, now=utc_now())
    assert found is not None
    assert (found.title, found.user, found.scopes) == ("Renamed", world.ada, ["site:read"])
    assert AuditEntry.objects.get().details["scopes"] == ["site:read"]
    assert staff.post(address, form).status_code == 302
    assert AuditEntry.objects.count() == 1, "Nothing was changed."


def test_chosen_tokens_are_revoked(staff: Client, world: World) -> None:
    first, second = token_of(world.ada, world.acme), token_of(world.ben, world.acme)
    chosen = ApiToken.objects.get(user=world.ada)
    page = staff.post(
        "/admin/organizations/apitoken/", {"action": "revoke", "_selected_action": [chosen.pk]}, follow=True
    )
    assert "1 token was revoked." in page.content.decode()
    assert ApiToken.objects.find(first, now=utc_now()) is None
    assert ApiToken.objects.find(second, now=utc_now()) is not None


def test_share_links_are_read_and_revoked_and_their_secrets_are_not_there(staff: Client, world: World) -> None:
    made = [
        create_link(site=world.docs, who=world.ada, title=title, report="traffic", password="a quiet morning")
        for title in ("First", "Second")
    ]
    (first, first_token), (second, second_token) = made
    page = staff.get(f"/admin/sites/sharelink/{first.pk}/change/").content.decode()
    assert "First" in page
    assert first.token_hash not in page
    assert first.password not in page
    assert staff.get("/admin/sites/sharelink/add/").status_code == 403
    chosen = {"action": "revoke", "_selected_action": [first.pk]}
    for answer in ("1 link was revoked.", "0 links were revoked."):
        shown = staff.post("/admin/sites/sharelink/", chosen, follow=True).content.decode()
        assert answer in shown
    assert open_link(first_token, now=utc_now()) is None
    assert open_link(second_token, now=utc_now()) == second
    entry = AuditEntry.objects.get(what="revoke_share_link")
    assert entry.who == User.objects.get(email="root@example.com").public_id
    assert entry.details == {"link": first.public_id}
    assert staff.post(f"/admin/sites/site/{world.docs.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ShareLink.objects.exists()


def event(number: int, **fields: Any) -> Row:
    now = utc_now()
    row = {
        "id": number,
        "timestamp": now - timedelta(minutes=number),
        "received": now,
        "event_type": "page_view",
        "url_path": f"/page-{number}/",
    }
    return {**row, **fields}


def listed(client: Client, query: str = "") -> list[str]:
    """The paths on the page of events, in order."""
    return re.findall(r"/page-\d+/", client.get(f"/admin/events/event/?{query}").content.decode())


def test_events_are_listed_newest_first_and_filtered(staff: Client, world: World, store: EventStore) -> None:
    store.insert(
        [
            event(1, site=world.docs.pk),
            event(2, site=world.secrets.pk, event_type="ask_view"),
            event(3, site=world.docs.pk, bot="gptbot"),
            event(90, site=world.docs.pk),
            event(3000, site=world.docs.pk),
            event(90000, site=world.docs.pk),
        ]
    )
    assert listed(staff) == ["/page-1/", "/page-2/", "/page-3/", "/page-90/"]
    assert listed(staff, f"site={world.docs.pk}") == ["/page-1/", "/page-3/", "/page-90/"]
    assert listed(staff, "type=ask_view") == ["/page-2/"]
    assert listed(staff, "bots=true") == ["/page-3/"]
    assert listed(staff, "bots=false") == ["/page-1/", "/page-2/", "/page-90/"]
    assert listed(staff, "period=hour") == ["/page-1/", "/page-2/", "/page-3/"]
    assert listed(staff, "period=month")[-1] == "/page-3000/"
    assert listed(staff, "period=all")[-1] == "/page-90000/"


def test_columns_of_events_are_headed_as_people_write_them(staff: Client, world: World, store: EventStore) -> None:
    store.insert([event(1, site=world.docs.pk)])
    page = staff.get("/admin/events/event/").content.decode()
    heads = [head.strip() for head in re.findall(r"<th[^>]*>([^<]*)</th>", page)]
    assert heads == [
        "Timestamp",
        "Site",
        "Event type",
        "URL path",
        "Query",
        "Country",
        "Browser",
        "OS",
        "Bot",
        "Referrer domain",
    ]


def test_events_are_paged(staff: Client, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "PAGE_ROWS", 2)
    store.insert([event(number, site=world.docs.pk) for number in range(1, 6)])
    assert listed(staff) == ["/page-1/", "/page-2/"]
    second = staff.get("/admin/events/event/?page=2&bots=false").content.decode()
    assert "?page=1&amp;bots=false" in second
    assert "?page=3&amp;bots=false" in second
    assert listed(staff, "page=3") == ["/page-5/"]
    assert "Older" not in staff.get("/admin/events/event/?page=3").content.decode()


@pytest.mark.parametrize("query", ["page=0", "page=x", "type=nonsense", "site=999999", "period=%00", "bots=maybe"])
def test_a_filter_that_makes_no_sense_is_told_and_lists_nothing(staff: Client, store: EventStore, query: str) -> None:
    store.insert([event(1, site=1)])
    page = staff.get(f"/admin/events/event/?{query}")
    assert page.status_code == 200
    assert "text-red-600" in page.content.decode()
    assert "/page-1/" not in page.content.decode()


def test_a_path_of_an_event_cannot_become_markup(staff: Client, world: World, store: EventStore) -> None:
    store.insert([event(1, site=world.docs.pk, url_path="/page-1/<script>alert(1)</script>")])
    page = staff.get("/admin/events/event/").content.decode()
    assert "/page-1/&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_the_page_says_so_while_the_store_is_away(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.store._store", None)
    monkeypatch.setattr(settings, "CLICKHOUSE_URL", "http://127.0.0.1:9")
    page = staff.get("/admin/events/event/")
    assert page.status_code == 200
    assert "The event store cannot be opened." in page.content.decode()


def test_no_event_can_be_added_changed_or_deleted(staff: Client, world: World, store: EventStore) -> None:
    for path in ("add/", "1/change/", "1/delete/", "1/history/"):
        assert staff.get(f"/admin/events/event/{path}").status_code == 404, path
