"""/metrics: who may read it, that what happens moves its figures, and that its page lists what it shows."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from apps.api.caches import forget_all
from apps.core.clock import utc_now
from apps.events.models import Reason
from apps.events.refused import recorder
from apps.events.store import EventStore
from apps.events.writer import close_writer
from apps.rollups.models import FilledPeriod, State
from apps.rollups.periods import Level
from apps.rollups.status import backlog, lag
from insights_site import at_once, signs
from tests.people import World, token_of

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text()
TOKEN = "a token for monitoring"


def figures() -> dict[tuple[str, ...], float]:
    """Our figures by name and values of labels."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    ours = [sample for sample in samples if sample.name.startswith("insights_") and "le" not in sample.labels]
    return {(sample.name, *(value for _label, value in sorted(sample.labels.items()))): sample.value for sample in ours}


@pytest.mark.django_db
def test_only_who_has_the_token_may_read(settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ({}, {"Authorization": "Bearer another"}, {"Authorization": TOKEN}, {"Authorization": "Bearer "}):
        assert Client().get("/metrics", headers=given).status_code == 401
    assert Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


@pytest.mark.django_db(transaction=True)  # figures of the records are read by a thread
def test_what_happens_moves_the_figures(world: World, store: EventStore, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    forget_all()
    path = f"/v1/orgs/{world.acme.public_id}/sites/{world.docs.public_id}/insights/events"
    session = {"visitorId": "ada", "sessionId": "one"}
    event = {"type": "page_view", "session": session, "location": {"url": "https://docs.acme.example/"}}
    before = figures()

    def post(*events: object, **headers: str) -> int:
        return Client().post(path, {"events": events}, content_type="application/json", headers=headers).status_code

    assert post(event, event, event) == 204
    assert post(event, event, DNT="1") == 204
    assert post(event, {**event, "type": "page_seen"}) == 422
    recorder.flush()
    close_writer()
    after = figures()
    moved = {name: value - before.get(name, 0) for name, value in after.items()}
    assert moved["insights_events_accepted_total",] == 3
    assert moved["insights_events_refused_total", "invalid"] == 2
    assert moved["insights_requests_refused_total", "invalid"] == 1
    assert moved["insights_requests_refused_total", "privacy_signal"] == 1
    assert moved["insights_group_rows_sum",] == 3
    assert after["insights_events_waiting",] == 0
    of_site = {name[1]: value for name, value in after.items() if name[0] == "insights_site_events_refused_last_hour"}
    assert of_site == {"invalid": 2, "privacy_signal": 1}
    assert all(name[2] == world.docs.public_id for name in after if name[0].startswith("insights_site_"))


def test_the_table_lists_every_figure_in_order_and_every_reason(
    world: World, store: EventStore, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    listed = re.findall(r"^\| `(insights_\w+)` \|", GUIDE, re.MULTILINE)
    assert listed == sorted(listed)
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    families = re.findall(r"^# HELP (insights_\w+) ", answer, re.MULTILINE)
    assert {name for name in families if not name.endswith("_created")} == set(listed)
    assert set(re.findall(r"`([a-z_]+)`", GUIDE.split("Reasons are ")[1].split(". Beside")[0])) == set(Reason.values)


def test_questions_are_timed_by_who_asks_and_by_what_answers(
    world: World, store: EventStore, settings: Settings, client: Client
) -> None:
    settings.METRICS_TOKEN = TOKEN
    forget_all()
    site = f"{world.acme.public_id}/sites/{world.docs.public_id}"
    client.force_login(world.ada)
    before = figures()
    bearer = {"Authorization": f"Bearer {token_of(world.ada, world.acme)}"}
    asked = {"range": "last7Days", "select": [{"column": "eventsCount"}]}
    address = f"/v1/orgs/{site}/insights/events/aggregate"
    assert Client().post(address, asked, content_type="application/json", headers=bearer).status_code == 200
    assert client.get(f"/sites/{world.acme.public_id}/{world.docs.public_id}/search?plain=1").status_code == 200
    assert client.get("/").status_code == 200
    name = "insights_query_seconds_count"
    moved = {key: value - before.get(key, 0) for key, value in figures().items() if key[0] == name}
    moved = {key[1:]: value for key, value in moved.items() if value}
    assert moved["api", "raw"] == 1
    assert moved["search", "raw"] > 1
    assert moved["sites", "raw"] >= 1


NOON = datetime.fromisoformat("2026-11-27T12:00:00Z")


@pytest.mark.parametrize(
    ("state", "start", "changed", "minutes"),
    [
        (State.DUE, "10:00", "10:05", 45),  # it has been closed for so long
        (State.DUE, "2025-01-03T10:00", "11:50", 10),  # events of long ago came ten minutes ago
        (State.DUE, "11:00", "11:05", 0),  # it is still open
        (State.LATE, "2025-01-03T10:00", "10:30", 30),  # it may be counted anew an hour after the last time
        (State.LATE, "2025-01-03T10:00", "11:30", 0),
        (State.COUNTED, "2025-01-03T10:00", "10:30", 0),
    ],
)
def test_the_lag_is_how_long_an_hour_could_have_been_counted(
    world: World, state: State, start: str, changed: str, minutes: int
) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}:00Z" if "T" in text else f"2026-11-27T{text}:00Z")

    FilledPeriod.objects.create(
        site=world.docs, level="hour", start=moment(start), state=state, computed_at=moment(changed)
    )
    assert lag(NOON) == timedelta(minutes=minutes)
    waiting = {key: number for key, number in backlog(NOON).items() if number}
    assert waiting == ({(Level.HOUR, state): 1} if minutes else {})


def test_what_waits_is_told_of_all_levels(world: World) -> None:
    for level, start in (("day", "2026-11-25"), ("day", "2026-11-26"), ("day", "2026-11-27"), ("month", "2026-10-01")):
        FilledPeriod.objects.create(
            site=world.docs, level=level, start=datetime.fromisoformat(f"{start}T00:00:00Z"), state=State.DUE
        )
    assert {key: number for key, number in backlog(NOON).items() if number} == {
        (Level.DAY, State.DUE): 2,
        (Level.MONTH, State.DUE): 1,
    }


@pytest.mark.django_db(transaction=True)
def test_parts_and_engine_are_told_of(world: World, store: EventStore, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    now = utc_now()
    store.insert([{"id": n, "site": world.docs.pk, "timestamp": now, "received": now} for n in (1, 2, 3)])
    found = figures()
    assert found["insights_engine_rows", "events"] == 3
    assert found["insights_engine_parts", "events"] == 1
    assert found["insights_engine_bytes", "events"] > 100
    assert found["insights_engine_memory_bytes",] > 1_000
    assert found["insights_engine_merges",] >= 0
    assert found["insights_disk_free_bytes", "data"] > 1_000_000
    assert found["insights_queue_messages", "mail"] == 0
    assert found["insights_part_up", "records"] == found["insights_part_up", "disk"] == 1
    settings.DISK_MIN_MB = 10**9
    assert figures()["insights_part_up", "disk"] == 0
    assert Client().get("/readyz").json()["parts"]["disk"] == "ill"
    FilledPeriod.objects.create(
        site=world.docs,
        level="hour",
        start=now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=5),
        state=State.DUE,
        computed_at=now - timedelta(hours=3),
    )
    found = figures()
    assert 3 * 3_600 - 60 < found["insights_rollup_lag_seconds",] < 3 * 3_600 + 60
    assert found["insights_rollup_periods_waiting", "hour", "due"] == 1
    assert found["insights_part_up", "rollups"] == 0


@pytest.fixture
def silent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A ClickHouse server that takes connections and never answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr("apps.events.store._store", None)
    settings.CLICKHOUSE_URL = f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.settimeout(0.1)
    yield
    # Whoever waits for it is let go, so that nothing hangs beyond the test.
    deadline = time.monotonic() + 60
    while at_once._under_way:
        assert time.monotonic() < deadline
        try:
            listening.accept()[0].close()
        except TimeoutError:
            time.sleep(0.05)
    listening.close()


@pytest.mark.usefixtures("silent")
@pytest.mark.django_db
def test_a_store_that_hangs_keeps_nobody_longer_than_two_seconds_and_its_figures_are_left_out(
    settings: Settings,
) -> None:
    settings.METRICS_TOKEN = TOKEN
    for part in ("worker", "beat"):
        signs.forget(part)  # of other tests
    assert Client().get("/metrics").status_code == 401  # routes are loaded with the first request
    for _ in range(2):
        started = time.monotonic()
        found = figures()
        assert time.monotonic() - started < 10  # two seconds on an idle machine; a question waits for 20
        assert found["insights_part_up", "events"] == 0
        assert {name[1]: value for name, value in found.items() if name[0] == "insights_part_up"} == {
            "records": 1,
            "events": 0,
            "broker": 1,
            "worker": 0,
            "beat": 0,
            "disk": 1,
            "rollups": 1,
            "clock": 1,
        }
        assert not {name for name, *_labels in found if name.startswith("insights_engine")}
        assert {name for name, *_labels in found} >= {"insights_rollup_lag_seconds", "insights_events_accepted_total"}
    assert len(at_once._under_way) <= 4
