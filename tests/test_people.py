"""What people and tokens may see."""

from __future__ import annotations

from apps.core.clock import utc_now
from apps.organizations.models import ApiToken, Organization
from apps.sites.models import Site
from tests.people import World, token_of


def test_a_person_sees_only_the_sites_of_their_organizations(world: World) -> None:
    assert list(Site.objects.visible_to(world.ben)) == [world.docs]
    assert list(Site.objects.visible_to(world.cy)) == [world.secrets]
    assert list(Organization.objects.visible_to(world.ada)) == [world.acme]


def test_a_token_is_found_by_its_text_and_not_kept(world: World) -> None:
    raw = token_of(world.ada, world.acme)
    found = ApiToken.objects.find(raw, now=utc_now())
    assert found is not None
    assert found.user == world.ada
    assert raw not in str(ApiToken.objects.values().get())
    assert ApiToken.objects.find(raw + "x", now=utc_now()) is None


def test_a_revoked_token_is_not_found(world: World) -> None:
    raw = token_of(world.ada, world.acme)
    token = ApiToken.objects.find(raw, now=utc_now())
    assert token is not None
    token.revoke(utc_now())
    assert ApiToken.objects.find(raw, now=utc_now()) is None
