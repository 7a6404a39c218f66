"""What is done in a process of its own: data as an earlier numbered state of the tables could hold, and its upgrade."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from apps.events import store as store_room
from apps.events.ids import IdSource, stamped
from apps.events.store import EventStore, Statement, get_store
from apps.rollups.models import FilledPeriod, State, Watermark
from apps.rollups.periods import Level, floor
from apps.rollups.services import fill_due
from apps.sites.models import Site
from tests.reliability.apart import tell
from tests.reliability.figures import NOW, QUESTIONS, compare, totals, verify_some, visits

STATE = "TABLES_THROUGH"
"""The variable that names the last file of the earlier state."""
FILL = 42
_VALUES = "SELECT count(), toString(sum(cityHash64(toString(tuple(*))))) FROM events"
_NUMBERS = (
    "INSERT INTO {0}_numbers SELECT site, {0}, rowNumberInAllBlocks() + 1"
    " FROM (SELECT DISTINCT site, {0} FROM events ORDER BY {0})"
)
_COUNTS = (
    "INSERT INTO rollups (site, dimension, level, start, fill, event_type, bot, display_context, value,"
    " second_value, events, visitors, sessions)"
    " SELECT site, 'totals', '{0}', toDateTime({1}(timestamp), 'UTC') AS start, 42, event_type, bot,"
    " display_context, '', '', count(), groupBitmapState(v.number), groupBitmapState(s.number) FROM events"
    " JOIN visitor_numbers AS v ON v.site = events.site AND v.hash = visitor"
    " JOIN session_numbers AS s ON s.site = events.site AND s.hash = session"
    " GROUP BY site, start, event_type, bot, display_context"
)


def make(site: Site) -> None:
    """Events in the tables of the earlier state, with what was counted of them then; prints their number and values."""
    tables = sorted(store_room.TABLES.glob("*.sql"))
    earlier = Path(settings.DATA_DIR) / "earlier"
    earlier.mkdir()
    for file in tables:
        if file.name <= os.environ[STATE]:
            shutil.copy(file, earlier)
    store_room.TABLES = earlier
    store = store_room._store = EventStore(folder=settings.EVENT_STORE_DIR)
    store.migrate()
    rows = visits(site, 1) + visits(site, 2)
    store.insert(stamped([(7, rows)], IdSource(clock=lambda: NOW - timedelta(hours=1))))
    if os.environ[STATE] >= "0005":
        fill_due(NOW)  # its tables of counts are those of today
    elif os.environ[STATE] >= "0002":
        _count_as_then(store, site)
    tell(*(column[0] for column in store.query(Statement(sql=_VALUES))))


def upgrade(site: Site) -> None:
    """Open the store as the service does; every figure is that of the events, before and after counting anew."""
    store = get_store()
    assert store.migrated[0] > os.environ[STATE]
    values = [column[0] for column in store.query(Statement(sql=_VALUES))]
    sources = compare(site, QUESTIONS)
    fill_due(NOW)
    sources_later = compare(site, QUESTIONS)
    verify_some(1_000)
    tell(*values, *totals(site), "/", *sorted(sources), "/", *sorted(sources_later))


def _count_as_then(store: EventStore, site: Site) -> None:
    """The totals as they were counted, and records that say so, for the declarations of then."""
    for identity in ("visitor", "session"):
        store.command(Statement(sql=_NUMBERS.format(identity)))
    (newest,) = store.query(Statement(sql="SELECT max(id) FROM events"))[0]
    for level in Level:
        store.command(Statement(sql=_COUNTS.format(level.label, f"toStartOf{level.label.title()}")))
        starts = {floor(level, row["timestamp"]) for row in visits(site, 1)}
        FilledPeriod.objects.bulk_create(
            FilledPeriod(
                site=site,
                level=level.label,
                start=start,
                state=State.COUNTED,
                fill=FILL,
                through=newest,
                declared="former",
            )
            for start in starts
        )
    Watermark.objects.create(pk=1, event_id=newest)
