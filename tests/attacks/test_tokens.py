"""Tokens of others, guessed ids, guessed and ended tokens: tried on every operation of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from apps.api.openapi import document
from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.organizations.issuing import make_token, rotate_token
from apps.organizations.models import ApiToken, Membership, Organization, Role, Scope
from apps.sites.models import Site
from tests.api.calls import Caller, event
from tests.people import World, token_of

OPERATIONS = [(path, method.upper()) for path, item in document()["paths"].items() for method in item]
OF_ORGANIZATION = [(path, method) for path, method in OPERATIONS if "{organizationId}" in path]
OF_SITE = [(path, method) for path, method in OPERATIONS if "{siteId}" in path]


def body_of(path: str, method: str) -> Any:
    """A sound body for the operation, so that nothing but the token or the id can be what is refused."""
    if path.endswith("/aggregate"):
        return {"range": "last24Hours"}
    if path.endswith("/insights/events"):
        return {"events": [event()]}
    return {"title": "Taken over"} if method in ("POST", "PATCH") else None


def try_it(caller: Caller, operation: tuple[str, str], organization: str, site: str) -> HttpResponse:
    path, method = operation
    return caller.send(method, path.format(organizationId=organization, siteId=site), body_of(path, method))


def foreign_callers(world: World) -> Iterator[tuple[str, Caller]]:
    """Every kind of token that reaches something, and not Acme's documentation."""
    everything: dict[str, Any] = {"title": "t", "scopes": Scope.values}
    blog = Site.objects.create(organization=world.acme, title="Blog")
    given: dict[str, dict[str, Any]] = {
        "a stranger's": {"organization": world.elsewhere, "user": world.cy},
        "another organization's": {"organization": world.elsewhere, "user": None},
        "limited to another site": {"organization": world.acme, "user": None, "sites": [blog]},
        "an owner's, limited to another site": {"organization": world.acme, "user": world.ada, "sites": [blog]},
        "limited to nothing": {"organization": world.acme, "user": None, "sites": []},
    }
    for name, options in given.items():
        _token, raw = make_token(who=world.ada, **everything | options)
        yield name, Caller(raw)
    Membership.objects.create(organization=world.elsewhere, user=world.ada, role=Role.OWNER)
    yield "an owner's, for another organization", Caller(token_of(world.ada, world.elsewhere))


@pytest.mark.parametrize("operation", OF_SITE, ids=" ".join)
def test_no_foreign_token_reaches_a_site(
    world: World, store: EventStore, ada: Caller, operation: tuple[str, str]
) -> None:
    ids = world.acme.public_id, world.docs.public_id
    before = Site.objects.filter(pk=world.docs.pk).values().get()
    for name, caller in foreign_callers(world):
        answer = try_it(caller, operation, *ids)
        is_deletion_within = operation[1] == "DELETE" and "limited" in name
        # As for any site that is not there, deletion within one's own organization is answered 204.
        assert answer.status_code == (204 if is_deletion_within else 404), name
        assert b"Acme" not in answer.content
    assert Site.objects.filter(pk=world.docs.pk).values().get() == before
    assert ada.values(world.docs, select=[{"column": "eventsCount"}]) == {"eventsCount": [0]}
    assert try_it(ada, operation, *ids).status_code in (200, 204, 205)


@pytest.mark.parametrize("operation", OF_ORGANIZATION, ids=" ".join)
def test_what_is_hidden_is_answered_as_what_does_not_exist(
    world: World, store: EventStore, cy: Caller, operation: tuple[str, str]
) -> None:
    own, hidden = (world.elsewhere.public_id, world.secrets.public_id), (world.acme.public_id, world.docs.public_id)
    nothing = ("A" * 20, "site_AAAAAAAAAAAAAAAA")
    expected = try_it(cy, operation, *nothing)
    assert expected.status_code == 404
    for ids in (hidden, (hidden[0], own[1]), (hidden[0], nothing[1])):
        answer = try_it(cy, operation, *ids)
        assert (answer.status_code, answer.content) == (404, expected.content), ids
    if "{siteId}" in operation[0]:
        mixed, absent = (try_it(cy, operation, own[0], site) for site in (hidden[1], nothing[1]))
        assert (mixed.status_code, mixed.content) == (absent.status_code, absent.content)


def told(answer: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer tells, but for how many requests are left and for how long."""
    return answer.status_code, answer.content, {k: v for k, v in answer.items() if not k.startswith("X-RateLimit-Re")}


@pytest.mark.parametrize("operation", OF_ORGANIZATION, ids=" ".join)
def test_no_token_tells_by_its_refusal_what_there_is(
    world: World, store: EventStore, operation: tuple[str, str]
) -> None:
    """Whatever its scopes and its person's role: what is hidden is answered as what does not exist."""
    for user, role in ((world.cy, Role.OWNER), (world.cy, Role.EDITOR), (world.cy, Role.READER), (None, None)):
        if role:
            membership = Membership.objects.get(user=world.cy)
            membership.role = role
            membership.save()
        for scopes in ([], *([scope] for scope in Scope.values), Scope.values):
            _token, raw = ApiToken.issue(organization=world.elsewhere, user=user, title="t", scopes=scopes)
            hidden, absent, mixed, nothing = (
                told(try_it(Caller(raw), operation, *ids))
                for ids in (
                    (world.acme.public_id, world.docs.public_id),
                    ("A" * 20, "site_AAAAAAAAAAAAAAAA"),
                    (world.elsewhere.public_id, world.docs.public_id),
                    (world.elsewhere.public_id, "site_AAAAAAAAAAAAAAAA"),
                )
            )
            assert hidden == absent, (role, scopes)
            assert hidden[0] in (403, 404)
            if "{siteId}" in operation[0]:
                assert mixed == nothing, (role, scopes)
                assert mixed[0] in (204, 403, 404)


@pytest.mark.parametrize("operation", OF_SITE, ids=" ".join)
def test_ids_are_matched_whole_and_exactly(
    world: World, store: EventStore, ada: Caller, operation: tuple[str, str]
) -> None:
    organization, site = world.acme.public_id, world.docs.public_id
    return_codes = {204, 404} if operation[1] == "DELETE" else {404}
    for guess in (
        str(world.docs.pk),
        site[:-1],
        site + "x",
        site.swapcase(),
        site + "%00",
        site + "%0a",
        site + "%20",
        "%25",
        "%27%20OR%20%271%27=%271",
        "..%2f" + site,
        "*",
        "x" * 5000,
    ):
        assert try_it(ada, operation, organization, guess).status_code in return_codes, guess
    assert Site.objects.filter(pk=world.docs.pk).exists()
    for guess in (str(world.acme.pk), organization[:-1], organization.swapcase(), organization + "%00"):
        assert try_it(ada, operation, guess, site).status_code == 404, guess


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_an_ended_token_is_refused_at_once_everywhere(
    world: World, store: EventStore, operation: tuple[str, str]
) -> None:
    ids = world.acme.public_id, world.docs.public_id
    revoked, old = token_of(world.ada, world.acme), token_of(world.ada, world.acme)
    for raw in (revoked, old):
        assert Caller(raw).get("/v1/user").status_code == 200
    newest, before = ApiToken.objects.order_by("-pk")[:2]
    before.revoke(utc_now())
    rotate_token(newest, who=world.ada, overlap=utc_now() - utc_now())
    for raw in (revoked, old):
        answer = try_it(Caller(raw), operation, *ids)
        assert answer.status_code == 401
        assert b"Invalid API token" in answer.content
        assert answer["X-RateLimit-Limit"]
    assert Site.objects.get(pk=world.docs.pk).title == "Acme Docs"


@pytest.mark.parametrize("operation", OF_ORGANIZATION, ids=" ".join)
def test_whoever_leaves_takes_no_access_along(world: World, store: EventStore, operation: tuple[str, str]) -> None:
    ids = world.acme.public_id, world.docs.public_id
    first = token_of(world.ben, world.acme)
    assert Caller(first).get("/v1/user").status_code == 200
    membership = Membership.objects.get(user=world.ben)
    membership.delete()
    assert try_it(Caller(first), operation, *ids).status_code == 401
    membership.save()
    second = token_of(world.ben, world.acme)
    assert Caller(second).get("/v1/user").status_code == 200
    world.ben.is_active = False
    world.ben.save()
    assert try_it(Caller(second), operation, *ids).status_code == 401
    assert Organization.objects.get(pk=world.acme.pk).sites.count() == 1


def test_nothing_but_the_whole_token_is_one(world: World, store: EventStore) -> None:
    raw = token_of(world.ada, world.acme)
    kept = ApiToken.objects.get()
    last = "0" if raw[-1] != "0" else "1"
    guesses = [
        kept.prefix,
        kept.hash,
        f"sit_{kept.hash}",
        kept.public_id,
        raw[:-1],
        raw[:-1] + last,
        raw + "0",
        raw.upper(),
        raw.removeprefix("sit_"),
        f"{raw} {raw}",
        f"{raw},{raw}",
        "sit_" + "%" * 60,
        "sit_' OR ''='",
        "sit_" + "0" * 100_000,
        "sit_\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ]
    for guess in guesses:
        assert Caller(guess).get("/v1/user").status_code == 401, guess
    for elsewhere in (f"/v1/user?access_token={raw}", f"/v1/user?token={raw}"):
        assert Caller().get(elsewhere).status_code == 401
    assert Caller().get("/v1/user", headers={"x-api-key": raw, "cookie": f"token={raw}"}).status_code == 401
    assert Caller(raw).get("/v1/user").status_code == 200
