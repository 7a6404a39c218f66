"""``/metrics``: figures of this process and of the records for monitoring, in Prometheus' text form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from hmac import compare_digest

from django.conf import settings
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core.clock import utc_now
from apps.events.records import RefusalCount

LOOKED_BACK = timedelta(hours=1)


class _RefusalsOfSites(Collector):
    """What was not counted of each site lately: of all processes, for it is read from the records."""

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "insights_site_events_refused_last_hour",
            "Events of a site that were not counted in the last hour, by reason; of all processes.",
            labels=("site", "reason"),
        )
        counts = RefusalCount.objects.filter(minute__gte=utc_now() - LOOKED_BACK).order_by()
        found = counts.values_list("site__public_id", "reason").annotate(Sum("events"))
        for site, reason, events in found:
            family.add_metric((site, reason), events)
        yield family


_RECORDS = CollectorRegistry(auto_describe=False)
_RECORDS.register(_RefusalsOfSites())


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """200 for whoever has ``METRICS_TOKEN``, else 401; 404 where none is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {settings.METRICS_TOKEN}".encode()):
        refused = HttpResponse("Expected the METRICS_TOKEN as bearer.\n", status=401, content_type="text/plain")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    encode, content_type = choose_encoder("")
    return HttpResponse(encode(REGISTRY) + encode(_RECORDS), content_type=content_type)
