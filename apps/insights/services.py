"""From a request body to a typed query; ``apps.rollups.answers.run`` answers it."""

from __future__ import annotations

from datetime import datetime

from apps.insights.kinds import Json
from apps.insights.query import Query, resolve_query
from apps.sites.models import Site


def resolve(body: Json, *, site: Site, now: datetime) -> Query:
    """The typed query that a request body means for ``site``; raises ``QueryError`` (422) with its place."""
    return resolve_query(body, site=site.pk, now=now)
