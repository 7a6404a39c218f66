"""Ask: a question is planned, and answered from what is prepared, from events, or from both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from apps.events.store import Statement, get_store
from apps.insights.compiler import compile_query
from apps.insights.query import Query
from apps.insights.result import Result
from apps.rollups.compiler import compile_prepared
from apps.rollups.coverage import Coverage, Group, cover
from apps.rollups.metrics import QUERY_SECONDS, current_asker
from apps.rollups.slow import note_if_slow


class Source(Enum):
    """What an answer was counted from."""

    ROLLUP = "rollup"
    RAW = "raw"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question is answered; ``coverage`` is ``None`` where events alone are read."""

    query: Query
    coverage: Coverage | None

    @property
    def source(self) -> Source:
        """``ROLLUP`` where prepared periods cover the whole range, but for what came after they were filled."""
        if self.coverage is None:
            return Source.RAW
        return Source.MIXED if self.coverage.rest else Source.ROLLUP

    @property
    def statement(self) -> Statement:
        if self.coverage is None:
            return compile_query(self.query)
        return compile_prepared(self.query, self.coverage)

    def explain(self) -> str:
        """One line: the source, and the periods that are used."""
        if self.coverage is None:
            return self.source.value
        used = ", ".join(_said(group) for group in self.coverage.groups)
        name = self.coverage.declaration.name or "totals"
        return f"{self.source.value}: {name}, {used}; {len(self.coverage.rest)} ranges of events"


def _said(group: Group) -> str:
    number = f"{len(group.used)} {group.records.label}{'s' if len(group.used) > 1 else ''}"
    return number if group.rows is group.records else f"the {group.rows.label}s of {number}"


def plan(query: Query) -> Plan:
    """The cheaper way to answer ``query``; both give the same bytes.

    A few events are read faster than the statement over prepared counts is planned: docs/adr/0005.
    """
    coverage = cover(query)
    return Plan(query, coverage if coverage and coverage.events >= settings.ROLLUP_MIN_EVENTS else None)


def run(query: Query) -> Result:
    """The answer; raises ``Unavailable`` (503) or ``Refusal`` (422) as ``EventStore.query`` does."""
    return run_plan(plan(query))


def run_plan(planned: Plan) -> Result:
    """The answer of a plan. How long it took is counted, also where there is none."""
    query, source, asker = planned.query, planned.source.value, current_asker()
    rows_read: list[int] = []
    started = time.perf_counter()
    try:
        return Result.of(query, get_store().query(planned.statement, heed=rows_read.append))
    finally:
        seconds = time.perf_counter() - started
        QUERY_SECONDS.labels(asker, source).observe(seconds)
        note_if_slow(
            query.asked,
            site=query.site,
            source=source,
            asked_by=asker,
            seconds=seconds,
            rows_read=rows_read[0] if rows_read else None,
        )
