"""Several fillers at once, a filler that is held up, and a clock that is set back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import time_machine
from django.db import connection

from apps.core.clock import utc_now
from apps.events.store import Statement, get_store
from apps.events.writer import close_writer
from apps.keeping.asking import ask_for_reset
from apps.keeping.erasing import carry_out
from apps.rollups import services
from apps.rollups.arrivals import note_arrivals
from apps.rollups.cleaning import clean
from apps.rollups.filling import Window, fill_window
from apps.rollups.models import FilledPeriod, State
from apps.rollups.periods import Level
from apps.rollups.services import fill_due
from apps.rollups.tasks import fill_closed_periods
from apps.sites.models import Site
from tests.reliability.apart import tell
from tests.reliability.figures import HOURS, NOW, TOTALS, compare, totals, track, verify_some, visits
from tests.reliability.service import SECONDS
from tests.reliability.steps import watched

Scenario = Callable[[Site], None]
BUSY_HOURS = HOURS * 40
"""840 events, and 280 visitors that are new."""


def in_a_thread(work: Callable[[], object]) -> Callable[[], object]:
    """``work`` for a thread that ends with it: its connection to the records is closed."""

    def do() -> object:
        try:
            return work()
        finally:
            connection.close()

    return do


def fill_at_once(site: Site) -> None:
    """Tasks and runs that ignore their lock, then fillings of one window: all at the same moment, again and again."""
    with time_machine.travel(NOW) as clock:
        for call in (1, 2):
            track(visits(site, call, BUSY_HOURS))
            clock.shift(timedelta(minutes=65))
            _at_once(*[fill_closed_periods, lambda: fill_due(utc_now())] * 3)
            assert totals(site) == (840 * call, 2 + 280 * call)
            _check_counted_once(site)
        track(visits(site, 3, BUSY_HOURS))
        clock.shift(timedelta(minutes=65))
        through = note_arrivals(utc_now())
        first = datetime(2026, 3, 1, tzinfo=UTC)
        window = Window(Level.DAY, first, first + timedelta(days=2), (site.pk,))
        _at_once(*[lambda: fill_window(window, through)] * 4)
        compare(site)
        verify_some(100)
        fill_due(utc_now())
        _check_counted_once(site)


def _at_once(*works: Callable[[], object]) -> None:
    """Do all of ``works`` at the same moment, each in a thread of its own; raises what one of them raised."""
    ready = threading.Barrier(len(works))

    def do(work: Callable[[], object]) -> None:
        ready.wait(SECONDS)
        in_a_thread(work)()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(do, work) for work in works]:
            future.result(SECONDS)


def _check_counted_once(site: Site) -> None:
    """Figures are those of the events, from periods that have one record each; the 3rd of March is not over."""
    assert compare(site) == {"rollup"}
    verify_some(100)
    days = FilledPeriod.objects.filter(level="day").order_by("start").values_list("start__day", "state")
    assert list(days) == [(day, State.COUNTED) for day in (26, 27, 28, 1, 2)] + [(3, State.DUE)]


def hold_up_while_others_fill(site: Site) -> None:
    """A filler stops for two hours at its first step, then at its second …, while another does all of its work.

    So it is where a worker's lock has ended. Prints where it was held up.
    """

    def others(clock: time_machine.Traveller, call: int) -> None:
        track(visits(site, call))
        clock.shift(timedelta(minutes=5))
        fill_due(utc_now())
        clean(utc_now())
        compare(site, TOTALS)

    _hold_up(site, others, count(1))


def hold_up_while_others_clean(site: Site) -> None:
    """The same after each counting, but the others only remove what counts for nothing: a machine that slept."""
    _hold_up(site, lambda _clock, _call: clean(utc_now()), count(3, 2))


def hold_up_while_others_fill_days(site: Site) -> None:
    """The same at the first step, but the time of the others is up when days are counted, before the months."""

    def others(clock: time_machine.Traveller, call: int) -> None:
        track(visits(site, call))
        clock.shift(timedelta(minutes=5))
        for _ in ("hours", "days"):
            fill_due(utc_now(), seconds=0)

    _hold_up(site, others, (1,))


def _hold_up(site: Site, others: Callable[[time_machine.Traveller, int], object], steps: Iterable[int]) -> None:
    services.LATE_AGAIN = timedelta(0)
    with time_machine.travel(NOW) as clock:
        for number in steps:
            open_hour = f"{utc_now() - timedelta(minutes=90):%Y-%m-%dT%H}"
            track(visits(site, 2 * number, (*HOURS, open_hour)))
            clock.shift(timedelta(minutes=5))

            def meanwhile(call: int = 2 * number + 1) -> None:
                clock.shift(timedelta(minutes=115))
                others(clock, call)

            step = HeldUp(number, meanwhile)
            with watched(step):
                fill_due(utc_now())
            assert "raw" not in compare(site, TOTALS), "No period is counted."
            fill_due(utc_now())
            assert "raw" not in compare(site, TOTALS), "No period is counted."
            if not step.taken_place:
                break
    compare(site)
    verify_some(100)


class HeldUp:
    """Has ``meanwhile`` done by another thread at step ``number`` of this thread.

    Steps are where it has noted what came, and before and after each counting: it holds no lock there.
    """

    def __init__(self, number: int, meanwhile: Callable[[], object]) -> None:
        self._number = number
        self._meanwhile = meanwhile
        self._thread = threading.get_ident()
        self._steps = 0
        self.taken_place = False

    def __call__(self, name: str) -> None:
        if threading.get_ident() != self._thread:
            return
        self._steps += name.endswith("INSERT INTO rollups") or (name == "after COMMIT" and not self._steps)
        if self._steps == self._number and not self.taken_place:
            tell(name)
            self.taken_place = True
            with ThreadPoolExecutor(1) as pool:
                pool.submit(in_a_thread(self._meanwhile)).result(SECONDS)


def set_the_clock_back(site: Site) -> None:
    """The clock goes back an hour, or more, with and without a restart; events come into hours that are counted."""
    calls = count(1)

    def track_and_check() -> None:
        track(visits(site, next(calls)))
        compare(site)

    with time_machine.travel(NOW - timedelta(minutes=54)) as clock:
        track_and_check()
        clock.move_to(NOW)
        fill_due(utc_now())
        assert compare(site) == {"rollup"}
        for minutes, restarts in ((60, True), (59, True), (180, False), (120, True), (10, False)):
            clock.move_to(NOW - timedelta(minutes=minutes))
            if restarts:
                close_writer()
            track_and_check()
            fill_due(utc_now())
            track_and_check()
            assert compare(site) == {"rollup"}
        clock.move_to(NOW + timedelta(hours=2))
        fill_due(utc_now())
        assert compare(site) == {"rollup"}
        verify_some(100)
        assert totals(site) == (11 * 3 * len(HOURS), 2 + 11 * len(HOURS))
        (ids,) = get_store().query(Statement(sql="SELECT uniqExact(id) FROM events"))
        assert list(ids) == [11 * 3 * len(HOURS)]
        assert not FilledPeriod.objects.filter(state=State.LATE).exists()


def reset_when_the_clock_was_set_back(site: Site) -> None:
    """The clock goes back half an hour, all events go, and the service starts again.

    What then comes has ids beyond those that were counted, although no event tells which those were.
    """
    with time_machine.travel(NOW) as clock:
        track(visits(site, 1))
        clock.shift(timedelta(minutes=5))
        fill_due(utc_now())
        clock.shift(timedelta(minutes=-30))
        carry_out(ask_for_reset(site, who="command"))
        assert totals(site) == (0, 0)
        close_writer()
        for call in (2, 3):
            clock.shift(timedelta(minutes=1))
            track(visits(site, call))
            compare(site)
            fill_due(utc_now())
            compare(site)
        clock.shift(timedelta(hours=3))
        fill_due(utc_now())
        assert compare(site) == {"rollup"}
        verify_some(100)
        assert totals(site) == (2 * 3 * len(HOURS), 2 + 2 * len(HOURS))
