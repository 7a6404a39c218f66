"""The events of some days of a site as a file, from the pages and from the administration. The audit tells of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Refusal
from apps.events.downloads import FORMS, Stretch, events_as
from apps.events.wire import EARLIEST, LATEST
from apps.organizations.audit import record
from apps.organizations.models import User
from apps.sites.models import Site

FILES = [(each.name, each.label) for each in FORMS.values()]


class ExportForm(forms.Form):
    """Which days, both included, and what kind of file."""

    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    form = forms.ChoiceField(label=_("File"), choices=FILES)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            raise ValidationError({"last": _("The last day is before the first.")})
        for name, day in (("first", first), ("last", last)):
            if day and not EARLIEST.date() <= day <= LATEST.date():
                raise ValidationError({name: _("There is no such day here.")})
        return given

    def file_of(self, site: Site, *, who: User) -> StreamingHttpResponse | None:
        """The file that the valid form asks for, told in the audit; days are those of the site's time zone.

        ``None`` where there can be none, which is then an error of the form.
        """
        first, last, kind = self.cleaned_data["first"], self.cleaned_data["last"], FORMS[self.cleaned_data["form"]]
        end = _midnight(last + timedelta(days=1), site.zone)
        try:
            parts = events_as(kind, Stretch(site=site.pk, start=_midnight(first, site.zone), end=end))
        except Refusal as refusal:
            self.add_error("first", refusal.message)
            return None
        record(who, "export_events", site=site, details={"first": str(first), "last": str(last), "form": kind.name})
        name = f"{slugify(site.title) or 'site'}-events-{first}-{last}.{kind.name}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(parts, content_type=kind.media_type, headers=headers)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
