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
    told = request.META.get  # the busiest route comes here: Django's own readings are made only where they are needed
    if told("HTTP_COOKIE") and request.COOKIES.get(OPT_OUT) == "1":
        reason = Reason.OPTED_OUT
    elif site.honour_privacy_signals and "1" in (told("HTTP_SEC_GPC"), told("HTTP_DNT")):
        reason = Reason.PRIVACY_SIGNAL
    else:
        return False
    recorder.note(Refused(site=site.pk, at=utc_now(), reason=reason))
    return True
