"""Pausing a site: its events are refused until it goes on. The audit tells."""

from __future__ import annotations

from django.db import transaction

from apps.organizations.audit import record
from apps.organizations.models import User
from apps.sites.models import Site


def pause_ingest(site: Site, *, who: User) -> bool:
    """Take no events from now on; whether it took any before."""
    return _set(site, True, "pause_ingest", who)


def resume_ingest(site: Site, *, who: User) -> bool:
    """Take events again; whether it took none before."""
    return _set(site, False, "resume_ingest", who)


@transaction.atomic
def _set(site: Site, paused: bool, what: str, who: User) -> bool:
    locked = Site.objects.select_for_update(of=("self",)).select_related("organization").get(pk=site.pk)
    if locked.ingest_paused == paused:
        return False
    locked.ingest_paused = site.ingest_paused = paused
    locked.save(update_fields=["ingest_paused"])
    record(who, what, site=locked)
    return True
