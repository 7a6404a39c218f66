"""What tokens of people and of organizations reach, how they are rotated and ended, and what is kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.organizations.audit import AuditEntry
from apps.organizations.issuing import make_token, revoke_token, rotate_token
from apps.organizations.models import ApiToken, Membership, Organization, Role, Scope
from apps.sites.models import Site
from tests.people import World, token_of

NOW = datetime(2026, 4, 30, 12, 30, tzinfo=UTC)


def found(raw: str, now: datetime | None = None) -> ApiToken | None:
    return ApiToken.objects.find(raw, now=now or utc_now())


def organization_token(world: World, **more: Any) -> tuple[ApiToken, str]:
    given = {"title": "CI", "scopes": ["site:read"]} | more
    return make_token(organization=world.acme, user=None, who=world.ada, **given)


def test_an_organizations_token_goes_on_when_its_maker_leaves(world: World) -> None:
    token, raw = organization_token(world)
    personal = token_of(world.ada, world.acme)
    Membership.objects.get(user=world.ada).delete()
    world.ada.is_active = False
    world.ada.save()
    assert found(raw) == token
    assert found(personal) is None
    world.ada.delete()
    assert found(raw) == token
    assert list(Site.objects.for_token(token)) == [world.docs]
    assert list(Organization.objects.for_token(token)) == [world.acme]


def test_an_organizations_token_is_never_more_than_an_editor(world: World) -> None:
    token, _raw = organization_token(world, scopes=Scope.values)
    assert world.acme.role_of_token(token) is Role.EDITOR
    assert not token.allows(Scope.USER_READ)
    assert "user:read" not in token.scopes


def test_a_token_limited_to_sites_reaches_them_alone_and_none_when_the_last_is_gone(world: World) -> None:
    blog = Site.objects.create(organization=world.acme, title="Blog")
    for user in (world.ada, None):
        token, _raw = make_token(
            organization=world.acme, user=user, who=world.ada, title="t", scopes=["site:read"], sites=[blog]
        )
        assert list(Site.objects.for_token(token)) == [blog]
        token.sites.remove(blog)
        assert list(Site.objects.for_token(token)) == []
        token.sites.set([blog])
    blog.delete()
    for token in ApiToken.objects.all():
        assert list(Site.objects.for_token(token)) == []


def test_a_token_cannot_be_made_for_sites_of_others_nor_for_strangers_nor_without_scopes(world: World) -> None:
    for wrong in (
        {"sites": [world.secrets]},
        {"user": world.cy},
        {"scopes": []},
        {"scopes": ["site:read", "organization:write"]},
    ):
        with pytest.raises(Refusal):
            organization_token(world, **wrong) if "user" not in wrong else make_token(
                organization=world.acme, who=world.ada, title="t", scopes=["site:read"], **wrong
            )
    assert not ApiToken.objects.exists()


def test_a_rotated_tokens_old_secret_works_until_the_overlap_ends(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        token, old = organization_token(world)
        new = rotate_token(token, who=world.ada)
    assert new != old
    assert found(new, NOW) == found(old, NOW) == token
    assert found(old, NOW + timedelta(hours=23, minutes=59)) == token
    assert found(old, NOW + timedelta(hours=24)) is None
    assert found(new, NOW + timedelta(hours=24)) == token
    assert new.startswith(ApiToken.objects.get().prefix)


def test_of_a_token_rotated_twice_the_oldest_secret_ends_at_once(world: World) -> None:
    token, first = organization_token(world)
    second = rotate_token(token, who=world.ada)
    third = rotate_token(token, who=world.ada, overlap=timedelta(hours=1))
    assert found(first) is None
    assert found(second) == found(third) == token


def test_a_revoked_token_ends_with_its_old_secret_and_cannot_be_rotated(world: World) -> None:
    token, old = organization_token(world)
    new = rotate_token(token, who=world.ada)
    assert revoke_token(token, who=world.ada)
    assert not revoke_token(token, who=world.ada)
    assert found(old) is found(new) is None
    with pytest.raises(Refusal):
        rotate_token(token, who=world.ada)
    assert found(old) is found(new) is None


def test_no_secret_is_kept_and_the_audit_tells_of_every_change(world: World) -> None:
    with time_machine.travel(NOW, tick=False):
        token, old = organization_token(world, sites=[world.docs], expires_at=NOW + timedelta(days=30))
        new = rotate_token(token, who=world.ada)
        revoke_token(token, who=world.ada)
    kept = f"{ApiToken.objects.values().get()} {list(AuditEntry.objects.values())}"
    assert old not in kept
    assert new not in kept
    entries = AuditEntry.objects.order_by("pk")
    assert [(entry.what, entry.who, entry.organization) for entry in entries] == [
        (what, world.ada.public_id, world.acme.public_id) for what in ("create_token", "rotate_token", "revoke_token")
    ]
    about = {"token": token.public_id, "user": None}
    assert [entry.details for entry in entries] == [
        about | {"scopes": ["site:read"], "sites": [world.docs.public_id], "expires_at": "2026-05-30T12:30:00+0000"},
        about | {"old_ends_at": "2026-05-01T12:30:00+0000"},
        about,
    ]


def test_members_see_their_own_tokens_and_owners_all_of_the_organization(world: World) -> None:
    shared, _raw = organization_token(world)
    for user in (world.ada, world.ben):
        token_of(user, world.acme)
    token_of(world.cy, world.elsewhere)
    bens = ApiToken.objects.get(user=world.ben)
    assert set(ApiToken.objects.visible_to(world.ada)) == {shared, bens, ApiToken.objects.get(user=world.ada)}
    assert set(ApiToken.objects.visible_to(world.ben)) == {bens}
    Membership.objects.get(user=world.ben).delete()
    assert set(ApiToken.objects.visible_to(world.ben)) == set()


OLD_KEY, NEW_KEY = "old" * 20, "new" * 20


def test_a_hash_of_an_older_secret_key_is_made_anew_when_its_token_is_used(world: World, settings: Settings) -> None:
    settings.SECRET_KEY = OLD_KEY
    token, old = organization_token(world)
    new = rotate_token(token, who=world.ada)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [OLD_KEY]
    for raw in (old, new):
        assert ApiToken.objects.use(raw, now=utc_now()) == token
    settings.SECRET_KEY_FALLBACKS = []
    assert found(old) == found(new) == token


def test_without_its_key_no_token_is_found(world: World, settings: Settings) -> None:
    settings.SECRET_KEY = OLD_KEY
    _token, raw = organization_token(world)
    settings.SECRET_KEY = NEW_KEY
    assert ApiToken.objects.use(raw, now=utc_now()) is None
    settings.SECRET_KEY_FALLBACKS = [OLD_KEY]
    assert found(raw) is not None


@pytest.mark.django_db(transaction=True)
def test_tokens_from_before_get_an_id_each_and_go_on(world: World) -> None:
    raws = [token_of(user, world.acme) for user in (world.ada, world.ben)]
    before, now = [("organizations", "0004_invitation")], MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(before)
    finally:
        MigrationExecutor(connection).migrate(now)
    tokens = [found(raw) for raw in raws]
    assert [token and token.user for token in tokens] == [world.ada, world.ben]
    assert len({token.public_id for token in ApiToken.objects.all()}) == 2
