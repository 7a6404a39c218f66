"""Admin pages of prepared counts: who sees them, what they tell, and having days counted anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.insights.services import resolve
from apps.organizations.models import User
from apps.rollups.answers import plan, run
from apps.rollups.models import FilledPeriod, State
from apps.rollups.services import fill_due
from apps.rollups.verification import verify
from tests.insights.events import event
from tests.people import World
from tests.rollups.conftest import hold

LIST = "/admin/rollups/filledperiod/"
NOW = datetime(2026, 4, 30, 12, 34, tzinfo=UTC)


@pytest.fixture
def clock_that_stands() -> Iterator[datetime]:
    """This moment, which lasts for the test."""
    now = utc_now()
    with time_machine.travel(now, tick=False):
        yield now


def staff(client: Client, *permissions: str, superuser: bool = False) -> Client:
    """A browser in which an administrator with these permissions is signed in."""
    person = User.objects.create(email="staff@example.com", is_staff=True, is_superuser=superuser)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert person.user_permissions.count() == len(permissions)
    client.force_login(person)
    return client


def record(site: Any, level: str, start: str, state: State = State.COUNTED, **fields: Any) -> FilledPeriod:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return FilledPeriod.objects.create(site=site, level=level, start=moment, state=state, **fields)


def listed(client: Client, query: str = "") -> list[str]:
    """The starts on the page, in order."""
    page = client.get(f"{LIST}?{query}")
    assert page.status_code == 200
    return re.findall(r">(\d{4}-\d\d-\d\d \d\d:\d\d)<", page.content.decode())


def rebuild(client: Client, *chosen: FilledPeriod) -> str:
    """What the page says after the action."""
    form = {"action": "rebuild_days", "_selected_action": [str(period.pk) for period in chosen]}
    return client.post(LIST, form, follow=True).content.decode()


def states(world: World) -> dict[str, str]:
    """Level and day → state."""
    found = FilledPeriod.objects.filter(site=world.docs)
    return {f"{period.level} {period.start:%m-%d %H}": period.state for period in found}


def test_others_than_staff_are_sent_to_sign_in(client: Client, world: World) -> None:
    assert client.get(LIST).status_code == 302
    client.force_login(world.ada)
    assert client.get(LIST).headers["Location"].startswith("/admin/login/")


def test_staff_need_the_permission_to_look(client: Client, world: World) -> None:
    assert staff(client, "view_site").get(LIST).status_code == 403


def test_who_may_look_may_not_rebuild(client: Client, world: World) -> None:
    period = record(world.docs, "day", "2026-04-28")
    viewer = staff(client, "view_filledperiod")
    assert listed(viewer) == ["2026-04-28 00:00"]
    assert "Rebuild these days" not in viewer.get(LIST).content.decode()
    rebuild(viewer, period)
    assert states(world) == {"day 04-28 00": "counted"}


@pytest.mark.parametrize("superuser", [True, False])
def test_who_may_change_periods_may_rebuild(client: Client, world: World, superuser: bool) -> None:
    period = record(world.docs, "day", "2026-04-28")
    browser = staff(client, *(() if superuser else ("change_filledperiod",)), superuser=superuser)
    assert "1 period of these days is due now." in rebuild(browser, period)
    assert states(world) == {"day 04-28 00": "due"}


@pytest.mark.one_process
def test_nothing_can_be_added_changed_or_deleted_by_hand(client: Client, world: World) -> None:
    period = record(world.docs, "day", "2026-04-28", events=7)
    browser = staff(client, superuser=True)
    page = browser.get(f"{LIST}{period.pk}/change/")
    assert page.status_code == 200
    assert 'name="events"' not in page.content.decode()
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{period.pk}/change/", {"events": "8"}).status_code == 403
    assert browser.post(f"{LIST}{period.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in browser.get(LIST).content.decode()
    assert FilledPeriod.objects.get().events == 7


def test_a_site_can_still_be_deleted_with_its_periods(client: Client, world: World) -> None:
    record(world.docs, "day", "2026-04-28")
    browser = staff(client, "view_site", "delete_site")
    assert browser.post(f"/admin/sites/site/{world.docs.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not FilledPeriod.objects.exists()


def test_periods_are_listed_newest_first_filtered_and_searched(client: Client, world: World) -> None:
    record(world.docs, "month", "2026-03-01")
    record(world.docs, "day", "2026-04-27", State.LATE)
    record(world.docs, "day", "2026-04-28", State.DUE)
    record(world.secrets, "hour", "2026-04-28T10:00")
    browser = staff(client, superuser=True)
    assert listed(browser) == ["2026-04-28 10:00", "2026-04-28 00:00", "2026-04-27 00:00", "2026-03-01 00:00"]
    assert listed(browser, f"site__id__exact={world.secrets.pk}") == ["2026-04-28 10:00"]
    assert listed(browser, "level__exact=day") == ["2026-04-28 00:00", "2026-04-27 00:00"]
    assert listed(browser, "state__exact=late") == ["2026-04-27 00:00"]
    assert listed(browser, "start_from=2026-04-28") == ["2026-04-28 10:00", "2026-04-28 00:00"]
    assert listed(browser, "start_from=2026-04-01&start_to=2026-04-27") == ["2026-04-27 00:00"]
    assert len(listed(browser, "start_from=soon&start_to=9999-99-99")) == 4
    assert listed(browser, "q=secrets") == ["2026-04-28 10:00"]
    assert len(listed(browser, f"q={world.docs.public_id}")) == 3


def test_each_period_says_its_state_and_how_long_it_waits(
    client: Client, world: World, clock_that_stands: datetime
) -> None:
    now = clock_that_stands
    record(world.docs, "day", "2026-04-26", events=1234567)
    record(world.docs, "day", "2026-04-27", State.DUE, computed_at=now - timedelta(hours=3, minutes=1))
    record(world.docs, "day", "2026-04-28", State.LATE, computed_at=now - timedelta(minutes=19, seconds=30))
    page = staff(client, superuser=True).get(LIST).content.decode()
    rows = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
    assert [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "…", row) for row in rows if "Acme Docs" in row] == [
        "2026-04-28 00:00 Acme Docs day Late events 0 … in 40 minutes",
        "2026-04-27 00:00 Acme Docs day Due – … for 3 hours, 1 minute",
        "2026-04-26 00:00 Acme Docs day Counted 1,234,567 … –",
    ]


def test_a_page_of_many_periods_asks_no_more_of_the_database_than_one_of_few(client: Client, world: World) -> None:
    browser = staff(client, superuser=True)
    listed(browser)  # the first page of a session is noted
    numbers = []
    for first in (1, 2):
        for day in range(first, first + (1 if first == 1 else 20)):
            record(world.docs if day % 2 else world.secrets, "day", f"2026-03-{day:02}")
        with CaptureQueriesContext(connection) as queries:
            listed(browser)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_chosen_days_are_due_with_their_hours_and_months_and_no_others(client: Client, world: World) -> None:
    chosen = record(world.docs, "hour", "2026-04-28T10:00")
    for level, start in (
        ("hour", "2026-04-27T23:00"),
        ("hour", "2026-04-28T00:00"),
        ("hour", "2026-04-29T00:00"),
        ("day", "2026-04-27"),
        ("day", "2026-04-28"),
        ("month", "2026-03-01"),
        ("month", "2026-04-01"),
    ):
        record(world.docs, level, start)
    other = record(world.secrets, "day", "2026-04-28")
    assert "4 periods of these days are due now." in rebuild(staff(client, superuser=True), chosen)
    assert {name for name, state in states(world).items() if state == "due"} == {
        "hour 04-28 00",
        "hour 04-28 10",
        "day 04-28 00",
        "month 04-01 00",
    }
    other.refresh_from_db()
    assert other.state == "counted"


def test_a_chosen_month_is_counted_anew_with_all_its_days(client: Client, world: World) -> None:
    month = record(world.docs, "month", "2026-03-01")
    for day in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"):
        record(world.docs, "day", day)
    record(world.docs, "month", "2026-04-01")
    browser = staff(client, superuser=True)
    rebuild(browser, month, FilledPeriod.objects.get(level="day", start__day=31))
    due = {name for name, state in states(world).items() if state == "due"}
    assert due == {"month 03-01 00", "day 03-01 00", "day 03-31 00"}
    assert "These days are due already" in rebuild(browser, month)


def april(world: World, day: int) -> Any:
    """The events of a day of April, and what they were counted from."""
    span = {"from": f"2026-04-{day}T00:00:00Z", "to": f"2026-04-{day + 1}T00:00:00Z"}
    query = resolve({"range": span, "select": [{"column": "eventsCount"}]}, site=world.docs, now=NOW)
    return run(query).columns[0].values[0], plan(query).source.value


def test_wrong_counts_are_read_no_more_from_the_moment_of_the_action_and_then_counted_right(
    client: Client, world: World, rollups: EventStore
) -> None:
    hold(rollups, world.docs.pk, *(event(f"2026-04-{day}T10:00:00Z") for day in (27, 28, 28, 29)))
    fill_due(NOW)
    before = FilledPeriod.objects.get(level="day", start__day=28)
    rollups.command(Statement(sql="TRUNCATE TABLE rollups"))
    assert april(world, 28) == (0, "rollup")
    rebuild(staff(client, superuser=True), before)
    assert april(world, 28) == (2, "raw")
    assert april(world, 27) == (0, "rollup")
    assert fill_due(NOW) == 1
    after = FilledPeriod.objects.get(level="day", start__day=28)
    assert (after.state, after.events, after.fill > before.fill) == ("counted", 2, True)
    assert april(world, 28) == (2, "rollup")
    assert len(verify(100)[1]) == 2  # the days that nobody asked to rebuild


@pytest.mark.one_process
def test_the_page_of_a_site_tells_how_far_its_counts_are(
    client: Client, world: World, clock_that_stands: datetime
) -> None:
    now = clock_that_stands
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    record(world.docs, "hour", f"{hour:%Y-%m-%dT%H:%M}")
    record(world.docs, "day", "2026-04-28", State.DUE, computed_at=now - timedelta(minutes=5, seconds=5))
    browser = staff(client, superuser=True)
    page = browser.get(f"/admin/sites/site/{world.docs.pk}/change/").content.decode()
    assert "Prepared counts" in page
    assert f"Counted through {hour + timedelta(hours=1):%Y-%m-%d %H:%M} UTC, 2 hours" in page
    assert "1 due, 0 with late events. The first has been waiting for 5 minutes." in page
    (address,) = re.findall(r'href="(/admin/rollups/[^"]*)"[^>]*>Periods of this site', page)
    assert len(listed(browser, address.partition("?")[2])) == 2
    assert "Nothing is counted yet." in browser.get(f"/admin/sites/site/{world.secrets.pk}/change/").content.decode()


@pytest.mark.one_process
def test_the_page_of_a_site_says_nothing_of_counts_where_they_may_not_be_seen(client: Client, world: World) -> None:
    browser = staff(client, "change_site")
    page = browser.get(f"/admin/sites/site/{world.docs.pk}/change/")
    assert page.status_code == 200
    assert "Prepared counts" not in page.content.decode()


@pytest.mark.one_process
def test_a_new_site_and_a_saved_one_are_as_before(client: Client, world: World) -> None:
    browser = staff(client, superuser=True)
    assert "Prepared counts" not in browser.get("/admin/sites/site/add/").content.decode()
    form = {
        "organization": world.acme.pk,
        "title": "Renamed",
        "visibility": "public",
        "ingest_policy": "public",
        "hostnames": "[]",
        "time_zone": "UTC",
    }
    assert browser.post(f"/admin/sites/site/{world.docs.pk}/change/", form).status_code == 302
    world.docs.refresh_from_db()
    assert world.docs.title == "Renamed"
