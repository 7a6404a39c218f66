"""Keeping events only as long as their site says."""

from __future__ import annotations

from datetime import datetime

from apps.keeping.asking import ask_for_old, has_older, kept_since
from apps.keeping.erasing import carry_out
from apps.sites.models import Site


def delete_old(now: datetime, *, who: str) -> dict[Site, int]:
    """Delete the events that their sites no longer keep; returns the sites that had some, with their number."""
    deleted = {}
    for site in Site.objects.exclude(retention_months=None).select_related("organization"):
        before = kept_since(site, now)
        if before is not None and has_older(site, before):
            deleted[site] = carry_out(ask_for_old(site, before, who=who))
    return deleted
