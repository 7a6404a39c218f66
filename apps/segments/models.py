"""Saved segments."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import utc_now
from apps.core.errors import Refusal
from apps.core.ids import new_segment_id
from apps.core.text import is_well_formed
from apps.events.claims import read_claims
from apps.sites.models import Site


class VisitorSegment(models.Model):
    """A set of visitors that an owner described by claims and gave a title."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="segments")
    public_id = models.CharField(max_length=64, unique=True, default=new_segment_id, editable=False)
    title = models.CharField(max_length=128)
    claims = models.JSONField(default=dict, help_text=_("Matches every event whose claims contain these."))
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse claims that no event could have: one such segment would spoil the whole list of its site."""
        text = json.dumps(self.claims, ensure_ascii=False)
        if not is_well_formed(text):
            raise ValidationError({"claims": _("Expected well-formed Unicode.")})
        try:
            read_claims(text.encode())
        except Refusal as refusal:
            raise ValidationError({"claims": str(refusal)}) from refusal
