"""Tracking as a verb: all of a body is stored, or none of it, and a refusal names the place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.core.errors import Refusal
from apps.events.enrichment import Caller
from apps.events.services import track
from apps.events.store import EventStore, Statement
from tests.events.wire import body_of, sent
from tests.people import World

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADA = Caller(ip=None, user_agent="Mozilla/5.0")


def timestamps(store: EventStore) -> list[str]:
    return list(store.query(Statement(sql="SELECT toString(timestamp) FROM events"))[0])


def paths(store: EventStore) -> list[str]:
    columns = store.query(Statement(sql="SELECT url_path FROM events ORDER BY id"))
    return list(columns[0]) if columns else []


def test_events_are_stored_in_one_batch_and_counted(store: EventStore, world: World) -> None:
    body = body_of(sent(), sent(location={"url": "https://docs.acme.example/next"}))
    assert track(body, site=world.docs, caller=ADA, now=NOW) == 2
    assert paths(store) == ["/guide", "/next"]
    columns = store.query(Statement(sql="SELECT uniqExact(batch), any(site) FROM events"))
    assert [column[0] for column in columns] == [1, world.docs.pk]


@pytest.mark.parametrize(
    ("timestamp", "kept"),
    [
        ("2026-03-01T12:05:00Z", "2026-03-01 12:05:00.000"),
        ("2026-03-01T14:55:00.0009+03:00", "2026-03-01 11:55:00.000"),
    ],
)
def test_five_minutes_from_now_is_still_near_enough(store: EventStore, world: World, timestamp: str, kept: str) -> None:
    track(body_of(sent(timestamp=timestamp)), site=world.docs, caller=ADA, now=NOW)
    assert timestamps(store) == [kept]


@pytest.mark.parametrize("timestamp", ["2026-03-01T12:05:00.001Z", "2026-03-01T11:54:59.999Z"])
def test_more_than_five_minutes_from_now_refuses_the_whole_body(
    store: EventStore, world: World, timestamp: str
) -> None:
    body = body_of(sent(timestamp="2026-03-01T12:00:00Z"), sent(timestamp=timestamp))
    with pytest.raises(Refusal) as caught:
        track(body, site=world.docs, caller=ADA, now=NOW)
    assert (caught.value.status, caught.value.path) == (422, "body.events.1.timestamp")
    assert paths(store) == []


def test_an_event_without_a_timestamp_happened_now(store: EventStore, world: World) -> None:
    track(body_of(sent()), site=world.docs, caller=ADA, now=NOW)
    assert timestamps(store) == ["2026-03-01 12:00:00.000"]


@pytest.mark.parametrize(
    "url", ["https://docs.acme.example/a", "https://DOCS.acme.example:8443/a", "http://help.acme.example"]
)
def test_an_event_on_a_listed_host_is_taken(store: EventStore, world: World, url: str) -> None:
    world.docs.hostnames = ["docs.acme.example", "help.acme.example"]
    assert track(body_of(sent(location={"url": url})), site=world.docs, caller=ADA, now=NOW) == 1


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/a", "https://docs.acme.example.evil.example/a", "https://docs.acme.example@evil.example"],
)
def test_an_event_on_another_host_refuses_the_whole_body(store: EventStore, world: World, url: str) -> None:
    world.docs.hostnames = ["docs.acme.example", "help.acme.example"]
    with pytest.raises(Refusal) as caught:
        track(body_of(sent(), sent(location={"url": url})), site=world.docs, caller=ADA, now=NOW)
    assert (caught.value.status, caught.value.path) == (422, "body.events.1.location.url")
    assert paths(store) == []
