"""How long background tasks take and what becomes of them, and for which request they are done."""

from __future__ import annotations

import time
from typing import Any

from celery import signals
from prometheus_client import Histogram
from structlog.contextvars import clear_contextvars

from apps.core import trace

TASK_SECONDS = Histogram(
    "insights_task_seconds",
    "How long a background task took, by what became of it.",
    ["task", "outcome"],
    buckets=(0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800),
)
OUTCOMES = {"SUCCESS": "done", "RETRY": "retried"}
"""Celery's word → ours; any other is ``FAILED``."""
FAILED = "failed"

_started: dict[str, float] = {}


@signals.task_prerun.connect
def _begin(task_id: str, task: Any, **_signal: object) -> None:
    trace.begin((task.request.headers or {}).get(trace.FIELD), task=task.name)
    for outcome in (*OUTCOMES.values(), FAILED):
        TASK_SECONDS.labels(task.name, outcome)  # at 0, so that the first step is seen
    _started[task_id] = time.perf_counter()


@signals.task_postrun.connect
def _end(task_id: str, task: Any, state: str | None = None, **_signal: object) -> None:
    started = _started.pop(task_id, None)
    if started is not None:
        TASK_SECONDS.labels(task.name, OUTCOMES.get(state or "", FAILED)).observe(time.perf_counter() - started)
    clear_contextvars()
