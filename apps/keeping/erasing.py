"""Carrying an erasure out: marks first, then the events, then counting goes on. Safe to stop anywhere and to repeat."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from apps.core.clock import utc_now
from apps.core.locks import one_after_another
from apps.events import aside
from apps.events.ids import remember_newest_id
from apps.events.records import ImportRun
from apps.events.store import Row, get_store, journal_folder
from apps.events.writer import get_writer
from apps.keeping import statements
from apps.keeping.asking import note
from apps.rollups.models import Erasure, FilledPeriod, State, Watermark
from apps.rollups.periods import LEVELS, Level, Period
from apps.rollups.recounting import make_due
from apps.rollups.statements import IDENTITIES

PATIENCE_SECONDS = 120.0
"""How long to wait until the engine has removed the files that were replaced: each is kept for a second."""
STRAGGLING = timedelta(minutes=4)
"""How long after a site was deleted events for it may still be stored: it is remembered for seconds, and a request
is under way for no longer than this."""
_LOOK_SECONDS = 0.25
_HASTE_SECONDS = 5.0
"""How often to ask for haste again: another erasure, which ended meanwhile, has taken it back."""
_AT_ONCE = 500
"""Records a statement of the relational database."""

Kind = Erasure.Kind
_WHOLE = (Kind.RESET, Kind.SITE)

log = logging.getLogger(__name__)


def carry_out(erasure: Erasure) -> int:
    """Erase the events; returns how many there were. Raises ``Unavailable`` where the store is away: repeat it then.

    How many is what was found when there were most: a run that was stopped, or had company, has erased some by then.

    1. The row is there already: whatever is being counted of the site is not recorded.
    2. The periods that hold the events are due, so that questions read events.
    3. The events go, and the numbers of visitors and sessions that have no other.
    4. The row goes: the site is counted again, by fillings that begin after it. That of a deleted site goes later:
       until then a process that had the site in memory may have taken events for it, which the next run erases.
    """
    store, tables = get_store(), _tables(erasure)
    for table in tables:
        store.command(statements.haste(table))
    columns = store.query(statements.touched(erasure)) or [(), ()]
    days = [datetime.fromtimestamp(second, UTC) for second in columns[0]]
    with transaction.atomic():
        Watermark.objects.select_for_update().get_or_create(pk=1)
        row = Erasure.objects.filter(pk=erasure.pk)
        row.update(events=Greatest("events", int(sum(columns[1]))))
        events = row.values_list("events", flat=True).first() or 0
        make_due(erasure.store_site, [(day, Period(Level.DAY, day).end) for day in days], utc_now())
    get_writer().clear_journal()  # a segment that is replayed would bring erased events back
    _erase_aside(erasure)
    remember_newest_id(store)
    store.command(statements.erase(erasure))
    store.command(statements.tidy())
    _forget(erasure)
    if erasure.kind != Kind.SITE or erasure.asked_at < utc_now() - STRAGGLING:
        _end(erasure)
    _sweep(tables)
    return events


def finish_all() -> int:
    """Carry out all that was asked for and is not done; returns how many erasures that were."""
    waiting, failed = list(Erasure.objects.all()), None
    for erasure in waiting:
        try:
            carry_out(erasure)
        except Exception as error:  # one that cannot be carried out must not keep the others from it
            log.exception("An erasure could not be carried out.")
            failed = error
    if failed:
        raise failed
    return len(waiting)


def _erase_aside(erasure: Erasure) -> None:
    """What could not be stored is kept beside the journal."""
    folder = journal_folder()
    aside.forget(folder, lambda row: row["site"] == erasure.store_site and _is_meant(row, erasure))
    if left := aside.damaged(folder):
        names = ", ".join(path.name for path in left)
        log.warning("Damaged files of the journal may hold erased events. Delete them: %s: %s", folder, names)


def _is_meant(row: Row, erasure: Erasure) -> bool:
    if erasure.kind == Kind.VISITOR:
        return row.get("visitor") == int(erasure.visitor, 16)
    if erasure.kind == Kind.OLD:
        return erasure.before is not None and cast(datetime, row["timestamp"]) < erasure.before
    return True


def _forget(erasure: Erasure) -> None:
    """Numbers go only while the row holds the counting: a filling must not lose a number that it has looked up."""
    with one_after_another("numbers"):
        if Erasure.objects.filter(pk=erasure.pk).exists():
            for identity in IDENTITIES:
                get_store().command(statements.forget(identity, erasure.store_site))
            if erasure.kind in _WHOLE:
                get_store().command(statements.uncount(erasure.store_site))


def _end(erasure: Erasure) -> None:
    """Let the site be counted again, unless another did: then what is counted by now is right."""
    with transaction.atomic():
        Watermark.objects.select_for_update().get_or_create(pk=1)
        events = Erasure.objects.filter(pk=erasure.pk).values_list("events", flat=True).first()
        if not Erasure.objects.filter(pk=erasure.pk).delete()[0]:
            return
        Watermark.objects.update(erasures=F("erasures") + 1)
        periods = FilledPeriod.objects.filter(site_id=erasure.store_site)
        if erasure.kind in _WHOLE:
            # Events may have come since it was asked, and be noted: their periods must stay, to be counted.
            periods.update(state=State.DUE, fill=0, through=0, events=0, fingerprint="", computed_at=utc_now())
            ImportRun.objects.filter(site_id=erasure.store_site, started_at__lte=erasure.asked_at).delete()
        elif erasure.before is not None and not get_store().query(
            statements.any_before(erasure.store_site, erasure.before)
        ):
            gone = [period.pk for period in periods.filter(start__lt=erasure.before) if _ends_before(period, erasure)]
            for first in range(0, len(gone), _AT_ONCE):
                FilledPeriod.objects.filter(pk__in=gone[first : first + _AT_ONCE]).delete()
        note(f"erased_{erasure.kind}", erasure, {"entry": erasure.entry, "events": events})


def _ends_before(period: FilledPeriod, erasure: Erasure) -> bool:
    return erasure.before is not None and Period(LEVELS[period.level], period.start).end <= erasure.before


def _tables(erasure: Erasure) -> Sequence[str]:
    return ("events", *statements.NUMBERS, *(("rollups",) if erasure.kind in _WHOLE else ()))


def _sweep(tables: Sequence[str]) -> None:
    """Wait until the files that were replaced are gone."""
    store, begun = get_store(), time.monotonic()
    ends, again = begun + PATIENCE_SECONDS, begun + _HASTE_SECONDS
    until = int(store.now().timestamp()) + 1  # the engine's clock says when it replaced a file
    while (left := store.query(statements.replaced(tables, until))) and (now := time.monotonic()) < ends:
        if now > again:
            again = now + _HASTE_SECONDS
            for table in tables:
                store.command(statements.haste(table))
        for table in tables:
            store.command(statements.look(table))
        time.sleep(_LOOK_SECONDS)
    if left:
        names = ", ".join(left[0])
        log.warning("Files of erased events are still on disk (%s): the engine removes them within ten minutes.", names)
    for table in tables:
        store.command(statements.ease(table))
