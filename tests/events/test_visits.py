"""Visitors without ids from the browser: one day, one visit, and nothing that links two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches

from apps.events.enrichment import Caller
from apps.events.models import DailySalt
from apps.events.services import track
from apps.events.store import EventStore, Statement
from apps.events.tasks import delete_old_salts
from apps.events.visits import Visit, salts, visit_of
from apps.events.writer import close_writer
from tests.events.wire import body_of, sent
from tests.people import World

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 4, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    salts.forget()
    caches["visits"].clear()


def visit(at: str, *, site: int = 1, address: str = "192.0.2.1", agent: str = "A") -> Visit:
    """The visit of an event on 30 April, at ``HH:MM``; hours from 24 on are those of the next days."""
    hour, minute = map(int, at.split(":"))
    now = DAY + timedelta(hours=hour, minutes=minute)
    with time_machine.travel(now, tick=False):
        return visit_of(site, address=address, agent=agent, now=now)


@pytest.mark.embedded  # Redis forgets by its own clock
def test_one_reader_is_one_visitor_of_a_day_with_a_session_for_each_visit() -> None:
    first, again, later = visit("09:00"), visit("09:29"), visit("09:58")
    assert first == again == later
    back = visit("10:29")
    assert back.visitor == first.visitor
    assert back.session != first.session


@pytest.mark.parametrize("other", [{"site": 2}, {"address": "192.0.2.2"}, {"agent": "B"}])
def test_another_site_address_or_agent_is_another_visitor(other: dict[str, str]) -> None:
    first, second = visit("09:00"), visit("09:01", **other)  # type: ignore[arg-type]
    assert first.visitor != second.visitor
    assert first.session != second.session


@pytest.mark.embedded  # Redis forgets by its own clock
def test_a_visit_goes_on_over_midnight_and_ends_with_its_first_pause() -> None:
    evening = visit("23:50")
    assert visit("24:10") == evening
    assert visit("24:39") == evening
    morning = visit("25:10")
    assert morning.visitor != evening.visitor
    assert morning.session != evening.session
    assert visit("25:20") == morning


@pytest.mark.embedded  # Redis forgets by its own clock
def test_who_was_there_the_day_before_and_not_just_now_is_somebody_new() -> None:
    assert visit("23:20").visitor != visit("24:01").visitor


def test_the_visits_of_one_process_are_known_to_another() -> None:
    evening = visit("23:50")
    salts.forget()
    assert visit("23:55") == evening
    salts.forget()
    assert visit("24:10") == evening


def test_only_the_salts_of_two_days_are_kept() -> None:
    for day in range(5):
        visit(f"{24 * day + 12}:00")
        assert DailySalt.objects.count() == min(day + 1, 2)
    assert set(DailySalt.objects.values_list("day", flat=True)) == {DAY.date() + timedelta(days=day) for day in (3, 4)}
    assert len({bytes(salt) for salt in DailySalt.objects.values_list("salt", flat=True)}) == 2
    with time_machine.travel(DAY + timedelta(days=5), tick=False):
        delete_old_salts()
    assert DailySalt.objects.count() == 1
    with time_machine.travel(DAY + timedelta(days=6), tick=False):
        delete_old_salts()
    assert not DailySalt.objects.exists()


def test_once_the_salt_is_gone_the_id_cannot_be_made_again() -> None:
    before = visit("12:00").visitor
    for hour in (36, 60):
        visit(f"{hour}:00")
    salts.forget()
    caches["visits"].clear()
    assert visit("12:00").visitor != before


@pytest.fixture
def cookieless(world: World, store: EventStore) -> Iterator[World]:
    world.docs.cookieless = True
    yield world
    close_writer()


def tracked(world: World, store: EventStore, *sessions: dict[str, str], caller: Caller) -> list[tuple[int, int]]:
    """Visitors and sessions as they are stored, one event for each of ``sessions``."""
    events = [sent(session={"visitorId": f"v{n}", "sessionId": f"s{n}", **each}) for n, each in enumerate(sessions)]
    track(body_of(*events), site=world.docs, caller=caller, now=datetime.now(UTC))
    columns = store.query(Statement(sql="SELECT visitor, session FROM events ORDER BY id"))
    return list(zip(*columns, strict=True))


def test_the_ids_that_browsers_send_are_not_used(cookieless: World, store: EventStore) -> None:
    caller = Caller(ip="192.0.2.1", user_agent="x")
    # What somebody without a token says about the address is not believed either.
    rows = tracked(cookieless, store, {}, {"ip": "192.0.2.7"}, {"userAgent": "Other/1.0"}, caller=caller)
    assert rows[0] == rows[1]
    assert len({visitor for visitor, _session in rows}) == 2
    assert len({session for _visitor, session in rows}) == 2


def test_a_server_with_a_token_tells_addresses_or_ids(cookieless: World, store: EventStore) -> None:
    caller = Caller(ip="192.0.2.1", user_agent="x", trusted=True)
    told = ({"ip": "198.51.100.1"}, {"ip": "198.51.100.1"}, {"ip": "198.51.100.2"}, {}, {})
    rows = tracked(cookieless, store, *told, caller=caller)
    assert rows[0] == rows[1]
    assert len({visitor for visitor, _session in rows}) == 4


def test_a_site_with_ids_keeps_them(world: World, store: EventStore) -> None:
    rows = tracked(world, store, {}, {}, caller=Caller(ip="192.0.2.1", user_agent="x"))
    close_writer()
    assert len(set(rows)) == 2
    assert not DailySalt.objects.exists()
