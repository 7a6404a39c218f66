"""The events of some days as a file, from the Events page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from apps.dashboard.editing import editor
from apps.dashboard.frames import EVENTS, find_site, frame
from apps.events.exporting import ExportForm

_UNPROCESSABLE = 422


@require_POST
@login_required
@cache_control(private=True, no_store=True)
def export(request: HttpRequest, organization: str, site_id: str) -> HttpResponseBase:
    """The file, for editors and owners; what cannot be exported is told beside the form."""
    site = find_site(request, organization, site_id)
    who = editor(request, site)
    form = ExportForm(request.POST)
    file = form.file_of(site, who=who) if form.is_valid() else None
    if file is not None:
        return file
    context = frame(request, site, EVENTS) | {"export_form": form}
    return render(request, "dashboard/export.html", context, status=_UNPROCESSABLE)
