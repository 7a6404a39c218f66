"""What was refused: collected in memory, and written to the records every few seconds.

A refusal costs the request no query. What is collected is bounded; beyond that, it is counted as overflow and logged.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db import connections, transaction
from django.db.models import F, Q

from apps.events.metrics import REFUSED, REFUSED_REQUESTS
from apps.events.records import Reason, RefusalCount, RefusedEvent
from apps.sites.models import Site

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
"""How long a refusal waits in memory, at most, before it is written."""
KEPT_PER_SITE = 1_000
"""How many of the last refusals of a site are kept one by one; all are counted."""
KEPT_FOR = timedelta(days=7)
COUNTED_FOR = timedelta(days=90)
MOST_COUNTS = 10_000
"""How many sites × minutes × reasons may wait in memory."""
MOST_WAITING = 10_000
"""How many refusals may wait in memory one by one."""
_AT_ONCE = 500
"""Sites a statement of the relational database."""

SiteRef = int | tuple[str, str]
"""A site's primary key; or, where it was not looked up, the ids of organization and site that the request named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refused request, by the event that is at fault; ``events`` is how many were refused with it."""

    site: SiteRef
    at: datetime
    reason: Reason
    place: str = ""
    event_type: str = ""
    host: str = ""
    path: str = ""
    events: int = 1


_Slot = tuple[SiteRef, datetime, Reason]


class Recorder:
    """Counts and last refusals of this process that are not written yet. Safe for threads.

    Its thread is started by the first refusal and writes every ``seconds``.
    """

    def __init__(self, *, seconds: float = FLUSH_SECONDS) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts: dict[_Slot, tuple[int, int]] = {}
        self._last: dict[SiteRef, deque[Refused]] = {}
        self._waiting = 0
        self._overflow = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, refused: Refused) -> None:
        """Count a refusal; it is in the records after the next flush."""
        REFUSED.labels(refused.reason.value).inc(refused.events)
        REFUSED_REQUESTS.labels(refused.reason.value).inc()
        with self._lock:
            self._count(_slot(refused), 1, refused.events)
            self._keep(refused)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="refusals", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write what was noted. What cannot be written now is kept for the next time, and logged."""
        with self._writing:
            with self._lock:
                counts, last, overflow = self._counts, self._last, self._overflow
                self._counts, self._last, self._waiting, self._overflow = {}, {}, 0, 0
            if overflow:
                log.warning("%d refused requests were not counted: too many at once.", overflow)
            if not counts:
                return
            try:
                _write(counts, list(chain.from_iterable(last.values())))
            except Exception:
                log.warning("Refused events cannot be written now.", exc_info=True)
                with self._lock:
                    self._put_back(counts, last)

    def close(self) -> None:
        """Stop the thread and write what was noted."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self.flush()
            connections.close_all()

    def forget(self) -> None:
        """Drop what is not written."""
        with self._lock:
            self._counts, self._last, self._waiting, self._overflow = {}, {}, 0, 0

    def _work(self) -> None:
        while not self._stop.wait(self.seconds):
            if self._counts or self._overflow:
                self.flush()
                connections.close_all()

    def _count(self, slot: _Slot, requests: int, events: int) -> None:
        before = self._counts.get(slot)
        if before is not None:
            self._counts[slot] = before[0] + requests, before[1] + events
        elif len(self._counts) < MOST_COUNTS:
            self._counts[slot] = requests, events
        else:
            self._overflow += requests

    def _keep(self, refused: Refused) -> None:
        kept = self._last.get(refused.site)
        if kept is not None and len(kept) == KEPT_PER_SITE:
            kept.append(refused)  # pushes the oldest out
        elif self._waiting < MOST_WAITING:
            self._last.setdefault(refused.site, deque(maxlen=KEPT_PER_SITE)).append(refused)
            self._waiting += 1

    def _put_back(self, counts: dict[_Slot, tuple[int, int]], last: dict[SiteRef, deque[Refused]]) -> None:
        newer, self._last, self._waiting = self._last, {}, 0
        for slot, (requests, events) in counts.items():
            self._count(slot, requests, events)
        for refused in chain(*last.values(), *newer.values()):
            self._keep(refused)


def _slot(refused: Refused) -> _Slot:
    return refused.site, refused.at.replace(second=0, microsecond=0), refused.reason


def _write(counts: dict[_Slot, tuple[int, int]], last: list[Refused]) -> None:
    """Add to the records of the sites that there are; ids that name no site are dropped."""
    with transaction.atomic():
        found = _found({slot[0] for slot in counts})
        for (site, minute, reason), (requests, events) in counts.items():
            if site in found:
                _add(found[site], minute, reason, requests, events)
        RefusedEvent.objects.bulk_create(
            [
                RefusedEvent(
                    site_id=found[refused.site],
                    refused_at=refused.at,
                    reason=refused.reason,
                    place=refused.place,
                    event_type=refused.event_type,
                    host=refused.host,
                    path=refused.path,
                )
                for refused in last
                if refused.site in found
            ],
            batch_size=500,
        )
        for site_id in {found[refused.site] for refused in last if refused.site in found}:
            _keep_last(site_id)


def _found(sites: set[SiteRef]) -> dict[SiteRef, int]:
    """The primary keys of the sites that exist."""
    found: dict[SiteRef, int] = {}
    asked = list(sites)
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        keys = [site for site in some if isinstance(site, int)]
        ids = [site[1] for site in some if not isinstance(site, int)]
        rows = Site.objects.filter(Q(pk__in=keys) | Q(public_id__in=ids))
        for pk, *named in rows.values_list("pk", "organization__public_id", "public_id"):
            found[pk] = found[named[0], named[1]] = pk
    return found


def _add(site_id: int, minute: datetime, reason: Reason, requests: int, events: int) -> None:
    count, made = RefusalCount.objects.get_or_create(
        site_id=site_id, minute=minute, reason=reason, defaults={"requests": requests, "events": events}
    )
    if not made:
        RefusalCount.objects.filter(pk=count.pk).update(requests=F("requests") + requests, events=F("events") + events)


def _keep_last(site_id: int) -> None:
    of_site = RefusedEvent.objects.filter(site_id=site_id)
    beyond = of_site.order_by("-pk").values_list("pk", flat=True)[KEPT_PER_SITE : KEPT_PER_SITE + 1]
    for pk in beyond:
        of_site.filter(pk__lte=pk).delete()


def delete_old(now: datetime) -> None:
    """Delete refusals that were kept for ``KEPT_FOR``, and counts of ``COUNTED_FOR`` ago."""
    RefusedEvent.objects.filter(refused_at__lt=now - KEPT_FOR).delete()
    RefusalCount.objects.filter(minute__lt=now - COUNTED_FOR).delete()


# Figures that are there from the beginning, at 0, show their first step.
for _reason in Reason:
    REFUSED.labels(_reason.value)
    REFUSED_REQUESTS.labels(_reason.value)

recorder = Recorder()
"""The recorder of this process."""

atexit.register(recorder.close)
