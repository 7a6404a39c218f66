"""A reader who is limited to some sites sees those, and of the others not even that they are there."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from apps.events.store import EventStore
from apps.organizations.inviting import invite
from apps.organizations.issuing import make_token
from apps.organizations.members import change_member
from apps.organizations.models import Membership, Organization, Role, User
from apps.sites.models import ShareLink, Site
from apps.sites.sharing import create_link
from tests.access.conftest import signed_in
from tests.people import World, token_of


@pytest.fixture
def limited(world: World, blog: Site) -> Membership:
    """Ben's membership, limited to the blog."""
    membership = Membership.objects.get(user=world.ben)
    membership.is_limited = True
    membership.save()
    membership.sites.add(blog)
    return membership


def home(site: Site) -> str:
    return f"/sites/{site.organization.public_id}/{site.public_id}"


def api(site: Site) -> str:
    return f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}"


def shown(person: User, page: str) -> str:
    answer = signed_in(person).get(page)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_only_the_listed_sites_are_seen_and_the_organization_is(world: World, limited: Membership, blog: Site) -> None:
    assert list(Site.objects.visible_to(world.ben)) == [blog]
    assert list(Organization.objects.visible_to(world.ben)) == [world.acme]
    assert list(Site.objects.visible_to(world.ada)) == [blog, world.docs]


def test_a_site_that_is_added_later_is_not_seen(world: World, limited: Membership, blog: Site) -> None:
    later = Site.objects.create(organization=world.acme, title="Later")
    assert list(Site.objects.visible_to(world.ben)) == [blog]
    assert later in Site.objects.visible_to(world.ada)


def test_when_the_last_listed_site_is_gone_nothing_is_seen(world: World, limited: Membership, blog: Site) -> None:
    blog.delete()
    assert list(Site.objects.visible_to(world.ben)) == []
    assert list(Site.objects.visible_to(world.ada)) == [world.docs]


def test_a_listed_site_that_moved_to_another_organization_is_not_seen(
    world: World, limited: Membership, blog: Site
) -> None:
    make_token(organization=world.acme, user=None, who=world.ada, title="Nightly", scopes=["site:read"], sites=[blog])
    make_token(organization=world.acme, user=world.ada, who=world.ada, title="Own", scopes=["site:read"], sites=[blog])
    invite(world.acme, Role.READER, who=world.ada, sites=[blog])
    blog.organization, blog.title = world.elsewhere, "Plans"
    blog.save()
    assert list(Site.objects.visible_to(world.ben)) == []
    assert blog in Site.objects.visible_to(world.cy)
    # Nor is its title told to owners of where it was; to those of both, not as what people and tokens there reach.
    acme = f"/organizations/{world.acme.public_id}"
    for _times in range(2):
        pages = {page: shown(world.ada, page) for page in (f"{acme}/members", f"{acme}/tokens", "/tokens")}
        assert [page for page, words in pages.items() if "Plans" in words] == []
        assert "none any more" in pages["/tokens"]
        Membership.objects.get_or_create(organization=world.elsewhere, user=world.ada)


def test_limits_of_one_organization_are_not_those_of_another(world: World, limited: Membership, blog: Site) -> None:
    Membership.objects.create(organization=world.elsewhere, user=world.ben)
    assert list(Site.objects.visible_to(world.ben)) == [blog, world.secrets]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
def test_only_readers_can_be_limited(world: World, limited: Membership, role: Role) -> None:
    limited.role = role
    with pytest.raises(IntegrityError), transaction.atomic():
        limited.save()


def test_pages_switcher_and_list_know_nothing_of_the_other_sites(
    world: World, limited: Membership, blog: Site, store: EventStore
) -> None:
    client = signed_in(world.ben)
    for page in ("", "/overview", "/traffic/pages", "/traffic/pages.csv", "/events", "/explore", "/segments", "/share"):
        assert client.get(home(world.docs) + page).status_code == 404, page
        assert client.get(home(blog) + page).status_code in (200, 302), page
    for page in ("/", f"{home(blog)}/overview"):
        shown = client.get(page).content.decode()
        assert "Acme Blog" in shown
        assert "Acme Docs" not in shown
        assert world.docs.public_id not in shown


def test_tokens_of_a_limited_reader_reach_no_more_than_they_do(
    world: World, limited: Membership, blog: Site, store: EventStore
) -> None:
    bearer = {"Authorization": f"Bearer {token_of(world.ben, world.acme)}"}
    client = Client()
    found = client.get(f"/v1/orgs/{world.acme.public_id}/sites", headers=bearer).json()
    assert [each["id"] for each in found["items"]] == [blog.public_id]
    assert found["count"] == 1
    question = {"range": "last7Days", "select": [{"column": "eventsCount"}]}
    for site, status in ((blog, 200), (world.docs, 404)):
        assert client.get(api(site), headers=bearer).status_code == status
        assert client.get(f"{api(site)}/insights/visitor-segments", headers=bearer).status_code == status
        asked = client.post(
            f"{api(site)}/insights/events/aggregate", question, content_type="application/json", headers=bearer
        )
        assert asked.status_code == status


def test_the_list_of_tokens_names_no_site_that_its_reader_may_not_see(
    world: World, blog: Site, store: EventStore
) -> None:
    token, raw = make_token(
        organization=world.acme, user=world.ben, who=world.ben, title="Docs", scopes=["site:read"], sites=[world.docs]
    )
    assert "Acme Docs" in shown(world.ben, "/tokens")
    change_member(world.acme, world.ben, Role.READER, who=world.ada, sites=[blog])
    words = shown(world.ben, "/tokens")
    assert "Acme Docs" not in words
    assert "none any more" in words
    assert Client().get(api(world.docs), headers={"Authorization": f"Bearer {raw}"}).status_code == 404
    token.sites.add(blog)
    assert "Acme Blog" in shown(world.ben, "/tokens")


def test_a_limit_holds_at_once_also_for_what_is_remembered(world: World, limited: Membership, blog: Site) -> None:
    bearer = {"Authorization": f"Bearer {token_of(world.ben, world.acme)}"}
    client = Client()
    assert client.get(api(blog), headers=bearer).status_code == 200
    limited.sites.set([world.docs])
    assert client.get(api(blog), headers=bearer).status_code == 404
    assert client.get(api(world.docs), headers=bearer).status_code == 200
    limited.sites.clear()
    assert client.get(api(world.docs), headers=bearer).status_code == 404


def test_links_to_other_sites_are_not_listed(world: World, limited: Membership, blog: Site) -> None:
    links = [
        create_link(site=site, who=world.ada, title=site.title, report="traffic")[0] for site in (blog, world.docs)
    ]
    assert list(ShareLink.objects.visible_to(world.ben)) == [links[0]]
    assert set(ShareLink.objects.visible_to(world.ada)) == set(links)
    assert list(ShareLink.objects.visible_to(world.cy)) == []
