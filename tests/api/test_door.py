"""What every route under /v1 has in common: tokens, limits and the shape of errors."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from apps.api.access import ScopedView
from apps.api.caches import public_sites
from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.organizations.models import ApiToken, Membership, Scope
from tests.api.calls import Caller, address, event, refusal
from tests.people import World, token_of

READS = ("/v1/user", "/v1/orgs", "/v1/orgs/{organization}", "/v1/orgs/{organization}/sites")
OF_SITE = ("", "/insights/visitor-segments")


def test_an_unknown_route_is_no_operation(anybody: Caller, ada: Caller) -> None:
    for caller in (anybody, ada):
        for path in ("/v1/nothing", "/v1/orgs/", "/v1/orgs/a/spaces", "/v1/%ff", "/v1/orgs/a b"):
            assert refusal(caller.get(path)) == (404, "API operation not found"), path
    assert refusal(anybody.post("/v1/nothing", {})) == (404, "API operation not found")


def test_without_a_token_nothing_is_read(anybody: Caller, world: World) -> None:
    paths = [path.format(organization=world.acme.public_id) for path in READS]
    for path in paths + [address(world.docs, rest) for rest in OF_SITE]:
        response = anybody.get(path)
        assert refusal(response) == (401, "An API token is needed: Authorization: Bearer …"), path
        assert response["WWW-Authenticate"] == "Bearer"
    assert anybody.ask(world.docs, {"range": "last7Days"}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer sit_x", "Basic YTpi", "Bearer sit_\u00e9", "sit_x"])
def test_a_bad_token_is_refused_on_every_route(world: World, store: EventStore, header: str) -> None:
    for path in ("/v1", "/v1/user", "/v1/nothing", address(world.docs)):
        assert refusal(Caller().get(path, headers={"authorization": header})) == (401, "Invalid API token")


def test_a_token_without_the_scope_is_forbidden(world: World, store: EventStore) -> None:
    tracker = Caller(token_of(world.ada, world.acme, "site:insights:track"))
    needed = {
        "/v1/user": "user:read",
        "/v1/orgs": "organization:read",
        f"/v1/orgs/{world.acme.public_id}": "organization:read",
        f"/v1/orgs/{world.acme.public_id}/sites": "site:read",
        address(world.docs): "site:read",
        address(world.docs, "/insights/visitor-segments"): "site:insights:read",
    }
    for path, scope in needed.items():
        assert refusal(tracker.get(path)) == (403, f"The API token lacks the scope {scope}")
        assert tracker.send("HEAD", path).status_code == 403, path
    assert tracker.ask(world.docs, {"range": "last7Days"}).status_code == 403
    assert tracker.send("DELETE", address(world.docs)).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_method_for_which_a_view_names_no_scope_is_answered_to_nobody(world: World, method: str) -> None:
    class Forgetful(ScopedView):
        scopes: ClassVar = {"PATCH": Scope.SITE_WRITE}

        def get(self, request: Request) -> Response:
            return Response("read")

        post = get

    request = getattr(APIRequestFactory(), method.lower())("/")
    request.api_token = ApiToken.issue(organization=world.acme, user=world.ada, title="test")[0]
    with pytest.raises(ImproperlyConfigured, match="Forgetful names no scope"):
        Forgetful.as_view()(request)
    Forgetful.scopes = {"GET": None, "POST": None}
    assert Forgetful.as_view()(request).status_code == 200


def test_a_stranger_gets_404_not_403(cy: Caller, world: World) -> None:
    assert refusal(cy.get(f"/v1/orgs/{world.acme.public_id}")) == (404, "Organization not found")
    assert refusal(cy.get(f"/v1/orgs/{world.acme.public_id}/sites")) == (404, "Organization not found")
    for rest in OF_SITE:
        assert refusal(cy.get(address(world.docs, rest))) == (404, "Site not found")
    assert refusal(cy.ask(world.docs, {"range": "last7Days"})) == (404, "Site not found")
    assert refusal(cy.send("PATCH", address(world.docs), {"title": "Mine"})) == (404, "Site not found")
    assert refusal(cy.send("DELETE", address(world.docs))) == (404, "Organization not found")


def test_a_token_does_not_reach_its_owners_other_organization(world: World, store: EventStore) -> None:
    Membership.objects.create(organization=world.elsewhere, user=world.ada)
    ada = Caller(token_of(world.ada, world.acme))
    assert refusal(ada.get(address(world.secrets))) == (404, "Site not found")
    assert [each["title"] for each in ada.get("/v1/orgs").json()["items"]] == ["Acme"]


@pytest.mark.one_process
def test_a_revoked_token_ends_at_once_in_this_process(ada: Caller) -> None:
    assert ada.get("/v1/user").status_code == 200
    ApiToken.objects.get().revoke(utc_now())
    assert ada.get("/v1/user").status_code == 401


def test_a_revocation_by_another_process_counts_within_seconds(ada: Caller) -> None:
    assert ada.get("/v1/user").status_code == 200
    ApiToken.objects.update(revoked_at=utc_now())  # no signal, as from another process
    time.sleep(3.1)
    assert ada.get("/v1/user").status_code == 401


def test_a_limit_by_another_process_counts_within_seconds_also_at_sites_that_are_asked_for_late(
    ada: Caller, world: World
) -> None:
    asked = time.monotonic()
    assert ada.get("/v1/user").status_code == 200
    ApiToken.objects.update(only_some_sites=True)  # no signal, as from another process
    limited = time.monotonic()
    time.sleep(max(0.0, asked + 2.8 - time.monotonic()))
    ada.get(address(world.docs))  # while the token is remembered as it was
    time.sleep(max(0.0, limited + 3.1 - time.monotonic()))
    assert ada.get(address(world.docs)).status_code == 404


def test_a_former_members_token_ends(ada: Caller, world: World) -> None:
    assert ada.get("/v1/user").status_code == 200
    Membership.objects.filter(user=world.ada).get().delete()
    assert ada.get("/v1/user").status_code == 401


@pytest.mark.usefixtures("good_memory")
def test_steady_questions_ask_the_database_only_what_is_prepared(
    ada: Caller, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ada.values(world.docs)
    with django_assert_num_queries(4):  # the watermark, months, days and hours
        ada.values(world.docs)


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize("status", [200, 401, 404])
def test_every_answer_tells_the_limit(ada: Caller, anybody: Caller, settings: Settings, status: int) -> None:
    settings.RATE_LIMIT_TOKEN = settings.RATE_LIMIT_ADDRESS = 50
    response = {200: lambda: ada.get("/v1/user"), 401: lambda: anybody.get("/v1/user"), 404: lambda: ada.get("/v1/x")}[
        status
    ]()
    assert response.status_code == status
    assert response["X-RateLimit-Limit"] == "50"
    assert response["X-RateLimit-Remaining"] == "49"
    assert int(response["X-RateLimit-Reset"]) - time.time() == 50


@pytest.mark.usefixtures("one_minute")
def test_over_the_limit_is_429_until_the_minute_ends(ada: Caller, ben: Caller, settings: Settings) -> None:
    settings.RATE_LIMIT_TOKEN = 2
    assert [ada.get("/v1").status_code for _ in range(2)] == [200, 200]
    response = ada.get("/v1")
    assert refusal(response) == (429, "API rate limit exceeded. Please try again in 50 seconds")
    assert response["Retry-After"] == "50"
    assert response["X-RateLimit-Remaining"] == "0"
    assert ben.get("/v1").status_code == 200


@pytest.mark.usefixtures("one_minute")
def test_a_refused_tracker_may_read_why(anybody: Caller, world: World, settings: Settings) -> None:
    settings.RATE_LIMIT_ADDRESS = 1
    codes = {anybody.track(world.docs, event()).status_code for _ in range(4)}
    assert 429 in codes
    assert anybody.track(world.docs, event())["Access-Control-Allow-Origin"] == "*"


@pytest.mark.usefixtures("one_minute")
def test_neighbours_in_one_ipv6_network_share_a_limit(anybody: Caller) -> None:
    first = anybody.get("/v1", REMOTE_ADDR="2001:db8:1:2::1")["X-RateLimit-Remaining"]
    same = anybody.get("/v1", REMOTE_ADDR="2001:db8:1:2::2")["X-RateLimit-Remaining"]
    other = anybody.get("/v1", REMOTE_ADDR="2001:db8:1:3::1")["X-RateLimit-Remaining"]
    assert (int(first) - int(same), int(first) - int(other)) == (1, 0)


@pytest.mark.usefixtures("one_minute")
def test_a_spoofed_forwarded_address_does_not_escape_the_limit(anybody: Caller) -> None:
    left = [
        int(anybody.get("/v1", headers={"x-forwarded-for": f"9.9.9.{last}"})["X-RateLimit-Remaining"])
        for last in range(3)
    ]
    assert left == [left[0], left[0] - 1, left[0] - 2]


@pytest.mark.one_process
def test_a_foreign_host_is_refused_in_the_published_shape(anybody: Caller) -> None:
    assert refusal(anybody.get("/v1/user", headers={"host": "evil.example"}))[0] == 400


def test_a_wrong_method_is_405(ada: Caller, world: World) -> None:
    response = ada.get(address(world.docs, "/insights/events/aggregate"))
    assert refusal(response)[0] == 405
    assert response["Allow"] == "POST"
    assert refusal(ada.send("PUT", address(world.docs), {}))[0] == 405


def test_a_closed_store_is_503_with_a_time_to_come_back(
    ada: Caller, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        "apps.rollups.answers.get_store", lambda: EventStore(url="http://127.0.0.1:9/", folder=tmp_path)
    )
    response = ada.ask(world.docs, {"range": "last7Days"})
    assert refusal(response)[0] == 503
    assert int(response["Retry-After"]) > 0


def test_our_own_mistakes_are_told_without_details(
    ada: Caller, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(*_arguments: object, **_named: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr("apps.api.views.run_plan", mistake)
    assert refusal(ada.ask(world.docs, {"range": "last7Days"})) == (500, "Internal server error")
    assert "secret detail" in caplog.text


@pytest.mark.embedded  # it looks into the process's own memory
def test_no_address_is_kept_for_the_limits(anybody: Caller) -> None:
    anybody.get("/v1", REMOTE_ADDR="203.0.113.77")
    kept = list(caches["default"]._cache)  # the memory cache's own dictionary: nothing else lists its keys
    assert len(kept) == 1
    assert "203.0.113.77" not in kept[0]


@pytest.mark.one_process
def test_ids_too_long_to_be_anybodys_are_not_remembered(ada: Caller, world: World) -> None:
    before = len(public_sites)
    for length in (257, 4000):
        path = f"/v1/orgs/{'o' * length}/sites/{world.docs.public_id}/insights/events"
        assert Caller().post(path, {"events": [event()]}).status_code == 404
    assert len(public_sites) == before
    Caller().track(world.docs, event())
    assert len(public_sites) == before + 1
