"""What people keep of the pages: explorations that they gave a title."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.ids import new_report_id
from apps.sites.models import Site


class SavedReport(models.Model):
    """An exploration of a site with its range and filters, kept as the address that shows it."""

    LONGEST_ADDRESS: ClassVar = 8000

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="saved_reports")
    public_id = models.CharField(max_length=64, unique=True, default=new_report_id, editable=False)
    title = models.CharField(max_length=128)
    address = models.TextField(
        max_length=LONGEST_ADDRESS, blank=True, help_text=_("What stands behind the question mark of the Explore page.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        ordering = ("title", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("site", "title"), name="one_report_a_title"),
        ]

    def __str__(self) -> str:
        return self.title
