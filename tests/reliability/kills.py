"""A filling that is killed at each of its steps, one after the other."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from datetime import timedelta
from itertools import count

import time_machine

from apps.rollups import services
from apps.sites.models import Site
from tests.reliability.apart import tell
from tests.reliability.figures import HOURS, NOW, TOTALS, compare, totals, track, verify_some, visits
from tests.reliability.service import SECONDS
from tests.reliability.steps import watched

STATEMENT_SECONDS = 0.03
"""A kill in the midst of a statement comes within this time, or right after a statement that was faster."""


def kill_at_each_step(site: Site) -> None:
    """Kill a filling at its first step, the next one at its second …, until one ends; prints where each was killed.

    Its steps are in the midst of each statement that changes the event store, and before each commit of records:
    what lies between two steps changes nothing on disk. Each round is a process of its own, forked before anything
    has opened the event store. It finds what the last one left: answers must be right then, after the next filling,
    and when more events have come.
    """
    for number in count(1):
        process = os.fork()
        if not process:
            _leave(site, number)
        _process, status = os.waitpid(process, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        assert os.WTERMSIG(status) == signal.SIGKILL, f"Round {number} ended with signal {os.WTERMSIG(status)}."


def _leave(site: Site, number: int) -> None:
    """Do one round and end the forked process, without the rest of the program that it was forked from."""
    code = 1
    with suppress(BaseException):
        try:
            _round(site, number)
            code = 0
        except BaseException:
            traceback.print_exc()
    os._exit(code)


def _round(site: Site, number: int) -> None:
    services.LATE_AGAIN = timedelta(0)  # rounds follow each other faster than late periods are counted anew
    now = NOW + number * timedelta(minutes=10)
    with time_machine.travel(now) as clock:
        if number > 1:
            _check(site, number - 1)
            services.fill_due(now)
            verify_some(2)
            assert compare(site, TOTALS) == {"rollup"}
        track(visits(site, number))
        now += timedelta(minutes=5)
        clock.move_to(now)
        with watched(KillAt(number)):
            services.fill_due(now)
        _check(site, number)
        verify_some(100)
        assert compare(site) == {"rollup"}


def _check(site: Site, rounds: int) -> None:
    compare(site)
    assert totals(site) == (3 * len(HOURS) * rounds, 2 + len(HOURS) * rounds)


class KillAt:
    """Kills the process at its step ``last``, having printed what it was; before a statement means in its midst."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._taken = 0

    def __call__(self, name: str) -> None:
        self._taken += name.startswith("before")
        if self._taken == self._last and name.startswith("after"):
            time.sleep(SECONDS)  # the statement was faster than the kill
        elif self._taken == self._last:
            tell(name)
            if "COMMIT" not in name:
                threading.Thread(target=_kill_soon, daemon=True).start()
            else:
                _kill()


def _kill_soon() -> None:
    time.sleep(random.uniform(0, STATEMENT_SECONDS))
    _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
