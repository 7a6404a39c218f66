"""The events of some days as a file, from the Events page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from apps.core.errors import Refusal
from apps.dashboard.editing import editor
from apps.dashboard.frames import EVENTS, find_site, frame
from apps.dashboard.ranges import EARLIEST, LATEST
from apps.dashboard.scope import zone_of
from apps.events.downloads import FORMS, Stretch, events_as
from apps.organizations.audit import record
from apps.sites.models import Site

_UNPROCESSABLE = 422


class ExportForm(forms.Form):
    """Which days, both included, and what kind of file."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    form = forms.ChoiceField(label=_("File"), choices=[(each.name, each.label) for each in FORMS.values()])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            raise ValidationError({"last": _("The last day is before the first.")})
        for name, day in (("first", first), ("last", last)):
            if day and not EARLIEST <= day <= LATEST:
                raise ValidationError({name: _("There is no such day here.")})
        return given

    def stretch(self, site: Site) -> Stretch:
        """The chosen days of ``site``, in its time zone."""
        zone = zone_of(site)
        after = self.cleaned_data["last"] + timedelta(days=1)
        return Stretch(site=site.pk, start=_midnight(self.cleaned_data["first"], zone), end=_midnight(after, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


@require_POST
@login_required
@cache_control(private=True, no_store=True)
def export(request: HttpRequest, organization: str, site_id: str) -> HttpResponseBase:
    """The file, for editors and owners; what cannot be exported is told beside the form."""
    site = find_site(request, organization, site_id)
    who = editor(request, site)
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _refused(request, site, form)
    kind, stretch = FORMS[form.cleaned_data["form"]], form.stretch(site)
    try:
        parts = events_as(kind, stretch)
    except Refusal as refusal:
        form.add_error("first", refusal.message)
        return _refused(request, site, form)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    record(who, "export_events", site=site, details={"first": str(first), "last": str(last), "form": kind.name})
    name = f"{slugify(site.title) or 'site'}-events-{first}-{last}.{kind.name}"
    return StreamingHttpResponse(
        parts, content_type=kind.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _refused(request: HttpRequest, site: Site, form: ExportForm) -> HttpResponse:
    context = frame(request, site, EVENTS) | {"export_form": form}
    return render(request, "dashboard/export.html", context, status=_UNPROCESSABLE)
