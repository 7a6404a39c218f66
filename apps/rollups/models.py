"""Which periods of which sites are counted in advance, and from what."""

from __future__ import annotations

import secrets
import time

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.rollups.periods import Level
from apps.sites.models import Site


def new_fill() -> int:
    """A number for one filling: milliseconds since 1970 and 20 random bits, so that it is unique and tells its age."""
    return (int(time.time() * 1000) << 20) | secrets.randbits(20)


class FilledPeriod(models.Model):
    """That a period of a site is counted: rollup rows of another ``fill`` of the same period count for nothing."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="filled_periods")
    level = models.CharField(max_length=5, choices=[(level.label, level.label) for level in Level])
    start = models.DateTimeField()
    fill = models.PositiveBigIntegerField(help_text=_("The filling whose rows count."))
    through = models.PositiveBigIntegerField(help_text=_("Events with ids up to this one are counted."))
    events = models.PositiveBigIntegerField(help_text=_("How many events were counted."))
    fingerprint = models.CharField(max_length=16, help_text=_("Exclusive or of the counted events' ids, hexadecimal."))
    computed_at = models.DateTimeField(default=utc_now)

    class Meta:
        ordering = ("site", "level", "-start")
        constraints = (models.UniqueConstraint(fields=("site", "level", "start"), name="one_filling_a_period"),)

    def __str__(self) -> str:
        return f"{self.level} {self.start:%Y-%m-%d %H:%M}"
