"""Readers who do not want to be counted: by a signal of their browser, or by a cookie that they asked for."""

from __future__ import annotations

from django.http import HttpRequest

from apps.core.clock import utc_now
from apps.events.records import Reason
from apps.events.refused import Refused, recorder
from apps.sites.models import Site

OPT_OUT = "insights-opt-out"
"""Parameter of a documentation's address, and cookie, by which the script knows browsers that are not counted."""


def is_unwanted(request: HttpRequest, site: Site) -> bool:
    """Whether the reader wishes not to be counted. It is then noted that there was one, and nothing else."""
    if _opted_out(request):
        reason = Reason.OPTED_OUT
    elif site.honour_privacy_signals and _signals(request):
        reason = Reason.PRIVACY_SIGNAL
    else:
        return False
    recorder.note(Refused(site=site.pk, at=utc_now(), reason=reason))
    return True


def is_unknown(request: HttpRequest) -> bool:
    """Whether the reader, of whatever site, wishes not to be known again."""
    return _opted_out(request) or _signals(request)


def _opted_out(request: HttpRequest) -> bool:
    # The busiest route comes here: Django's own reading of cookies is made only where there are some.
    return bool(request.META.get("HTTP_COOKIE")) and request.COOKIES.get(OPT_OUT) == "1"


def _signals(request: HttpRequest) -> bool:
    return "1" in (request.META.get("HTTP_SEC_GPC"), request.META.get("HTTP_DNT"))
