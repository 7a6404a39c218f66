"""``/metrics``: figures of the service for monitoring, in Prometheus' text form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from hmac import compare_digest

from django.conf import settings
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core.clock import utc_now
from apps.core.redis import client
from apps.events.engine import engine_now
from apps.events.records import RefusalCount
from apps.rollups.status import backlog, lag
from insights_site import task_times  # noqa: F401  # its figures are here, whoever does the tasks
from insights_site.at_once import BESIDE_SECONDS, at_once
from insights_site.celery import app
from insights_site.clocks import differences
from insights_site.health import PARTS, rooms
from insights_site.totals import of_all, of_process

SECONDS = 1.8
"""How long all parts together may take: what has not come by then is left out."""
LOOKED_BACK = timedelta(hours=1)

Families = Iterable[Metric]


def _gauge(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"insights_{name}", documentation, labels=labels)


def _of_records() -> Families:
    """What was not counted of each site lately, and what waits to be counted in advance."""
    now = utc_now()
    refused = _gauge(
        "site_events_refused_last_hour",
        "Events of a site that were not counted in the last hour, by reason.",
        "site",
        "reason",
    )
    counts = RefusalCount.objects.filter(minute__gte=now - LOOKED_BACK).order_by()
    for site, reason, events in counts.values_list("site__public_id", "reason").annotate(Sum("events")):
        refused.add_metric((site, reason), events)
    periods = _gauge(
        "rollup_periods_waiting", "Closed periods that are to be counted, by length and state.", "level", "state"
    )
    for (level, state), number in backlog(now).items():
        periods.add_metric((level.label, state.value), number)
    waited = _gauge("rollup_lag_seconds", "How long the first closed hour has been waiting to be counted.")
    waited.add_metric((), lag(now).total_seconds())
    return [refused, periods, waited]


def _of_events() -> Families:
    """What the engine tells of itself."""
    engine = engine_now()
    memory = _gauge("engine_memory_bytes", "What the engine's work takes of memory now.")
    memory.add_metric((), engine.memory)
    merges = _gauge("engine_merges", "Merges of parts that are under way.")
    merges.add_metric((), engine.merges)
    parts = _gauge("engine_parts", "Parts of a table that are in use.", "table")
    rows = _gauge("engine_rows", "Rows of a table.", "table")
    size = _gauge("engine_bytes", "What a table takes on disk.", "table")
    for table in engine.tables:
        parts.add_metric((table.name,), table.parts)
        rows.add_metric((table.name,), table.rows)
        size.add_metric((table.name,), table.size)
    return [memory, merges, parts, rows, size]


def _of_broker() -> Families:
    """How many messages wait for a worker."""
    family = _gauge("queue_messages", "Background tasks that wait for a worker, by queue.", "queue")
    for queue in settings.TASK_QUEUES:
        family.add_metric((queue,), _waiting(queue))
    return [family]


def _waiting(queue: str) -> int:
    if settings.REDIS_URL:
        return int(client().llen(queue))
    with app.connection_for_read() as connection:
        # In this process's memory, where a queue is there from its first message on.
        channel = connection.default_channel
        return int(channel._size(queue)) if channel._has_queue(queue) else 0


def _of_disks() -> Families:
    family = _gauge("disk_free_bytes", "Room on the disk of what is kept.", "of")
    for what, free in rooms().items():
        family.add_metric((what,), free)
    return [family]


def _of_clocks() -> Families:
    family = _gauge("clock_difference_seconds", "How far the clock of a part is ahead of this machine's.", "part")
    for part, ahead in differences(BESIDE_SECONDS).items():
        family.add_metric((part,), ahead.total_seconds())
    return [family]


_SOURCES: tuple[Callable[[], Families], ...] = (_of_records, _of_events, _of_broker, _of_disks, _of_clocks, of_all)


class _Figures(Collector):
    """All figures, in families by name."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = sorted(families, key=lambda family: family.name)

    def collect(self) -> Families:
        return self._families


def _figures() -> Families:
    """Every part is asked at once; of one that is away, or too slow, there are no figures but that it is not up."""
    sources = {source.__name__: source for source in _SOURCES}
    answers = at_once({**sources, **PARTS}, seconds=SECONDS)
    up = _gauge("part_up", "Whether a part is well: 1, or 0.", "part")
    for part in PARTS:
        up.add_metric((part,), float(answers[part] is None))
    yield up
    for name in sources:
        found = answers[name]
        if not isinstance(found, Exception) and found is not None:
            yield from found
    if settings.WEB_WORKERS == 1:
        yield from of_process()  # of several, each request is answered by another


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """200 for whoever has ``METRICS_TOKEN``, else 401; 404 where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {settings.METRICS_TOKEN}".encode()):
        refused = HttpResponse("Expected the METRICS_TOKEN as bearer.\n", status=401, content_type="text/plain")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    encode, content_type = choose_encoder("")
    return HttpResponse(encode(_Figures(_figures())), content_type=content_type)
