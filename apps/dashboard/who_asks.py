"""Which page asks the event store, for whoever watches how long that takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.http import HttpRequest, HttpResponse

from apps.dashboard.reports import REPORTS
from apps.rollups.metrics import OTHERS, asked_by, say_who_asks

PAGES = {
    "apps.dashboard.views": "sites",
    "apps.dashboard.explore": "explore",
    "apps.dashboard.segments": "segments",
}
"""Module of a page's view → what its questions are counted as, where its address names no report."""

View = Callable[..., HttpResponse]


class SaysWhoAsks:
    """Has questions counted as those of the report, or of the page, that a request is for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with asked_by(OTHERS):
            return self._get_response(request)

    def process_view(
        self, _request: HttpRequest, view: View, _arguments: Sequence[object], named: Mapping[str, object]
    ) -> None:
        """Called by Django once it has found the view."""
        report = named.get("report_name")
        say_who_asks(str(report) if report in REPORTS else PAGES.get(view.__module__, OTHERS))
