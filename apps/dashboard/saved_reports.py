"""Keeping an exploration under a title, and renaming it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import IntegrityError
from django.utils.translation import gettext as _

from apps.dashboard.editing import KeptForm
from apps.dashboard.models import SavedReport
from apps.organizations.models import User


class ReportForm(KeptForm):
    """The title of a report."""

    noun = "report"

    class Meta:
        model = SavedReport
        fields: ClassVar = ["title"]

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if self.instance.site.saved_reports.filter(title=title).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(self._taken)
        return title

    def save_as(self, who: User) -> bool:
        """Keep it; false where another took its title at the same moment."""
        try:
            return super().save_as(who)
        except IntegrityError:
            self.add_error("title", self._taken)
            return False

    @property
    def _taken(self) -> str:
        return _("There is a report of that title already.")


class NewReportForm(ReportForm):
    """A new report: its title, and the address that shows it, which its instance has as it was understood."""

    address = forms.CharField(
        required=False, max_length=SavedReport.LONGEST_ADDRESS, strip=False, widget=forms.HiddenInput
    )

    def save_as(self, who: User) -> bool:
        """Keep it as theirs."""
        self.instance.created_by = who
        return super().save_as(who)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "address" in self.errors:
            self.add_error(None, _("This page is narrowed to more than a report can keep."))
        return values
