"""Saved segments."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.core.ids import is_public_id, new_segment_id
from apps.core.text import is_well_formed
from apps.events.claims import read_claims
from apps.sites.models import Site


class VisitorSegmentQuerySet(models.QuerySet["VisitorSegment"]):
    def named(self, text: str, *, site: Site) -> VisitorSegment | None:
        """The segment of a site whose id somebody wrote into an address.

        What no id can be is not looked for: PostgreSQL refuses a NUL.
        """
        return self.filter(site=site, public_id=text).first() if is_public_id(text) else None


class VisitorSegment(models.Model):
    """A set of visitors that an owner described by claims and gave a title."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="segments")
    public_id = models.CharField(max_length=64, unique=True, default=new_segment_id, editable=False)
    title = models.CharField(max_length=128)
    claims = models.JSONField(default=dict, help_text=_("Matches every event whose claims contain these."))
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = VisitorSegmentQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse claims that no event could have: one such segment would spoil the whole list of its site."""
        text = json.dumps(self.claims, ensure_ascii=False)
        if not is_well_formed(text):
            raise ValidationError({"claims": _("Expected well-formed Unicode.")})
        if "\\u0000" in text:  # as JSON writes it; PostgreSQL keeps none
            raise ValidationError({"claims": _("Expected texts without the character NUL.")})
        try:
            read_claims(text.encode())
        except Refusal as refusal:
            raise ValidationError({"claims": str(refusal)}) from refusal
