"""What this process counts of events for whoever watches the service: ``/metrics`` shows it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ACCEPTED = Counter("insights_events_accepted", "Events that were acknowledged by the tracking routes.")
REFUSED = Counter("insights_events_refused", "Events that were not counted, by reason.", ["reason"])
REFUSED_REQUESTS = Counter("insights_requests_refused", "Requests with events that were not counted.", ["reason"])
WAITING = Gauge("insights_events_waiting", "Events that are acknowledged and not yet in the engine.")
GROUP_ROWS = Histogram(
    "insights_group_rows",
    "Events that went into the engine with one insert.",
    buckets=(1, 10, 100, 1_000, 10_000, 100_000),
)
GROUP_SECONDS = Histogram("insights_group_seconds", "How long an insert into the engine took.")
