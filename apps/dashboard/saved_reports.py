"""Keeping an exploration under a title, renaming and forgetting it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.dashboard.address import Address
from apps.dashboard.editing import note
from apps.dashboard.models import SavedReport
from apps.organizations.models import User


class ReportForm(forms.ModelForm):  # type: ignore[type-arg]
    """The title of a report; its instance has a site."""

    class Meta:
        model = SavedReport
        fields: ClassVar = ["title"]

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if self.instance.site.saved_reports.filter(title=title).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(self._taken)
        return title

    def save_as(self, who: User, *, address: Address | None = None) -> bool:
        """Keep the report, and say so in the audit; false where another took its title at the same moment.

        ``address`` is what a new one shows.
        """
        report: SavedReport = self.instance
        is_new = report.pk is None
        if address is not None:
            report.address, report.created_by = address.encoded, who
        try:
            with transaction.atomic():
                report.save()
                note(report.site, who, "save_report" if is_new else "rename_report", report=report.public_id)
        except IntegrityError:
            self.add_error("title", self._taken)
            return False
        return True

    @property
    def _taken(self) -> str:
        return _("There is a report of that title already.")


class NewReportForm(ReportForm):
    """A new report: its title, and the address that shows it."""

    address = forms.CharField(
        required=False, max_length=SavedReport.LONGEST_ADDRESS, strip=False, widget=forms.HiddenInput
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "address" in self.errors:
            self.add_error(None, _("This page is narrowed to more than a report can keep."))
        return values


def forget(report: SavedReport, who: User) -> None:
    """Delete a report, and say so in the audit."""
    with transaction.atomic():
        note(report.site, who, "delete_report", report=report.public_id)
        report.delete()
