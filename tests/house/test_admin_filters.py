"""The list of sites in the admin is narrowed by the filters of the API's list."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.organizations.models import User
from apps.sites.models import Site, Visibility
from tests.api.calls import Caller
from tests.people import World, token_of

QUERIES = {
    "visibility=unlisted": ["Guide"],
    "published=true": ["Acme Docs"],
    "published=false": ["Guide"],
    "paused=true": ["Guide"],
    "paused=false": ["Acme Docs"],
    "visibility=unlisted&paused=false": [],
}


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    Site.objects.create(organization=world.acme, title="Guide", visibility=Visibility.UNLISTED, ingest_paused=True)
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


def listed(staff: Client, world: World, query: str) -> list[str]:
    """The titles of Acme's sites in the admin's list."""
    changes = staff.get(f"/admin/sites/site/?organization__id__exact={world.acme.pk}&{query}").context["cl"]
    return [site.title for site in changes.queryset]


@pytest.mark.parametrize(("query", "found"), QUERIES.items())
def test_both_lists_find_the_same(staff: Client, world: World, query: str, found: list[str]) -> None:
    assert listed(staff, world, query) == found
    answer = Caller(token_of(world.ada, world.acme)).get(f"/v1/orgs/{world.acme.public_id}/sites?{query}")
    assert [site["title"] for site in answer.json()["items"]] == found


def test_both_search_alike(staff: Client, world: World) -> None:
    ada = Caller(token_of(world.ada, world.acme))
    for text in ("docs.acme", "acme d", world.docs.public_id):
        assert listed(staff, world, f"q={text}") == ["Acme Docs"]
        answer = ada.get(f"/v1/orgs/{world.acme.public_id}/sites?search={text}").json()
        assert [site["title"] for site in answer["items"]] == ["Acme Docs"]


def test_a_choice_that_is_none_lists_nothing(staff: Client, world: World) -> None:
    for query in ("visibility=secret", "published=maybe", "paused=%00"):
        assert listed(staff, world, query) == []
