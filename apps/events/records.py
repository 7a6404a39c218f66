"""What is relational about events: the runs of imports, what was refused, and keys of requests."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.sites.models import Site

PLACE_CHARACTERS, HOST_CHARACTERS, PATH_CHARACTERS = 200, 255, 500
"""How much is kept of the place of a fault, and of the page's address; longer texts are cut."""


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


class Reason(models.TextChoices):
    """Why events were refused, or, where their site excludes them, answered as if they were stored."""

    MALFORMED = "malformed", _("Not JSON")
    INVALID = "invalid", _("Invalid field")
    TIMESTAMP = "timestamp", _("Too old or too new")
    HOSTNAME = "hostname", _("Not on a host of the site")
    NOT_ALLOWED = "not_allowed", _("Not allowed")
    PAUSED = "paused", _("The site is paused")
    RATE_LIMITED = "rate_limited", _("Rate limited")
    UNAVAILABLE = "unavailable", _("Could not be stored")
    TOO_LARGE = "too_large", _("Body too large")
    ERROR = "error", _("Unexpected error")
    EXCLUDED = "excluded", _("Excluded by the site")
    PRIVACY_SIGNAL = "privacy_signal", _("The browser asks for privacy")
    OPTED_OUT = "opted_out", _("The browser is not to be counted")


class RefusalCount(models.Model):
    """How many requests, and events in them, were refused for a reason in a minute of a site.

    A request whose events could not be read counts as one event.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="refusal_counts")
    minute = models.DateTimeField(db_index=True, help_text=_("Start of the minute."))
    reason = models.CharField(max_length=16, choices=Reason.choices)
    requests = models.PositiveBigIntegerField()
    events = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("-minute", "site", "reason")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("site", "minute", "reason"), name="one_count_of_refusals_a_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.reason}"


class RefusedEvent(models.Model):
    """One of the last refusals of a site: what the event was and where its fault is, and nothing of who sent it.

    ``place`` is the dotted place of the fault; it ends at a visitor's claims, the names of which are the site's own.
    What could not be read is empty.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="refused_events")
    refused_at = models.DateTimeField(db_index=True)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    place = models.CharField(max_length=PLACE_CHARACTERS, blank=True)
    event_type = models.CharField(max_length=32, blank=True)
    host = models.CharField(max_length=HOST_CHARACTERS, blank=True)
    path = models.CharField(
        max_length=PATH_CHARACTERS, blank=True, help_text=_("Of the page, without query and share key.")
    )

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.reason} {self.place}"


class DailySalt(models.Model):
    """What visitors without ids are told apart with on one day (UTC). Only those of two days are kept."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.day}"


class IdempotencyKey(models.Model):
    """A request that asked to be counted once, for as long as it may be repeated.

    It is written before the events are, with their ``batch``: where ``stored_at`` is missing and the ``holder`` is
    gone, the event store tells whether they are there. Key and body are kept as keyed hashes.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=32, help_text=_("Hash of the key and of who may repeat it."))
    body = models.CharField(max_length=32, help_text=_("Hash of the body."))
    batch = models.BigIntegerField(help_text=_("Of the events."))
    events = models.IntegerField(null=True, help_text=_("How many; missing where an earlier release made the key."))
    holder = models.CharField(max_length=32, help_text=_("The process that stores the events."))
    held_until = models.DateTimeField(help_text=_("From then on another may go on."))
    stored_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("site", "key"), name="one_idempotency_key_a_site")]

    def __str__(self) -> str:
        return self.key
