"""The tracking route's shorter way gives the answers of Django's own: status, headers and body."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.events.store import EventStore, Statement
from apps.organizations.models import Scope
from insights_site.short_way import PASSED, ShortWay
from tests.people import World, token_of

EVENT = {
    "type": "page_view",
    "session": {"visitorId": "ada", "sessionId": "one", "userAgent": "Mozilla/5.0"},
    "location": {"url": "https://docs.acme.example/guide"},
}
GOOD = json.dumps({"events": [EVENT]}).encode()
MOVING = ("X-RateLimit-Remaining", "X-RateLimit-Reset")
"""Headers that differ between any two requests."""


def ask(application: Any, world: World, *, body: bytes = GOOD, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """One request to the tracking route of Acme's docs: status line, headers and body."""
    site = world.docs
    asked = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/v1/orgs/{site.organization.public_id}/sites/{site.public_id}/insights/events",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    } | environ
    answered: list[tuple[str, list[tuple[str, str]]]] = []
    content: Iterable[bytes] = application(
        asked, lambda status, headers, _error=None: answered.append((status, headers))
    )
    text = b"".join(content)
    if hasattr(content, "close"):
        content.close()
    [(status, headers)] = answered
    return status, dict(headers), text


@pytest.fixture
def ways(kept_connection: None) -> tuple[Any, Any]:
    django = get_wsgi_application()
    return ShortWay(_refusing), django


def _refusing(_environ: Any, _start_response: Any) -> Iterable[bytes]:
    raise AssertionError("The request took the long way.")


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        ("204 No Content", {}),
        ("204 No Content", {"HTTP_IDEMPOTENCY_KEY": "once"}),
        ("204 No Content", {"HTTP_ORIGIN": "https://docs.acme.example"}),
        ("204 No Content", {"wsgi.url_scheme": "https", "QUERY_STRING": "a=b"}),
        ("204 No Content", {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}),
        ("400 Bad Request", {"body": b"{"}),
        ("400 Bad Request", {"HTTP_HOST": "elsewhere.example"}),
        ("401 Unauthorized", {"HTTP_AUTHORIZATION": "Bearer no-token"}),
        ("401 Unauthorized", {"HTTP_AUTHORIZATION": "Basic YTpi"}),
        ("404 Not Found", {"PATH_INFO": "/v1/orgs/a/sites/b/insights/events"}),
        ("422 Unprocessable Entity", {"body": b'{"events": []}'}),
        ("422 Unprocessable Entity", {"HTTP_IDEMPOTENCY_KEY": "x" * 300}),
        ("413 Request Entity Too Large", {"CONTENT_LENGTH": "99999999"}),
    ],
)
@pytest.mark.django_db
def test_both_ways_answer_alike(
    world: World, store: EventStore, ways: tuple[Any, Any], status: str, request_: dict[str, Any]
) -> None:
    first, again, long = (ask(way, world, **request_) for way in (ways[0], ways[0], ways[1]))
    assert long[0] == status
    # What the shorter way learnt of the first request it uses for the next.
    for short in (first, again):
        assert short[0] == long[0]
        assert {name: text for name, text in short[1].items() if name not in MOVING} == {
            name: text for name, text in long[1].items() if name not in MOVING
        }
        assert short[1].keys() == long[1].keys()
        assert short[2] == long[2]


@pytest.mark.usefixtures("one_minute")
@pytest.mark.django_db
def test_a_token_and_a_used_up_limit_are_known_on_both_ways(
    world: World, store: EventStore, ways: tuple[Any, Any], settings: Any
) -> None:
    for way in ways:
        assert (
            ask(way, world, HTTP_AUTHORIZATION=f"Bearer {token_of(world.ada, world.acme, Scope.INSIGHTS_TRACK)}")[0]
            == "204 No Content"
        )
    settings.RATE_LIMIT_ADDRESS = 1
    limited = [ask(way, world, REMOTE_ADDR="192.0.2.77") for way in (*ways, *ways)]
    assert [status for status, _headers, _body in limited] == ["204 No Content", *["429 Too Many Requests"] * 3]
    assert limited[1][1].keys() == limited[2][1].keys()
    assert limited[2][1]["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    "request_", [{"REQUEST_METHOD": "OPTIONS"}, {"REQUEST_METHOD": "GET"}, {"PATH_INFO": "/v1/user"}]
)
@pytest.mark.django_db
def test_every_other_request_takes_the_long_way(world: World, ways: tuple[Any, Any], request_: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="took the long way"):
        ask(ways[0], world, **request_)


@pytest.mark.django_db
def test_an_event_by_the_shorter_way_is_stored(world: World, store: EventStore, ways: tuple[Any, Any]) -> None:
    ask(ways[0], world)
    assert store.query(Statement(sql="SELECT count() FROM events"))[0][0] == 1


@pytest.mark.django_db
def test_a_refusal_by_the_shorter_way_is_logged_as_django_logs_it(
    world: World, store: EventStore, ways: tuple[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "django.request"):
        for way in ways:
            ask(way, world, body=b"{")
    short, long = (record.getMessage() for record in caplog.records if record.name == "django.request")
    assert short == long


def test_the_shorter_way_passes_the_same_middleware_in_the_same_order() -> None:
    assert settings.MIDDLEWARE[0] == "apps.api.middleware.ApiMiddleware"
    assert [name for name in settings.MIDDLEWARE if name in PASSED] == list(PASSED)
