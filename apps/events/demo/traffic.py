"""The generator: 90 days of visits, hour by hour, until each hour has its share of the events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from apps.events.demo.arrivals import EVERY_DAY, LAUNCH
from apps.events.demo.automation import automate
from apps.events.demo.choice import Choice
from apps.events.demo.machines import MACHINES
from apps.events.demo.people import COUNTRIES, Country, Crowd
from apps.events.demo.reading import read
from apps.events.demo.visit import Told

DAYS = 90
EVENTS = 200_000
BY_MACHINES = 0.19
"""Share of the events that crawlers and agents make."""
LAUNCH_DAY = 54
"""The day of the launch, counted from the first; a weekday is looked for from here on."""
LAUNCH_DECAY = (1.9, 1.1, 0.5, 0.25, 0.1)
"""How much is added to the traffic on the launch day and on each day after it."""

_HOUR_OF_DAY = (
    *(0.10, 0.07, 0.05, 0.05, 0.06, 0.10, 0.22, 0.50, 0.88, 1.22, 1.36, 1.30),
    *(0.98, 1.12, 1.36, 1.38, 1.24, 1.00, 0.68, 0.52, 0.46, 0.40, 0.30, 0.18),
)
_DAY_OF_WEEK = (1.0, 1.10, 1.12, 1.06, 0.88, 0.34, 0.36)
_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def events(*, seed: int, now: datetime, size: int = EVENTS, days: int = DAYS) -> Iterator[dict[str, Any]]:
    """About ``size`` wire events of the ``days`` before ``now``, by time; the same for the same arguments.

    A visit is never cut short but by ``now``, so that the number is exact to a visit.
    """
    plan = _Plan(now=now, days=days)
    dice = Random(seed)  # noqa: S311  # not a secret: it must repeat
    crowd = Crowd()
    machines = Choice((machine, machine.share) for machine in MACHINES)
    end = _milliseconds(now)
    waiting: list[tuple[int, int, dict[str, Any]]] = []
    order = count()
    made = {"people": 0, "machines": 0}
    due = {"people": 0.0, "machines": 0.0}

    def keep(told: list[Told], kind: str) -> None:
        for moment, event in told:
            if moment < end:
                heappush(waiting, (moment, next(order), event))
                made[kind] += 1

    for hour, readers, automatic in plan.hours():
        start, length = _milliseconds(hour), _milliseconds(min(hour + _HOUR, now)) - _milliseconds(hour)
        due["people"] += size * (1 - BY_MACHINES) * readers
        due["machines"] += size * BY_MACHINES * automatic
        countries = plan.awake(hour)
        launch = plan.launch(hour)
        while made["people"] < due["people"]:
            arrival = (LAUNCH if dice.random() < launch / (1 + launch) else EVERY_DAY).pick(dice)
            visitor = crowd.visitor(countries.pick(dice), dice)
            keep(read(visitor, arrival, start=start + int(dice.random() * length), end=end, dice=dice), "people")
        while made["machines"] < due["machines"]:
            machine = machines.pick(dice)
            keep(automate(machine, crowd, start=start + int(dice.random() * length), dice=dice), "machines")
        while waiting and waiting[0][0] < start + length:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


class _Plan:
    """How the events are spread over the hours."""

    def __init__(self, *, now: datetime, days: int) -> None:
        self._now = now
        self._first = now - timedelta(days=days)
        self._days = days
        launch = (self._first + timedelta(days=days * LAUNCH_DAY // DAYS)).date()
        self._launch = launch + timedelta(days=max(0, (1 - launch.weekday()) % 7))

    def hours(self) -> Iterator[tuple[datetime, float, float]]:
        """Each hour with its share of the people's and of the machines' events; the shares add up to 1."""
        starts = [self._first]
        while (following := starts[-1] + _HOUR) < self._now:
            starts.append(following)
        people = [self._people(start) for start in starts]
        machines = [self._grown(start, 0.9) for start in starts]
        all_people, all_machines = sum(people), sum(machines)
        for start, readers, automatic in zip(starts, people, machines, strict=True):
            yield start, readers / all_people, automatic / all_machines

    def awake(self, hour: datetime) -> Choice[Country]:
        """The countries, weighted by how many of their readers are at work in this hour."""
        return Choice((country, self._reading(country, hour)) for country in COUNTRIES)

    def launch(self, hour: datetime) -> float:
        """How many launch readers there are for one ordinary reader."""
        day = (hour.date() - self._launch).days
        return LAUNCH_DECAY[day] if 0 <= day < len(LAUNCH_DECAY) else 0.0

    def _people(self, hour: datetime) -> float:
        awake = sum(self._reading(country, hour) for country in COUNTRIES)
        return awake * self._luck(hour) * self._grown(hour, 0.35) * (1 + self.launch(hour))

    def _grown(self, hour: datetime, growth: float) -> float:
        return 1 + growth * ((hour - self._first) / timedelta(days=self._days))

    @staticmethod
    def _luck(hour: datetime) -> float:
        """Days differ without a reason, by up to a tenth."""
        return 0.9 + 0.2 * Random(hour.date().toordinal()).random()  # noqa: S311  # not a secret: it must repeat

    @staticmethod
    def _reading(country: Country, hour: datetime) -> float:
        local = hour + timedelta(hours=country.offset)
        return country.share * _HOUR_OF_DAY[local.hour] * _DAY_OF_WEEK[local.weekday()]


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
