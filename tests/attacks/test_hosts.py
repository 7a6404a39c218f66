"""A host header of the attacker's choice gets nowhere: into no link, no redirect, no cookie, no answer."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from apps.events.store import EventStore
from tests.api.calls import Caller, address, event
from tests.people import World

EVIL = "evil.example"
HOSTS = (
    EVIL,
    f"{EVIL}:80",
    f"testserver.{EVIL}",
    f"{EVIL}/testserver",
    f"user@{EVIL}",
    "",
    "a b",
    f"testserver\t{EVIL}",
)
PATHS = ("/", "/accounts/login/", "/admin/", "/tokens", "/healthz", "/insights.js", "/share/x", "/nothing")


@pytest.mark.parametrize("host", HOSTS)
def test_a_page_is_not_answered_under_a_foreign_name(world: World, store: EventStore, host: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.ada)
    for path in PATHS:
        answer = client.get(path, headers={"host": host} if host else {}, **({} if host else {"SERVER_NAME": EVIL}))
        assert answer.status_code == 400, path
        assert EVIL not in answer.content.decode()
        assert not answer.cookies


@pytest.mark.parametrize("host", HOSTS)
def test_the_api_is_not_answered_under_a_foreign_name(ada: Caller, world: World, host: str) -> None:
    asked = {"headers": {"host": host}} if host else {"SERVER_NAME": EVIL}
    for path in ("/v1/user", "/v1/orgs", f"/v1/orgs/{world.acme.public_id}/sites"):
        answer = ada.get(path, **asked)
        assert answer.status_code == 400, path
        assert EVIL not in answer.content.decode()
    assert ada.track(world.docs, event(), **asked).status_code == 400


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-host", "x-original-host", "forwarded", "x-forwarded-server"])
def test_a_forwarded_name_is_not_believed(ada: Caller, world: World, header: str) -> None:
    assert not settings.USE_X_FORWARDED_HOST
    value = f"host={EVIL}" if header == "forwarded" else EVIL
    for path in ("/v1/user", f"/v1/orgs/{world.acme.public_id}", address(world.docs)):
        answer = ada.get(path, headers={header: value})
        assert answer.status_code == 200
        assert EVIL not in answer.content.decode()
        assert "http://testserver/" in answer.content.decode()
    client = Client()
    client.force_login(world.ada)
    page = client.get(f"/sites/{world.acme.public_id}/{world.docs.public_id}/settings", headers={header: value})
    assert EVIL not in page.content.decode()
