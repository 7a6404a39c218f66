"""A form that another site has a browser post: every route is tried, signed in, without the token of our own forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.events.store import EventStore
from apps.organizations.models import ApiToken, AuditEntry, Membership, User
from apps.sites.models import ShareLink, Site
from tests.people import World

OPEN = {
    "api": "callers with a token, and the tracking of everybody: no cookie says who they are",
}
"""Parts that take posts of other sites, and why they may."""


def routes(resolver: URLResolver, before: str = "", part: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Every route: the part (namespace) that it is of, its whole pattern, and itself."""
    for each in resolver.url_patterns:
        here = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, here, part or each.namespace or "")
        else:
            yield part, here, each


def address(pattern: str) -> str:
    """An address that a pattern takes."""
    path = re.sub(r"\(\?P<\w+>[^()]*(?:\([^()]*\))?[^()]*\)", "x1", pattern)
    path = re.sub(r"<(?:int:\w+|\w+:id|id|content_type_id)>", "1", path)
    path = re.sub(r"<[\w:]+>", "x1", path)
    return "/" + path.replace("^(?:.*/)?", "").replace("^", "").replace("\\Z", "").replace("$", "").replace("\\", "")


ROUTES = [(part, address(pattern), route) for part, pattern, route in routes(get_resolver())]


@pytest.fixture
def forged(world: World, store: EventStore) -> Client:
    """The browser of somebody who may do everything, to whom another site's page sends requests."""
    root = User.objects.create(email="root@example.com", is_staff=True, is_superuser=True)
    Membership.objects.create(organization=world.acme, user=root, role="owner")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(root)
    return client


def test_the_walk_reaches_every_part_of_the_service() -> None:
    assert {part for part, _path, _route in ROUTES} == {"", "admin", "api", "dashboard"}
    assert len(ROUTES) > 100


def test_every_route_refuses_a_post_from_elsewhere(forged: Client, world: World) -> None:
    before = (Site.objects.count(), ApiToken.objects.count(), ShareLink.objects.count(), AuditEntry.objects.count())
    for part, path, _route in ROUTES:
        if part not in OPEN:
            form = {"certain": "on", "password": "x", "title": "x"}
            assert forged.post(path, form, headers={"origin": "https://evil.example"}).status_code == 403, path
    assert before == (
        Site.objects.count(),
        ApiToken.objects.count(),
        ShareLink.objects.count(),
        AuditEntry.objects.count(),
    )


def test_only_the_api_is_exempt() -> None:
    exempt = {part for part, _path, route in ROUTES if getattr(route.callback, "csrf_exempt", False)}
    assert exempt == set(OPEN)


def test_the_api_takes_no_session_for_a_token(forged: Client, world: World) -> None:
    """What is exempt must not know who the browser's person is."""
    home = f"/v1/orgs/{world.acme.public_id}/sites"
    json = "application/json"
    for answer in (
        forged.get("/v1/user"),
        forged.get(home),
        forged.post(home, "{}", content_type=json),
        forged.patch(f"{home}/{world.docs.public_id}", '{"title": "Taken"}', content_type=json),
        forged.delete(f"{home}/{world.docs.public_id}"),
        forged.post(f"{home}/{world.docs.public_id}/insights/events/aggregate", "{}", content_type=json),
    ):
        assert answer.status_code == 401
    assert Site.objects.get(pk=world.docs.pk).title == "Acme Docs"
