"""Ask: ``run(resolve(body, site=site, now=now))``."""

from __future__ import annotations

from datetime import datetime

from apps.events.store import get_store
from apps.insights.compiler import compile_query
from apps.insights.kinds import Json
from apps.insights.query import Query, resolve_query
from apps.insights.result import Result
from apps.sites.models import Site


def resolve(body: Json, *, site: Site, now: datetime) -> Query:
    """The typed query that a request body means for ``site``; raises ``QueryError`` (422) with its place."""
    return resolve_query(body, site=site.pk, now=now)


def run(query: Query) -> Result:
    """The answer; raises ``Unavailable`` (503) or ``Refusal`` (422) as ``EventStore.query`` does."""
    return Result.of(query, get_store().query(compile_query(query)))
