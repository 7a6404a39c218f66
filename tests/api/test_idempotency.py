"""Idempotency-Key: a tracking request that is repeated counts once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.http import HttpResponse

from apps.core.errors import Unavailable
from apps.events import delivery, once
from apps.events.ids import id_at
from apps.events.models import IdempotencyKey
from apps.events.store import EventStore, Row, Statement
from apps.events.tasks import delete_used_keys
from apps.events.writer import PATIENCE_SECONDS, Undecided, Writer
from apps.sites.models import Site
from tests.api.calls import Caller, event, refusal
from tests.events.refusals import counted, kept
from tests.people import World, token_of


def full(*_arguments: object, **_named: object) -> None:
    raise Unavailable("Too many events are waiting to be stored.")


def count(store: EventStore) -> int:
    return int(store.query(Statement(sql="SELECT count() FROM events"))[0][0])


def post(caller: Caller, site: Site, key: str, **more: object) -> HttpResponse:
    return caller.track(site, event(**more), headers={"Idempotency-Key": key})


def test_a_repeated_request_counts_once(anybody: Caller, world: World, store: EventStore) -> None:
    answers = [post(anybody, world.docs, "k1") for _ in range(3)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert count(store) == 1
    assert anybody.track(world.docs, event()).status_code == 204
    assert post(anybody, world.docs, "k2").status_code == 204
    assert count(store) == 3


def test_a_key_belongs_to_its_site_and_to_its_caller(
    anybody: Caller, ada: Caller, world: World, store: EventStore
) -> None:
    for caller, site in ((anybody, world.docs), (anybody, world.secrets), (ada, world.docs)):
        assert post(caller, site, "k1").status_code == 204
    second = Caller(token_of(world.ada, world.acme))
    assert post(second, world.docs, "k1", query="another body").status_code == 204
    assert count(store) == 4
    assert post(ada, world.docs, "k1").status_code == 204
    assert count(store) == 4


@pytest.mark.one_process
def test_a_key_with_another_body_is_refused(anybody: Caller, world: World, store: EventStore) -> None:
    assert post(anybody, world.docs, "k1").status_code == 204
    again = post(anybody, world.docs, "k1", location={"page": "p2"})
    assert refusal(again) == (422, "Idempotency-Key: was used for another body in the last 24 hours")
    assert kept(world.docs) == [("invalid", "Idempotency-Key", "page_view", "docs.acme.example", "/start")]
    assert count(store) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "schlüssel", "a\tb"])
def test_what_is_no_key_is_refused(anybody: Caller, world: World, store: EventStore, key: str) -> None:
    assert refusal(post(anybody, world.docs, key)) == (
        422,
        "Idempotency-Key: expected 1 to 255 visible ASCII characters, without blanks",
    )
    assert count(store) == 0


@pytest.mark.parametrize("key", ["!", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_any_visible_text_is_a_key(anybody: Caller, world: World, store: EventStore, key: str) -> None:
    assert [post(anybody, world.docs, key).status_code for _ in range(2)] == [204, 204]
    assert count(store) == 1


@pytest.mark.one_process
def test_a_repetition_counts_once_for_24_hours_even_when_its_timestamps_are_old(
    anybody: Caller, world: World, store: EventStore
) -> None:
    start = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    stamped = {"timestamp": start.isoformat()}
    with time_machine.travel(start) as clock:
        assert post(anybody, world.docs, "k1", **stamped).status_code == 204
        assert post(anybody, world.docs, "k2").status_code == 204
        clock.move_to(start + timedelta(hours=23, minutes=59))
        delete_used_keys()
        assert post(anybody, world.docs, "k1", **stamped).status_code == 204
        assert post(anybody, world.docs, "k2").status_code == 204
        assert count(store) == 2
        clock.move_to(start + timedelta(hours=24, minutes=1))
        assert post(anybody, world.docs, "k2").status_code == 204
        assert post(anybody, world.docs, "k1", **stamped).status_code == 422
        assert count(store) == 3
        delete_used_keys()
        assert IdempotencyKey.objects.count() == 1


def test_a_refused_request_does_not_use_its_key_up(anybody: Caller, world: World, store: EventStore) -> None:
    assert post(anybody, world.docs, "k1", location={"url": "no url"}).status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert post(anybody, world.docs, "k1").status_code == 204
    assert count(store) == 1


def test_a_request_that_could_not_be_stored_may_be_repeated_at_once(
    anybody: Caller, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_check_room", full)
        assert post(anybody, world.docs, "k1").status_code == 503
    assert count(store) == 0
    assert [post(anybody, world.docs, "k1").status_code for _ in range(2)] == [204, 204]
    assert count(store) == 1


def test_events_that_were_stored_before_their_key_was_noted_count_once(
    anybody: Caller, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_record: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(once, "_note_stored", away)
        assert post(anybody, world.docs, "k1").status_code == 500
    assert count(store) == 1
    IdempotencyKey.objects.update(holder="a process that is gone")
    assert post(anybody, world.docs, "k1").status_code == 204
    assert count(store) == 1
    assert IdempotencyKey.objects.get().stored_at is not None


def test_one_that_does_not_end_is_waited_for_and_then_told(
    anybody: Caller, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.1)
    assert post(anybody, world.docs, "k1").status_code == 204
    store.command(Statement(sql="TRUNCATE TABLE events"))
    IdempotencyKey.objects.update(stored_at=None)
    answer = post(anybody, world.docs, "k1")
    assert refusal(answer) == (503, "Another request with this Idempotency-Key is under way.")
    assert answer["Retry-After"] == "5"
    assert count(store) == 0
    IdempotencyKey.objects.update(held_until=datetime(2026, 3, 1, tzinfo=UTC))
    assert post(anybody, world.docs, "k1").status_code == 204
    assert count(store) == 1


def test_what_the_engine_may_yet_store_is_not_stored_beside_it(
    anybody: Caller, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_arguments: object, **_named: object) -> None:
        raise Undecided("The event store does not answer.")

    monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", hang)
        assert post(anybody, world.docs, "k1").status_code == 503
    assert post(anybody, world.docs, "k1").status_code == 503
    assert count(store) == 0
    now = datetime.now(UTC).replace(microsecond=0)
    late = IdempotencyKey.objects.get()
    row = {"site": world.docs.pk, "batch": late.batch, "timestamp": now, "received": now, "event_type": "page_view"}
    store.insert([{**row, "id": id_at(now + timedelta(seconds=5))}])
    assert post(anybody, world.docs, "k1").status_code == 204
    assert count(store) == 1


def test_a_key_is_held_for_as_long_as_its_events_may_come_to_light() -> None:
    """They wait for their ids at first, then the store may take them for some time, and may be slow in doing so."""
    longest = timedelta(seconds=PATIENCE_SECONDS) + delivery.ON_TIME + delivery.AT_WORK
    assert longest < once.HELD < delivery.ON_TIME * 3


@pytest.mark.parametrize("is_given_up", [True, False])
def test_what_some_shards_of_a_cluster_have_is_not_taken_for_the_whole(
    anybody: Caller, world: World, store: EventStore, monkeypatch: pytest.MonkeyPatch, is_given_up: bool
) -> None:
    monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(EventStore, "is_cluster", True)

    def send() -> int:
        both = [event(), event(location={"page": "p2"})]
        return anybody.track(world.docs, *both, headers={"Idempotency-Key": "k1"}).status_code

    assert send() == 204
    store.command(Statement(sql="ALTER TABLE events DELETE WHERE page = 'p2' SETTINGS mutations_sync = 2"))
    assert count(store) == 1
    IdempotencyKey.objects.update(stored_at=None)
    if is_given_up:
        IdempotencyKey.objects.update(held_until=datetime(2026, 3, 1, tzinfo=UTC))
    assert send() == (204 if is_given_up else 503)
    assert count(store) == (2 if is_given_up else 1)


START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def cluster(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> EventStore:
    """The store, taken for one whose shards may have a part of a request each."""
    monkeypatch.setattr(EventStore, "is_cluster", True)
    return store


def send_three(caller: Caller, site: Site, **more: str) -> int:
    """Post three events of one moment, of which the site excludes one."""
    site.excluded_paths = ["/drafts/*"]
    site.save()
    urls = ("https://docs.acme.example/start", "https://docs.acme.example/drafts/x", "https://docs.acme.example/end")
    events = [event(timestamp=START.isoformat(), location={"url": url}) for url in urls]
    return caller.track(site, *events, headers={"Idempotency-Key": "k1"} | more).status_code


def open_again(**fields: object) -> None:
    """As if the process had ended before it noted that the events are stored."""
    IdempotencyKey.objects.update(stored_at=None, held_until=START, **fields)


@pytest.mark.one_process
@pytest.mark.parametrize("release", ["this", "one before"])
def test_what_a_cluster_has_is_stored_also_when_it_is_too_old_to_be_taken_again(
    anybody: Caller, world: World, cluster: EventStore, release: str
) -> None:
    with time_machine.travel(START) as clock:
        assert send_three(anybody, world.docs) == 204
        open_again(**({} if release == "this" else {"events": None}))
        clock.move_to(START + timedelta(minutes=6))
        assert send_three(anybody, world.docs) == 204
    assert count(cluster) == 2
    assert IdempotencyKey.objects.get().stored_at is not None
    assert counted(world.docs) == {"excluded": (1, 1)}


@pytest.mark.one_process
def test_what_is_excluded_is_noted_once_however_often_a_cluster_is_asked(
    anybody: Caller, world: World, cluster: EventStore
) -> None:
    with time_machine.travel(START):
        assert send_three(anybody, world.docs) == 204
        open_again()
        assert [send_three(anybody, world.docs) for _ in range(3)] == [204, 204, 204]
    assert counted(world.docs) == {"excluded": (1, 1)}


@pytest.mark.one_process
def test_a_part_that_a_cluster_has_is_removed_where_the_rest_is_too_old(
    anybody: Caller, world: World, cluster: EventStore
) -> None:
    with time_machine.travel(START) as clock:
        assert send_three(anybody, world.docs) == 204
        cluster.command(Statement(sql="ALTER TABLE events DELETE WHERE url_path = '/end' SETTINGS mutations_sync = 2"))
        assert count(cluster) == 1
        open_again()
        clock.move_to(START + timedelta(minutes=6))
        assert send_three(anybody, world.docs) == 422
    assert count(cluster) == 0


@pytest.mark.one_process
def test_as_many_events_are_expected_as_were_sent_at_last(
    anybody: Caller, world: World, cluster: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the site excludes may be changed between two attempts."""
    with time_machine.travel(START):
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "_check_room", full)
            assert send_three(anybody, world.docs) == 503
        assert IdempotencyKey.objects.get().events == 2
        world.docs.excluded_hostnames = ["docs.acme.example"]
        world.docs.save()
        assert send_three(anybody, world.docs) == 204
    assert IdempotencyKey.objects.get().events == 0


def test_neither_key_nor_body_is_kept(anybody: Caller, world: World) -> None:
    assert post(anybody, world.docs, "secret-key", location={"page": "secret-page"}).status_code == 204
    with connection.cursor() as cursor:
        (row,) = cursor.execute("SELECT * FROM events_idempotencykey").fetchall()
    assert "secret" not in str(row)


def test_a_browser_may_send_a_key(anybody: Caller, world: World) -> None:
    path = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events"
    assert "idempotency-key" in anybody.send("OPTIONS", path)["Access-Control-Allow-Headers"]


@pytest.mark.one_process
@pytest.mark.django_db(transaction=True)
def test_a_request_for_a_site_that_was_just_deleted_ends(world: World, store: EventStore) -> None:
    site, asked = Site.objects.get(pk=world.docs.pk), []

    def rows() -> list[Row]:
        asked.append(1)
        assert len(asked) < 5, "It goes on for ever."
        return [{"site": site.pk}]

    world.docs.delete()
    with pytest.raises(once.SiteIsGone):
        once.write_once(once.Once(key="k1", scope="", body=b""), site, rows)
    assert count(store) == 0
