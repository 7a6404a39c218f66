"""From a request body to a typed query; ``apps.rollups.answers.run`` answers it."""

from __future__ import annotations

from datetime import datetime

from apps.insights.kinds import Json
from apps.insights.query import Query, resolve_query
from apps.sites.models import Site


def resolve(body: Json, *, site: Site, now: datetime, internal: bool = False) -> Query:
    """The typed query that a request body means for ``site``; raises ``QueryError`` (422) with its place.

    With ``internal`` it may name our own pages' columns too (docs/columns.md); the API never allows it.
    """
    return resolve_query(body, site=site.pk, now=now, internal=internal)
