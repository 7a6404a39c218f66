"""Making and renaming the saved segments of a site."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import Refusal
from apps.core.text import is_well_formed
from apps.dashboard.editing import KeptForm
from apps.events.claims import read_claims
from apps.segments.models import VisitorSegment


class ClaimsField(forms.CharField):
    """Claims, typed as a JSON object."""

    widget = forms.Textarea(attrs={"rows": 5, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return value

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # an object, where its base has a text
        text = (super().to_python(value) or "").strip()
        if not is_well_formed(text):
            raise ValidationError(_("Expected well-formed Unicode."))
        try:
            canonical = read_claims(text.encode()).canonical
        except Refusal as refusal:
            raise ValidationError(_("No claims: %(fault)s.") % {"fault": refusal}) from refusal
        claims: dict[str, Any] = json.loads(canonical or "{}")
        return claims

    def run_validators(self, value: Any) -> None:
        """The rules for texts are not about objects."""


class SegmentTitleForm(KeptForm):
    """The title of a segment."""

    noun = "segment"

    class Meta:
        model = VisitorSegment
        fields: ClassVar = ["title"]


class SegmentForm(SegmentTitleForm):
    """A new segment: its title, and the claims that its visitors have."""

    claims = ClaimsField(
        label=gettext_lazy("Claims"),
        help_text=gettext_lazy(
            "A JSON object. Visitors whose claims contain all of these belong to the segment: at each path the value, "
            "alone or in a list."
        ),
    )

    class Meta(SegmentTitleForm.Meta):
        fields: ClassVar = ["title", "claims"]
