"""What the records hold of refusals, as plain values."""

from __future__ import annotations

from apps.events.models import RefusalCount, RefusedEvent
from apps.events.refused import recorder
from apps.sites.models import Site


def counted(site: Site) -> dict[str, tuple[int, int]]:
    """Requests and events by reason, once everything is written."""
    recorder.flush()
    found: dict[str, tuple[int, int]] = {}
    for count in RefusalCount.objects.filter(site=site):
        requests, events = found.get(count.reason, (0, 0))
        found[count.reason] = requests + count.requests, events + count.events
    return found


def kept(site: Site) -> list[tuple[str, str, str, str, str]]:
    """Reason, place, type, host and path of the last refusals, the latest first."""
    recorder.flush()
    return list(RefusedEvent.objects.filter(site=site).values_list("reason", "place", "event_type", "host", "path"))
