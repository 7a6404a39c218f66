"""The log of slow questions: what was asked, so that it can be asked again. docs/privacy.md says what may be in it."""

from __future__ import annotations

import json
import logging
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError

from apps.insights.kinds import Json
from apps.sites.models import Site

LOGGER = "insights.slow_queries"
MOST_CHARACTERS = 10_000
"""A body that is longer is cut."""

log = logging.getLogger(LOGGER)


def note_if_slow(body: Json, *, site: int, source: str, asked_by: str, seconds: float, rows_read: int | None) -> None:
    """Log a question that took longer than ``SLOW_QUERY_SECONDS``; where that is 0, none.

    ``body`` is the request in its published form, ``rows_read`` what the engine read for it, where it told.
    """
    if not settings.SLOW_QUERY_SECONDS or seconds < settings.SLOW_QUERY_SECONDS:
        return
    fields = {
        "body": json.dumps(body, ensure_ascii=False)[:MOST_CHARACTERS],
        "site": _public_id(site),
        "source": source,
        "asked_by": asked_by,
        "seconds": round(seconds, 3),
        "rows_read": rows_read,
    }
    log.warning("A question was slow.", extra=fields)


def _public_id(site: int) -> str | None:
    with suppress(DatabaseError):
        return Site.objects.filter(pk=site).values_list("public_id", flat=True).first()
    return None
