"""The state of the service at a glance, for the administration's first page: bounded questions, each by itself."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from prometheus_client import REGISTRY

from apps.api.release import VERSION
from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.core.redis import client
from apps.events.ids import id_at
from apps.events.records import RefusalCount
from apps.events.store import Statement, get_store
from apps.rollups.models import Erasure, FilledPeriod, State
from apps.rollups.periods import CLOSING_DELAY, Level
from apps.rollups.status import in_words
from insights_site.health import all_parts

SECONDS = 2.0
"""How long the event store may take for a figure."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
UNKNOWN = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with what it is and what else is to know."""

    label: str | Promise
    value: str
    note: str = ""


def with_state(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the first page: unfold's ``DASHBOARD_CALLBACK``."""
    now = utc_now()
    return context | {
        "parts": [{"name": part, "is_well": is_well} for part, is_well in all_parts().items()],
        "figures": list(figures(now)),
    }


def figures(now: datetime) -> Iterator[Figure]:
    """Every figure; one that cannot be told now is a dash."""
    for label, find in _FIGURES.items():
        try:
            value, note = find(now)
        except (Refusal, DatabaseError, redis.RedisError):
            value, note = UNKNOWN, _("Cannot be told now.")
        yield Figure(label=label, value=value, note=note)


def _ingest(now: datetime) -> tuple[str, str]:
    """The index of ids, which tell arrivals, leaves the rest of the table unread."""
    sql = "SELECT countIf(id > {minute:Int64}), count() FROM events WHERE id > {hour:Int64}"
    bounds = {"minute": id_at(now - MINUTE), "hour": id_at(now - HOUR)}
    columns = get_store().query(Statement(sql=sql, parameters=bounds), seconds=SECONDS)
    minute, hour = (int(column[0]) for column in columns)
    return f"{hour:,}", _("%(number)s in the last minute") % {"number": f"{minute:,}"}


def _refused(now: datetime) -> tuple[str, str]:
    counts = RefusalCount.objects.filter(minute__gte=now - HOUR).order_by()
    most = counts.values("reason").annotate(total=Sum("events")).order_by("-total")
    found = [(RefusalCount(reason=row["reason"]).get_reason_display(), row["total"]) for row in most]
    note = _("Most of them: %(reason)s") % {"reason": found[0][0]} if found else ""
    return f"{sum(total for _reason, total in found):,}", note


def _behind(now: datetime) -> tuple[str, str]:
    """The table's index of periods that are to be counted holds no others."""
    hours = FilledPeriod.objects.exclude(state=State.COUNTED).filter(level=Level.HOUR.label).order_by()
    closed = hours.filter(start__lt=now - HOUR - CLOSING_DELAY).aggregate(first=Min("start"), number=Count("pk"))
    if not closed["number"]:
        return _("none"), _("Every closed hour is counted.")
    waiting = in_words(now - closed["first"] - HOUR)
    return f"{closed['number']:,}", _("The first closed %(time)s ago.") % {"time": waiting}


def _queues(_now: datetime) -> tuple[str, str]:
    erasures = _("%(number)s erasures under way") % {"number": Erasure.objects.count()}
    if not settings.REDIS_URL:
        return UNKNOWN, f"{_('Tasks wait within this process.')} {erasures}"
    lengths = {queue: int(client().llen(queue)) for queue in settings.TASK_QUEUES}
    listed = ", ".join(f"{queue} {length:,}" for queue, length in lengths.items())
    return f"{sum(lengths.values()):,}", f"{listed}. {erasures}"


def _waiting(_now: datetime) -> tuple[str, str]:
    rows = REGISTRY.get_sample_value("insights_events_waiting") or 0
    return f"{rows:,.0f}", _("Acknowledged by this process, and on their way from the journal into the engine.")


def _event_storage(_now: datetime) -> tuple[str, str]:
    """The engine knows the sizes of its parts without reading them."""
    sql = (
        "SELECT sum(bytes_on_disk), sumIf(rows, table IN ('events', 'events_local')) FROM system.parts"
        " WHERE active AND database = currentDatabase()"
    )
    columns = get_store().query(Statement(sql=sql, of_each_shard=True), seconds=SECONDS)
    size, rows = (int(column[0]) for column in columns)
    return filesizeformat(size), _("%(number)s events, and their prepared counts") % {"number": f"{rows:,}"}


def _record_storage(_now: datetime) -> tuple[str, str]:
    sql = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return filesizeformat(cursor.fetchone()[0]), connection.display_name


def _version(_now: datetime) -> tuple[str, str]:
    engine = get_store().query(Statement(sql="SELECT version()"), seconds=SECONDS)[0][0]
    records = ".".join(map(str, connection.get_database_version()))
    parts = (
        f"Python {platform.python_version()}",
        f"Django {django.get_version()}",
        f"ClickHouse {engine}",
        f"{connection.display_name} {records}",
    )
    return VERSION, " · ".join(parts)


_FIGURES: dict[str | Promise, Callable[[datetime], tuple[str, str]]] = {
    gettext_lazy("Events in the last hour"): _ingest,
    gettext_lazy("Refused in the last hour"): _refused,
    gettext_lazy("Hours to be counted"): _behind,
    gettext_lazy("Tasks that wait"): _queues,
    gettext_lazy("Events that wait"): _waiting,
    gettext_lazy("Event store"): _event_storage,
    gettext_lazy("Records"): _record_storage,
    gettext_lazy("Version"): _version,
}
