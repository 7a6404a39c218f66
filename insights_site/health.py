"""Whether the service can answer queries."""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.errors import Refusal
from apps.events.store import Statement, get_store

log = logging.getLogger(__name__)
SECONDS = 2.0
"""How long the event store may take to answer."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when both databases answer a query, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        get_store().query(Statement(sql="SELECT site FROM events LIMIT 1"), seconds=SECONDS)
    except (Refusal, DatabaseError) as error:
        log.warning("Not healthy: %s", error)
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"})
