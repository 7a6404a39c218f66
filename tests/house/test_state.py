"""The administration's first page: the state of the service, told by bounded questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utc_now
from apps.events.ids import id_at
from apps.events.records import Reason, RefusalCount
from apps.events.store import EventStore, Statement
from apps.organizations.models import User
from apps.rollups.models import FilledPeriod, State
from insights_site import signs
from tests.people import World


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    return client


def shown(staff: Client) -> dict[str, tuple[str, str]]:
    """Label → value and note of every figure on the page."""
    page = staff.get("/admin/").content.decode()
    found = re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>(?:\s*<dd[^>]*>(.*?)</dd>)?", page, re.DOTALL)
    return {label: (value, note) for label, value, note in found}


def test_arrivals_of_the_last_hour_and_minute_are_counted_by_when_they_came(
    staff: Client, world: World, store: EventStore
) -> None:
    now = utc_now()
    for number, minutes in enumerate((0.1, 30, 90), start=1):
        # It happened long ago, and came just now, half an hour ago, and before that.
        arrived = now - timedelta(minutes=minutes)
        moment = now - timedelta(days=40)
        store.insert([{"id": id_at(arrived) + number, "site": world.docs.pk, "timestamp": moment, "received": arrived}])
    figures = shown(staff)
    assert figures["Events in the last hour"] == ("2", "1 in the last minute")
    assert figures["Event store"][1] == "3 events, and their prepared counts"


def test_what_was_refused_and_what_waits_to_be_counted_is_told(staff: Client, world: World, store: EventStore) -> None:
    now = utc_now()
    for reason, events, minutes in ((Reason.HOSTNAME, 5, 3), (Reason.PAUSED, 2, 9), (Reason.ERROR, 100, 70)):
        minute = now - timedelta(minutes=minutes)
        RefusalCount.objects.create(site=world.docs, minute=minute, reason=reason, requests=1, events=events)
    for hours, state in ((5, State.DUE), (4, State.LATE), (3, State.COUNTED), (0, State.DUE)):
        start = (now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
        FilledPeriod.objects.create(site=world.docs, level="hour", start=start, state=state)
    figures = shown(staff)
    assert figures["Refused in the last hour"] == ("7", "Most of them: Not on a host of the site")
    assert figures["Hours to be counted"][0] == "2"
    assert "4 hours" in figures["Hours to be counted"][1]


def test_a_part_that_gives_no_sign_is_ill(staff: Client, store: EventStore) -> None:
    signs.note("worker")
    signs.forget("beat")
    page = staff.get("/admin/").content.decode()
    assert "worker: well" in page
    assert "beat: ill" in page


def test_the_page_is_there_while_the_store_is_away(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.store._store", None)
    monkeypatch.setattr(settings, "CLICKHOUSE_URL", "http://127.0.0.1:9")
    figures = shown(staff)
    assert figures["Events in the last hour"] == ("–", "Cannot be told now.")
    assert figures["Records"][0] != "–"


LISTS = (
    "organizations/organization",
    "organizations/membership",
    "organizations/user",
    "organizations/apitoken",
    "organizations/auditentry",
    "sites/site",
    "sites/sharelink",
    "rollups/filledperiod",
    "rollups/erasure",
    "segments/visitorsegment",
    "dashboard/savedreport",
    "events/refusedevent",
    "events/refusalcount",
)


@pytest.fixture
def asked(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """Every statement that the event store is asked from now on; each is answered."""
    statements: list[Statement] = []
    answer = store.query

    def noted(statement: Statement, **options: Any) -> list[Sequence[Any]]:
        statements.append(statement)
        return answer(statement, **options)

    monkeypatch.setattr(store, "query", noted)
    return statements


@pytest.mark.parametrize("path", LISTS)
def test_no_list_asks_the_event_store(staff: Client, asked: list[Statement], path: str) -> None:
    assert staff.get(f"/admin/{path}/").status_code == 200
    assert asked == []


def test_the_first_page_reads_no_event_but_those_that_came_in_the_last_hour(
    staff: Client, asked: list[Statement]
) -> None:
    staff.get("/admin/")
    of_events = [statement.sql for statement in asked if "FROM events" in statement.sql]
    assert of_events == [
        "SELECT site FROM events LIMIT 1",
        "SELECT countIf(id > {minute:Int64}), count() FROM events WHERE id > {hour:Int64}",
    ]


@pytest.mark.parametrize("path", ["rollups/filledperiod", "events/refusedevent", "events/refusalcount"])
def test_a_long_list_is_counted_once_at_most(staff: Client, world: World, path: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        staff.get(f"/admin/{path}/")
    assert sum("COUNT(" in query["sql"] for query in queries) <= 1
    assert len(queries) <= 15


def test_the_index_of_arrivals_spares_the_first_page_the_other_events(world: World, store: EventStore) -> None:
    old = utc_now() - timedelta(days=3)
    first = id_at(old) + 1
    store.insert([{"id": first + n, "site": world.docs.pk, "timestamp": old, "received": old} for n in range(50_000)])
    sql = "EXPLAIN indexes = 1 SELECT count() FROM events WHERE id > {hour:Int64}"
    plan = store.query(Statement(sql=sql, parameters={"hour": id_at(utc_now() - timedelta(hours=1))}))
    text = "\n".join(plan[0]) if plan else ""
    assert re.search(r"Name: arrival\b.*?Granules: 0/", text, re.DOTALL), text
