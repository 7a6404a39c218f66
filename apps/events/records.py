"""What is relational about events: the runs of imports."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.sites.models import Site


def new_run_key() -> str:
    """32 random hexadecimal digits: batch numbers are derived from it, in a store that may outlive this database."""
    return secrets.token_hex(16)


class ImportRun(models.Model):
    """One import of one file into one site, and how far it has come.

    The counts are of whole chunks of lines whose events are durable. A chunk is stored before it is counted
    here, so a run that was killed in between finds that chunk's batch in the store, and counts it then.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="import_runs")
    file = models.CharField(max_length=4096, help_text=_("Path as given; - for standard input."))
    fingerprint = models.CharField(max_length=64, blank=True, help_text=_("Of the content; empty for a stream."))
    key = models.CharField(max_length=32, default=new_run_key, editable=False)
    holder = models.CharField(max_length=32, blank=True, editable=False, help_text=_("The process that goes on."))
    chunks = models.PositiveIntegerField(default=0, help_text=_("Chunks of lines that are done."))
    lines = models.PositiveBigIntegerField(default=0, help_text=_("Lines that are done."))
    offset = models.PositiveBigIntegerField(default=0, help_text=_("Bytes, unpacked, that are done."))
    imported = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    rejected_bytes = models.PositiveBigIntegerField(default=0, help_text=_("Length of the file of refused lines."))
    started_at = models.DateTimeField(default=utc_now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.file
