"""Lists of the admin: their figures, filters and searches, and what they ask of the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utc_now
from apps.events.records import Reason, RefusedEvent
from apps.organizations.models import ApiToken, Membership, Organization, User
from apps.sites.models import Site
from tests.people import World, token_of

ADMIN = "/admin/organizations"


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    """A browser in which an administrator who is a member of nothing is signed in."""
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


def listed(staff: Client, address: str) -> list[Any]:
    answer = staff.get(address)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_organizations_are_listed_with_their_members_and_sites(staff: Client, world: World) -> None:
    Site.objects.create(organization=world.acme, title="Guide")
    Site.objects.create(organization=world.acme, title="Blog")
    Organization.objects.create(title="Empty")
    page = staff.get(f"{ADMIN}/organization/?o=1")
    found = {each.title: each for each in page.context["cl"].result_list}
    model = page.context["cl"].model_admin
    assert (model.member_count(found["Acme"]), model.site_count(found["Acme"])) == (2, 3)
    assert (model.member_count(found["Empty"]), model.site_count(found["Empty"])) == (0, 0)
    by_sites = listed(staff, f"{ADMIN}/organization/?o=-4")
    assert [each.title for each in by_sites] == ["Acme", "Elsewhere", "Empty"]


def test_more_organizations_take_no_more_queries(staff: Client, world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            staff.get(f"{ADMIN}/organization/")
        return len(queries)

    asked()  # what is asked once is asked now
    before = asked()
    Organization.objects.bulk_create(Organization(title=f"Team {number}") for number in range(20))
    assert asked() == before


@pytest.mark.parametrize(
    ("query", "found"), [("true", {"usable"}), ("false", {"revoked", "expired", "left"}), ("maybe", set())]
)
def test_tokens_are_told_apart_by_whether_they_work(staff: Client, world: World, query: str, found: set[str]) -> None:
    now = utc_now()
    made = {
        title: ApiToken.issue(organization=world.acme, user=who, title=title)[0]
        for title, who in {"usable": world.ada, "revoked": world.ada, "expired": world.ada, "left": world.ben}.items()
    }
    made["revoked"].revoke(now)
    ApiToken.objects.filter(pk=made["expired"].pk).update(expires_at=now - timedelta(seconds=1))
    Membership.objects.filter(user=world.ben).delete()
    assert {token.title for token in listed(staff, f"{ADMIN}/apitoken/?usable={query}")} == found
    assert len(listed(staff, f"{ADMIN}/apitoken/")) == 4


def test_lists_are_narrowed_to_an_organization_from_a_menu(staff: Client, world: World) -> None:
    token_of(world.ada, world.acme)
    token_of(world.cy, world.elsewhere)
    query = f"?organization__id__exact={world.elsewhere.pk}"
    assert [token.user for token in listed(staff, f"{ADMIN}/apitoken/{query}")] == [world.cy]
    assert [each.user for each in listed(staff, f"{ADMIN}/membership/{query}")] == [world.cy]
    for kind in ("apitoken", "membership", "invitation"):
        page = staff.get(f"{ADMIN}/{kind}/").content.decode()
        assert '<select name="organization__id__exact"' in page


def test_people_are_found_by_the_id_that_the_audit_tells(staff: Client, world: World) -> None:
    assert listed(staff, f"{ADMIN}/user/?q={world.ben.public_id}") == [world.ben]
    assert listed(staff, f"{ADMIN}/user/?q={world.ben.public_id[:8]}") == []
    assert [each.user for each in listed(staff, f"{ADMIN}/membership/?q={world.ben.public_id}")] == [world.ben]


def test_refused_events_are_found_by_their_host_and_path(staff: Client, world: World) -> None:
    for host, path in (("docs.acme.example", "/guide"), ("staging.acme.example", "/start")):
        RefusedEvent.objects.create(
            site=world.docs, refused_at=utc_now(), reason=Reason.HOSTNAME, place="location.url", host=host, path=path
        )
    for text, hosts in (("staging", ["staging.acme.example"]), ("/guide", ["docs.acme.example"]), ("nobody", [])):
        assert [each.host for each in listed(staff, f"/admin/events/refusedevent/?q={text}")] == hosts


def test_the_page_of_a_site_leads_to_its_erasure_for_who_may_erase(client: Client, world: World) -> None:
    clerk = User.objects.create(email="clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_site"))
    client.force_login(clerk)
    link = f"/admin/rollups/erasure/add/?site={world.docs.pk}"
    assert link not in client.get(f"/admin/sites/site/{world.docs.pk}/change/").content.decode()
    clerk.user_permissions.add(Permission.objects.get(codename="add_erasure"))
    assert link in client.get(f"/admin/sites/site/{world.docs.pk}/change/").content.decode()
    assert f'<option value="{world.docs.pk}" selected>' in client.get(link).content.decode()
