"""Whatever tracking refuses is counted by reason, and the last refusals can be read, without who sent them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from apps.core.errors import Unavailable
from apps.events.models import RefusalCount, RefusedEvent
from apps.events.refused import recorder
from apps.events.writer import close_writer
from apps.sites.models import IngestPolicy
from tests.api.calls import Caller, address, event
from tests.events.refusals import counted, kept
from tests.people import World, token_of

pytestmark = pytest.mark.one_process  # what is refused waits in the process for a while

NO_EVENT = ("", "", "")


def ago(**length: int) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


@pytest.mark.parametrize(
    ("body", "reason", "events", "place"),
    [
        (b"{", "malformed", 1, ""),
        (b"{}", "invalid", 1, "body.events"),
        (
            json.dumps({"events": [event(), {**event(), "type": "odd"}, event()]}).encode(),
            "invalid",
            3,
            "body.events.1",
        ),
    ],
)
def test_a_body_that_is_not_sound_is_counted_with_its_events(
    anybody: Caller, world: World, body: bytes, reason: str, events: int, place: str
) -> None:
    assert anybody.post(address(world.docs, "/insights/events"), body).status_code >= 400
    assert counted(world.docs) == {reason: (1, events)}
    ((_reason, kept_place, *_event),) = kept(world.docs)
    assert kept_place.startswith(place)


def test_the_event_at_fault_is_kept_by_type_host_and_path(anybody: Caller, world: World) -> None:
    where = {"url": "https://ada:pw@Docs.acme.example:8443/s3cret/guide/?q=private#top", "siteShareKey": "s3cret"}
    anybody.track(world.docs, event(), event("search_open", location=where, session={"language": 5}))
    assert kept(world.docs) == [
        ("invalid", "body.events.1.session.language", "search_open", "docs.acme.example", "/guide")
    ]


def test_each_refusal_of_the_rules_has_its_reason(anybody: Caller, world: World) -> None:
    world.docs.hostnames = ["docs.acme.example"]
    world.docs.save()
    assert anybody.track(world.docs, event(timestamp=ago(minutes=6))).status_code == 422
    assert anybody.track(world.docs, event(), event(location={"url": "https://evil.example/x"})).status_code == 422
    assert anybody.track(world.docs, event()).status_code == 204
    assert counted(world.docs) == {"timestamp": (1, 1), "hostname": (1, 2)}
    assert kept(world.docs) == [
        ("hostname", "body.events.1.location.url", "page_view", "evil.example", "/x"),
        ("timestamp", "body.events.0.timestamp", "page_view", "docs.acme.example", "/start"),
    ]


def test_who_is_not_allowed_is_counted_at_the_site_that_was_named(cy: Caller, world: World) -> None:
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    reader = Caller(token_of(world.ada, world.acme, "site:insights:read"))
    for caller, status in ((Caller(), 401), (Caller("sit_wrong"), 401), (reader, 403), (cy, 404)):
        assert caller.track(world.docs, event()).status_code == status
    assert counted(world.docs) == {"not_allowed": (4, 4)}
    assert kept(world.docs) == [("not_allowed", "", *NO_EVENT)] * 4
    assert counted(world.secrets) == {}


@pytest.mark.usefixtures("one_minute")
def test_limits_are_counted(anybody: Caller, world: World, settings: Settings) -> None:
    path = address(world.docs, "/insights/events")
    assert anybody.post(path, b" " * (1024 * 1024 + 1)).status_code == 413
    settings.RATE_LIMIT_ADDRESS = 1
    assert anybody.track(world.docs, event()).status_code == 429
    assert counted(world.docs) == {"too_large": (1, 1), "rate_limited": (1, 1)}


def test_what_could_not_be_stored_is_counted(anybody: Caller, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Unavailable("The event store cannot be opened.")

    close_writer()
    monkeypatch.setattr("apps.events.writer.get_store", away)
    monkeypatch.setattr("apps.events.writer.Writer.__init__.__defaults__", (away,))
    assert anybody.track(world.docs, event(), event()).status_code == 503
    close_writer()
    assert counted(world.docs) == {"unavailable": (1, 2)}


def test_an_unknown_site_and_other_routes_count_nowhere(ada: Caller, anybody: Caller, world: World) -> None:
    anybody.post(f"/v1/orgs/{world.elsewhere.public_id}/sites/{world.docs.public_id}/insights/events", {})
    anybody.post("/v1/orgs/nobody/sites/nothing/insights/events", {"events": [event()]})
    anybody.get(address(world.docs, "/insights/events"))
    ada.ask(world.docs, {"range": "nonsense"})
    recorder.flush()
    assert not RefusalCount.objects.exists()
    assert not RefusedEvent.objects.exists()


def test_the_renderers_old_events_are_counted_though_the_others_are_taken(anybody: Caller, world: World) -> None:
    route = f"/docs/~gitbook/__evt?o={world.acme.public_id}&s={world.docs.public_id}"
    old = event("rss_request", timestamp=ago(minutes=6))
    assert anybody.post(route, {"events": [old, event(), old]}).status_code == 204
    assert anybody.post(route, {"events": [old]}).status_code == 400
    assert anybody.post(route, {"events": [{**event(), "type": "odd"}]}).status_code == 422
    assert Caller("sit_wrong").post(route, {"events": [event()]}).status_code == 401
    assert counted(world.docs) == {"timestamp": (2, 3), "invalid": (1, 1), "not_allowed": (1, 1)}
    assert kept(world.docs)[-1] == ("timestamp", "", "rss_request", "docs.acme.example", "/start")


@pytest.mark.usefixtures("one_minute")
def test_the_pixels_refusals_are_counted(anybody: Caller, world: World, settings: Settings) -> None:
    pixel = f"/pixel.gif?org={world.acme.public_id}&site={world.docs.public_id}"
    assert anybody.get(pixel).status_code == 422
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    assert anybody.get(f"{pixel}&url=https://docs.acme.example/").status_code == 401
    settings.RATE_LIMIT_ADDRESS = 1
    assert anybody.get(pixel).status_code == 429
    assert counted(world.docs) == {"invalid": (1, 1), "not_allowed": (1, 1), "rate_limited": (1, 1)}


def test_nothing_personal_is_kept(anybody: Caller, world: World) -> None:
    """Marks are put wherever an event can hold something, and looked for in every field of the records."""
    session: dict[str, Any] = {"visitorId": "MARK1", "sessionId": "MARK2", "userAgent": "MARK3", "ip": "192.0.2.77"}
    claims: dict[str, Any] = {"MARK4@x.example": {"MARK5": 10**400}}
    where = {"url": "https://MARK6:MARK6@docs.acme.example/a?MARK7=1#MARK8", "page": "MARK9"}
    bad = [
        event("ask_question", query="MARK10", session={**session, "visitorAuthClaims": claims}, location=where),
        event("ask_question", query=5, session=session, location=where, MARK11="MARK12"),
        event("MARK13", session=session, location=where),
        event("page_post_feedback_comment", feedback={"rating": "MARK14", "comment": "MARK15"}, session=session),
        event("link_click", link={"target": {"kind": "MARK16", "MARK17": "x"}, "position": "footer"}, session=session),
    ]
    for each in bad:
        response = anybody.track(world.docs, each, headers={"user-agent": "MARK18"}, REMOTE_ADDR="192.0.2.77")
        assert response.status_code == 422
    assert [row[0] for row in kept(world.docs)] == ["invalid"] * 5
    assert kept(world.docs)[-1][1] == "body.events.0.session.visitorAuthClaims"
    with connection.cursor() as cursor:
        for table in ("events_refusedevent", "events_refusalcount"):
            text = str(cursor.execute(f"SELECT * FROM {table}").fetchall())
            assert "MARK" not in text.upper()
            assert "192.0.2" not in text


@pytest.mark.usefixtures("good_memory")
def test_a_refusal_asks_the_database_nothing(
    anybody: Caller, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    anybody.track(world.docs, event())
    with django_assert_num_queries(0):
        assert anybody.track(world.docs, {**event(), "type": "odd"}).status_code == 422
        assert anybody.post(address(world.docs, "/insights/events"), b"{").status_code == 400
    assert counted(world.docs) == {"invalid": (1, 1), "malformed": (1, 1)}
