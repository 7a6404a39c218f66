"""POST …/insights/events: who may track, what is stored, and what is refused whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from apps.events.store import EventStore, Statement
from apps.sites.models import IngestPolicy, Site
from tests.api.calls import Caller, address, event, refusal
from tests.people import World, token_of

BERLIN = "91.64.0.1"  # an address of a German provider
PARIS = "90.0.0.1"  # an address of a French provider
TOKYO = "126.0.0.1"  # an address of a Japanese provider


def stored(store: EventStore, *fields: str) -> list[tuple[object, ...]]:
    """The fields of all stored events, in order of arrival."""
    columns = store.query(Statement(sql=f"SELECT {', '.join(fields)} FROM events ORDER BY id"))
    return list(zip(*columns, strict=True))


def count(store: EventStore) -> int:
    return len(stored(store, "id"))


def test_a_browser_tracks_without_a_token(anybody: Caller, world: World, store: EventStore) -> None:
    response = anybody.track(world.docs, event(), event("search_open"))
    assert (response.status_code, response.content) == (204, b"")
    assert stored(store, "site", "event_type", "url_path") == [
        (world.docs.pk, "page_view", "/start"),
        (world.docs.pk, "search_open", "/start"),
    ]


def test_a_tracked_event_is_in_the_next_answer(ada: Caller, world: World) -> None:
    ada.track(world.docs, event())
    assert ada.values(world.docs) == {"eventsCount": [1], "visitorsCount": [1], "sessionsCount": [1]}


def test_a_beacon_may_send_plain_text(anybody: Caller, world: World, store: EventStore) -> None:
    response = anybody.track(world.docs, event(), content_type="text/plain;charset=UTF-8")
    assert response.status_code == 204
    assert count(store) == 1


def test_any_origin_may_track_and_asks_first(anybody: Caller, world: World) -> None:
    path = address(world.docs, "/insights/events")
    asked = anybody.send("OPTIONS", path, headers={"origin": "https://docs.acme.example"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert "POST" in asked["Access-Control-Allow-Methods"]
    assert "content-type" in asked["Access-Control-Allow-Headers"]
    tracked = anybody.track(world.docs, event())
    assert tracked["Access-Control-Allow-Origin"] == "*"
    refused = anybody.post(path, b"{")
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (400, "*")


def test_a_site_with_the_token_policy_refuses_browsers(anybody: Caller, ada: Caller, world: World) -> None:
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    assert refusal(anybody.track(world.docs, event())) == (401, "This site takes events only with an API token")
    assert ada.track(world.docs, event()).status_code == 204


def test_a_changed_policy_counts_at_once_in_this_process(anybody: Caller, world: World) -> None:
    assert anybody.track(world.docs, event()).status_code == 204
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    assert anybody.track(world.docs, event()).status_code == 401


def test_a_bad_token_is_refused_even_where_none_is_needed(world: World, store: EventStore) -> None:
    response = Caller("sit_wrong").track(world.docs, event())
    assert refusal(response) == (401, "Invalid API token")
    assert response["WWW-Authenticate"] == "Bearer"
    assert count(store) == 0


def test_a_token_without_the_scope_may_not_track(world: World, store: EventStore) -> None:
    reader = Caller(token_of(world.ada, world.acme, "site:insights:read"))
    assert refusal(reader.track(world.docs, event())) == (
        403,
        "The API token lacks the scope site:insights:track",
    )


def test_a_strangers_token_gets_404_not_403(cy: Caller, world: World, store: EventStore) -> None:
    assert refusal(cy.track(world.docs, event())) == (404, "Site not found")
    assert count(store) == 0


def test_an_unknown_site_or_one_of_another_organization_is_not_found(anybody: Caller, world: World) -> None:
    body = {"events": [event()]}
    for organization, site in (
        (world.acme.public_id, "site_unknown"),
        ("unknown", world.docs.public_id),
        (world.elsewhere.public_id, world.docs.public_id),
    ):
        response = anybody.post(f"/v1/orgs/{organization}/sites/{site}/insights/events", body)
        assert refusal(response) == (404, "Site not found")


def test_one_bad_event_refuses_the_whole_body(anybody: Caller, world: World, store: EventStore) -> None:
    events = [event(), event(), event(), event(location={"url": "not a url"})]
    status, message = refusal(anybody.track(world.docs, *events))
    assert status == 422
    assert message.startswith("body.events.3.location.url: ")
    assert count(store) == 0


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_event_outside_the_window_is_refused(anybody: Caller, world: World, minutes: int) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    status, message = refusal(anybody.track(world.docs, event(timestamp=moment.isoformat())))
    assert status == 422
    assert message.startswith("body.events.0.timestamp: ")


def test_an_event_on_a_foreign_host_is_refused(anybody: Caller, world: World, store: EventStore) -> None:
    world.docs.hostnames = ["docs.acme.example"]
    world.docs.save()
    status, message = refusal(anybody.track(world.docs, event(location={"url": "https://evil.example/"})))
    assert (status, message.split(":")[0]) == (422, "body.events.0.location.url")
    assert anybody.track(world.docs, event()).status_code == 204
    assert count(store) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"events": [NaN]}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"events": []}', 422),
        (b'{"events": {}}', 422),
        (b'{"events": [1]}', 422),
        (b'{"events": [{"type": "page_view"}]}', 422),
        (b'{"events": [{"type": "unheard_of"}]}', 422),
        (b'{"events": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422),
    ],
)
def test_what_is_not_a_batch_is_refused(anybody: Caller, world: World, body: bytes, status: int) -> None:
    response = anybody.post(address(world.docs, "/insights/events"), body)
    assert refusal(response)[0] == status


@pytest.mark.parametrize(
    "oddity",
    [
        {"session": {"visitorId": 5}},
        {"session": {"visitorId": "x" * 257}},
        {"session": {"sessionId": None}},
        {"session": {"visitorAuthClaims": "text"}},
        {"session": {"visitorAuthClaims": {"n": 10**400}}},
        {"location": {"url": "https://docs.acme.example/" + "x" * 2048}},
        {"location": {"url": "javascript:alert(1)"}},
        {"location": {"displayContext": "elsewhere"}},
        {"timestamp": "0001-01-01T00:00:00Z"},
        {"timestamp": "9999-12-31T23:59:59Z"},
        {"timestamp": "yesterday"},
        {"timestamp": 1},
    ],
)
def test_an_odd_event_is_refused_with_its_place(anybody: Caller, world: World, oddity: dict[str, object]) -> None:
    status, message = refusal(anybody.track(world.docs, event(**oddity)))
    assert status == 422
    assert message.startswith("body.events.0.")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "'; DROP TABLE events; --", "{p0:String}", "%s", "\\"])
def test_odd_text_is_only_text(anybody: Caller, world: World, store: EventStore, text: str) -> None:
    odd = event("search_type_query", query=text, session={"visitorId": text, "referrer": ""})
    assert anybody.track(world.docs, odd).status_code == 204
    assert count(store) == 1


def test_a_thousand_events_are_taken_and_one_more_is_not(anybody: Caller, world: World, store: EventStore) -> None:
    assert anybody.track(world.docs, *([event()] * 1001)).status_code == 422
    assert count(store) == 0
    assert anybody.track(world.docs, *([event()] * 1000)).status_code == 204
    assert count(store) == 1000


def test_a_body_over_one_mebibyte_is_refused(anybody: Caller, world: World, store: EventStore) -> None:
    response = anybody.post(address(world.docs, "/insights/events"), b" " * (2 * 1024 * 1024))
    assert refusal(response) == (413, "body: expected at most 1048576 bytes")
    assert count(store) == 0


def test_only_post_is_allowed(anybody: Caller, world: World) -> None:
    response = anybody.get(address(world.docs, "/insights/events"))
    assert refusal(response) == (405, "Method GET not allowed")
    assert response["Allow"] == "POST, OPTIONS"


def test_without_a_token_the_callers_address_counts(anybody: Caller, world: World, store: EventStore) -> None:
    claims_to_be_elsewhere = {"x-location-country": "FR", "x-forwarded-for": TOKYO}
    anybody.track(world.docs, event(session={"ip": TOKYO}), headers=claims_to_be_elsewhere, REMOTE_ADDR=BERLIN)
    assert stored(store, "country") == [("DE",)]


def test_with_a_token_the_event_tells_the_address(ada: Caller, world: World, store: EventStore) -> None:
    ada.track(world.docs, event(session={"ip": TOKYO}), headers={"x-forwarded-for": BERLIN})
    ada.track(world.docs, event(), headers={"x-forwarded-for": f"{TOKYO}, 10.0.0.1"}, REMOTE_ADDR=BERLIN)
    place = {"x-location-country": "fr", "x-location-latitude": "48.85", "x-location-longitude": "2.35"}
    ada.track(world.docs, event(session={"ip": TOKYO}), headers=place)
    assert stored(store, "country", "latitude", "longitude") == [
        ("JP", None, None),
        ("JP", None, None),
        ("FR", 48.85, 2.35),
    ]


def test_trusted_proxies_tell_the_callers_address(
    anybody: Caller, world: World, store: EventStore, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    spoofed = {"x-forwarded-for": f"{TOKYO}, {BERLIN}"}
    anybody.track(world.docs, event(), headers=spoofed, REMOTE_ADDR="10.0.0.1")
    assert stored(store, "country") == [("DE",)]


def test_a_named_header_tells_the_callers_address_and_its_absence_the_connection(
    anybody: Caller, world: World, store: EventStore, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES, settings.CLIENT_ADDRESS_HEADER = 1, "Visitoraddress"
    for more in ({"visitoraddress": f" {BERLIN}:443"}, {}, {"visitoraddress": "nobody"}):
        anybody.track(world.docs, event(), headers={"x-forwarded-for": TOKYO, **more}, REMOTE_ADDR=PARIS)
    assert stored(store, "country") == [("DE",), ("FR",), ("FR",)]


def test_no_address_and_no_raw_id_is_stored(ada: Caller, world: World, store: EventStore) -> None:
    ada.track(world.docs, event(session={"ip": TOKYO, "visitorId": "Bea", "cookies": {"secret": "crumb"}}))
    (row,) = store.query(Statement(sql="SELECT formatRow('TSV', *) FROM events"))[0]
    for text in (TOKYO, "Bea", "crumb"):
        assert text not in row


@pytest.mark.usefixtures("good_memory")
def test_steady_tracking_asks_the_database_nothing(
    ada: Caller, anybody: Caller, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ada.track(world.docs, event())
    anybody.track(world.docs, event())
    with django_assert_num_queries(0):
        ada.track(world.docs, event())
        anybody.track(world.docs, event())


def test_a_deleted_site_takes_no_more_events(anybody: Caller, world: World) -> None:
    assert anybody.track(world.docs, event()).status_code == 204
    site = Site.objects.select_related("organization").get(pk=world.docs.pk)
    world.docs.delete()
    assert anybody.track(site, event()).status_code == 404
