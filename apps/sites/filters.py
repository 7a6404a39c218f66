"""Filters of lists of sites: one for pages and API."""

from __future__ import annotations

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.sites.models import Site, SiteQuerySet, Visibility

YES_OR_NO = (("true", _("Yes")), ("false", _("No")))


class SiteFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Which sites of a list are wanted."""

    title = django_filters.CharFilter(lookup_expr="icontains", label=_("Part of the title."))
    search = django_filters.CharFilter(method="find_text", label=_("Part of the title or the address, or the id."))
    visibility = django_filters.MultipleChoiceFilter(choices=Visibility.choices, label=_("Who may read the site."))
    # Not a BooleanFilter, which takes anything it does not understand for "no matter".
    published = django_filters.ChoiceFilter(
        choices=YES_OR_NO,
        method="with_address",
        label=_("Whether the site has an address where it is published."),
    )
    paused = django_filters.ChoiceFilter(
        choices=YES_OR_NO, method="that_is_paused", label=_("Whether the site takes no events for now.")
    )

    class Meta:
        model = Site
        fields = ()

    def find_text(self, sites: SiteQuerySet, _name: str, text: str) -> SiteQuerySet:
        return sites.filter(Q(title__icontains=text) | Q(url__icontains=text) | Q(public_id=text))

    def with_address(self, sites: SiteQuerySet, _name: str, published: str) -> SiteQuerySet:
        return sites.exclude(url="") if published == "true" else sites.filter(url="")

    def that_is_paused(self, sites: SiteQuerySet, _name: str, paused: str) -> SiteQuerySet:
        return sites.filter(ingest_paused=paused == "true")
