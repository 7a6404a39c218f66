"""What the routes answer to tokens of organizations, to tokens that are limited to sites, and to rotated ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from apps.api.caches import tokens
from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.events.store import EventStore
from apps.organizations.issuing import make_token, revoke_token, rotate_token
from apps.organizations.models import ApiToken, Membership, Role, Scope
from apps.sites.models import Site
from tests.api.calls import Caller, address, event, refusal
from tests.people import World


def caller(world: World, **more: Any) -> Caller:
    """Somebody with a new token of Acme itself, made by Ada, of all scopes where none is named."""
    given = {"title": "CI", "scopes": Scope.values, "user": None} | more
    _token, raw = make_token(organization=world.acme, who=world.ada, **given)
    return Caller(raw)


@pytest.fixture
def machine(world: World, store: EventStore) -> Caller:
    return caller(world)


def test_an_organizations_token_reads_tracks_and_edits_as_an_editor_would(machine: Caller, world: World) -> None:
    Membership.objects.all().delete()
    home = f"/v1/orgs/{world.acme.public_id}"
    assert [each["id"] for each in machine.get("/v1/orgs").json()["items"]] == [world.acme.public_id]
    permissions = machine.get(home).json()["permissions"]
    assert (permissions["createContent"], permissions["admin"], permissions["listMembers"]) == (True, False, False)
    assert machine.track(world.docs, event()).status_code == 204
    assert machine.values(world.docs, select=[{"column": "eventsCount"}]) == {"eventsCount": [1]}
    assert machine.get(address(world.docs)).json()["permissions"]["edit"] is True
    assert machine.send("PATCH", address(world.docs), {"title": "Handbook"}).json()["title"] == "Handbook"
    assert machine.post(f"{home}/sites", {"title": "Blog"}).status_code == 201
    assert len(machine.get(f"{home}/sites").json()["items"]) == 2


def test_an_organizations_token_is_nobody(machine: Caller) -> None:
    assert refusal(machine.get("/v1/user")) == (403, "The API token lacks the scope user:read")


def test_an_organizations_token_does_not_reach_another(machine: Caller, world: World) -> None:
    assert refusal(machine.get(address(world.secrets))) == (404, "Site not found")
    assert refusal(machine.get(f"/v1/orgs/{world.elsewhere.public_id}/sites")) == (404, "Organization not found")
    assert refusal(machine.track(world.secrets, event())) == (404, "Site not found")


@pytest.mark.parametrize("personal", [True, False])
def test_a_token_limited_to_a_site_knows_no_other(world: World, store: EventStore, personal: bool) -> None:
    blog = Site.objects.create(organization=world.acme, title="Blog")
    limited = caller(world, sites=[blog], user=world.ada if personal else None)
    home = f"/v1/orgs/{world.acme.public_id}/sites"
    assert [each["title"] for each in limited.get(home).json()["items"]] == ["Blog"]
    assert limited.get(address(blog)).status_code == 200
    for answer in (
        limited.get(address(world.docs)),
        limited.ask(world.docs, {"range": "last7Days"}),
        limited.track(world.docs, event()),
        limited.send("PATCH", address(world.docs), {"title": "Mine"}),
    ):
        assert refusal(answer) == (404, "Site not found")
    assert limited.send("DELETE", address(world.docs)).status_code == 204
    assert Site.objects.filter(pk=world.docs.pk).exists()
    assert refusal(limited.post(home, {"title": "Third"})) == (
        403,
        "The API token is limited to some sites and cannot make others",
    )
    ApiToken.objects.get().sites.clear()
    assert limited.get(address(blog)).status_code == 404
    assert limited.get(home).json()["items"] == []


def test_both_secrets_of_a_rotated_token_are_the_same_token(machine: Caller, world: World) -> None:
    left = int(machine.get("/v1")["X-RateLimit-Remaining"])
    renewed = Caller(rotate_token(ApiToken.objects.get(), who=world.ada))
    assert int(renewed.get("/v1")["X-RateLimit-Remaining"]) == left - 1
    assert int(machine.get("/v1")["X-RateLimit-Remaining"]) == left - 2
    revoke_token(ApiToken.objects.get(), who=world.ada)
    assert {machine.get("/v1").status_code, renewed.get("/v1").status_code} == {401}


@pytest.mark.django_db(transaction=True)
def test_what_is_looked_up_before_a_revocation_is_committed_is_forgotten_with_it(machine: Caller, world: World) -> None:
    raw = machine.token
    assert raw is not None
    with transaction.atomic():
        ApiToken.objects.get().revoke(utc_now())
        ApiToken.objects.update(revoked_at=None)  # as another connection still sees it
        assert tokens.get(raw) is not None
        ApiToken.objects.update(revoked_at=utc_now())
    assert machine.get("/v1").status_code == 401


def set_role(world: World, role: Role) -> None:
    membership = Membership.objects.get(user=world.ada)
    membership.role = role
    membership.save()


def test_whoever_becomes_a_reader_loses_tracking_and_writing_at_once(
    world: World, store: EventStore, good_memory: None
) -> None:
    hers = caller(world, user=world.ada)
    calls = (
        ("POST", address(world.docs, "/insights/events"), {"events": [event()]}),
        ("PATCH", address(world.docs), {"title": "Handbook"}),
        ("POST", f"/v1/orgs/{world.acme.public_id}/sites", {"title": "Blog"}),
    )
    for role, found in (
        (Role.OWNER, [204, 200, 201]),
        (Role.READER, [403, 403, 403]),
        (Role.EDITOR, [204, 200, 201]),
        (Role.READER, [403, 403, 403]),
    ):
        set_role(world, role)
        assert [hers.send(*call).status_code for call in calls] == found
        assert hers.get(address(world.docs)).status_code == 200
    said = "Readers of the organization have no use of the scope site:insights:track"
    assert refusal(hers.track(world.docs, event())) == (403, said)
    assert hers.values(world.docs, select=[{"column": "eventsCount"}]) == {"eventsCount": [2]}


@pytest.mark.parametrize("scope", [Scope.INSIGHTS_TRACK, Scope.SITE_WRITE])
def test_a_token_for_a_reader_cannot_be_made_with_what_readers_may_not(world: World, scope: Scope) -> None:
    for who in (world.ada, world.ben):
        with pytest.raises(Refusal):
            make_token(organization=world.acme, user=world.ben, who=who, title="t", scopes=[scope, "site:read"])
    assert not ApiToken.objects.exists()
