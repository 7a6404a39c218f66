"""Keeping events only as long as their site says."""

from __future__ import annotations

import logging
from datetime import datetime

from apps.keeping.asking import ask_for_old, has_older, kept_since
from apps.keeping.erasing import carry_out
from apps.sites.models import Site

log = logging.getLogger(__name__)


def delete_old(now: datetime, *, who: str) -> dict[Site, int]:
    """Delete the events that their sites no longer keep; returns the sites that had some, with their number.

    Raises the last error, once all sites have been tried: what was asked for by then, ``finish_all`` carries out.
    """
    deleted, failed = {}, None
    for site in Site.objects.exclude(retention_months=None).select_related("organization"):
        try:
            before = kept_since(site, now)
            if before is not None and has_older(site, before):
                deleted[site] = carry_out(ask_for_old(site, before, who=who))
        except Exception as error:  # one that cannot be carried out must not keep the others from it
            log.exception("Old events of site %s could not be deleted.", site.public_id)
            failed = error
    if failed:
        raise failed
    return deleted
