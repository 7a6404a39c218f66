"""How long questions take, for whoever watches the service: ``/metrics`` shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import Histogram

QUERY_SECONDS = Histogram(
    "insights_query_seconds",
    "How long a question about events took, by who asked it and what it was answered from.",
    ["asked_by", "source"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)

OTHERS = "other"
_asked_by: ContextVar[str] = ContextVar("asked_by", default=OTHERS)


@contextmanager
def asked_by(name: str) -> Iterator[None]:
    """Have questions counted as those of ``name``, within: ``api``, or a page; it must be one of a few."""
    token = _asked_by.set(name)
    try:
        yield
    finally:
        _asked_by.reset(token)


def say_who_asks(name: str) -> None:
    """Have questions counted as those of ``name`` until the ``asked_by`` around this ends."""
    _asked_by.set(name)


def current_asker() -> str:
    """Who asks now: ``OTHERS`` where nobody said."""
    return _asked_by.get()
