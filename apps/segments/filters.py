"""Filters of lists of segments: one for the admin, which lists saved ones, and the API, which lists all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.segments.claim_sets import is_about
from apps.segments.models import VisitorSegment, VisitorSegmentQuerySet


class Kind(models.TextChoices):
    """Where a segment comes from. Source: contract.md, Visitor segments."""

    SAVED = "saved", _("Saved")
    DETECTED = "detected", _("Detected")


class SegmentFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Which segments of a list are wanted. Detected ones, which are no rows, are held against ``finds``."""

    search = django_filters.CharFilter(
        method="find_text", label=_("Part of the title, or of a claim such as “plan: enterprise”; or a saved one's id.")
    )
    kind = django_filters.ChoiceFilter(
        choices=Kind.choices, method="of_kind", label=_("Whether an owner wrote the segment, or the events show it.")
    )

    class Meta:
        model = VisitorSegment
        fields = ()

    def find_text(self, segments: VisitorSegmentQuerySet, _name: str, text: str) -> VisitorSegmentQuerySet:
        """Row by row, to mean the same as of detected ones: each database keeps claims in a form of its own."""
        rows = segments.values_list("pk", "public_id", "title", "claims")
        found = [pk for pk, public_id, title, claims in rows if public_id == text or _says(title, claims, text)]
        return segments.filter(pk__in=found)

    def of_kind(self, segments: VisitorSegmentQuerySet, _name: str, kind: str) -> VisitorSegmentQuerySet:
        return segments if kind == Kind.SAVED else segments.none()

    @property
    def detects(self) -> bool:
        """Whether detected segments are wanted at all."""
        kind: str = self.form.cleaned_data["kind"]
        return kind != Kind.SAVED

    def finds(self, title: str, claims: Mapping[str, Any]) -> bool:
        """Whether a detected segment is wanted, where ``detects``."""
        return _says(title, claims, self.form.cleaned_data["search"])


def _says(title: str, claims: Mapping[str, Any], text: str) -> bool:
    return text.casefold() in title.casefold() or is_about(claims, text)
