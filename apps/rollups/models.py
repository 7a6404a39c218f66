"""Which periods of which sites are counted in advance, and from what."""

from __future__ import annotations

import secrets
import time

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.rollups.periods import Level
from apps.sites.models import Site

_RANDOM_BITS = 20


def new_fill() -> int:
    """A number for one filling: milliseconds since 1970 and 20 random bits, so that it is unique and tells its age."""
    return (int(time.time() * 1000) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)


def fill_at(seconds: float) -> int:
    """A number below those of all fillings from that second since 1970 on."""
    return int(seconds * 1000) << _RANDOM_BITS


def seconds_of(fill: int) -> float:
    """The moment in a filling's number, in seconds since 1970."""
    return (fill >> _RANDOM_BITS) / 1000


class State(models.TextChoices):
    """What a period's record says about its rollup rows."""

    DUE = "due", _("Due")  # not counted, or no longer: its events are read
    COUNTED = "counted", _("Counted")
    LATE = "late", _("Late events")  # counted and used, but events have come since: those are read beside


class FilledPeriod(models.Model):
    """That a period of a site is counted: rollup rows of another ``fill`` of the same period count for nothing."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="filled_periods")
    level = models.CharField(max_length=5, choices=[(level.label, level.label) for level in Level])
    start = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.COUNTED)
    fill = models.PositiveBigIntegerField(default=0, help_text=_("The filling whose rows count."))
    through = models.PositiveBigIntegerField(default=0, help_text=_("Events with ids up to this one are counted."))
    events = models.PositiveBigIntegerField(default=0, help_text=_("How many events were counted."))
    fingerprint = models.CharField(
        max_length=16, blank=True, help_text=_("Exclusive or of the counted events' ids, hexadecimal.")
    )
    declared = models.CharField(
        max_length=8, blank=True, editable=False, help_text=_("The declarations that it was counted for.")
    )
    computed_at = models.DateTimeField(default=utc_now, help_text=_("When the record last changed."))

    class Meta:
        ordering = ("site", "level", "-start")
        constraints = (models.UniqueConstraint(fields=("site", "level", "start"), name="one_filling_a_period"),)
        indexes = (
            models.Index(
                fields=("level", "start"), condition=~models.Q(state=State.COUNTED), name="periods_to_be_counted"
            ),
        )

    def __str__(self) -> str:
        return f"{self.level} {self.start:%Y-%m-%d %H:%M}"


class Watermark(models.Model):
    """How far arrivals have been turned into due periods: one row."""

    event_id = models.PositiveBigIntegerField(default=0, help_text=_("Events with ids up to this one were noted."))
    erasures = models.PositiveBigIntegerField(
        default=0, help_text=_("How many erasures have ended, and files of events have been moved in.")
    )

    def __str__(self) -> str:
        return str(self.event_id)


class Erasure(models.Model):
    """Events that are being erased from the store; the row goes when they are gone.

    While it is there, nothing of its site is recorded as counted. The site is its primary key: it may be deleted.
    """

    class Kind(models.TextChoices):
        VISITOR = "visitor", _("one visitor's events")
        OLD = "old", _("events older than a moment")
        RESET = "reset", _("all events of a site")
        SITE = "site", _("all events of a site that was deleted")

    kind = models.CharField(max_length=7, choices=Kind.choices)
    store_site = models.PositiveBigIntegerField(db_index=True, help_text=_("The site's primary key."))
    site_id = models.CharField(max_length=64, help_text=_("The site's public id."))
    organization_id = models.CharField(max_length=64, help_text=_("The organization's public id."))
    visitor = models.CharField(max_length=16, blank=True, help_text=_("Keyed hash of the visitor id, hexadecimal."))
    before = models.DateTimeField(null=True, blank=True)
    through = models.PositiveBigIntegerField(help_text=_("Events with ids up to this one are erased."))
    who = models.CharField(max_length=64)
    entry = models.PositiveBigIntegerField(help_text=_("The entry of the audit that says who asked."))
    asked_at = models.DateTimeField(default=utc_now)
    events = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text=_("How many events were found to be erased, at most.")
    )

    class Meta:
        ordering = ("pk",)
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.site_id}"
