"""Whose figures, of when, narrowed to what: what all panels of a page have in common, read from its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext as _

from apps.core.zones import find_zone
from apps.dashboard.address import NOTHING, Address
from apps.dashboard.filters import IS, IS_NOT, Filter, may_filter, narrowed, read_filters, widened
from apps.dashboard.ranges import Comparison, Period, before, read_period
from apps.events.claims import read_claims
from apps.segments.models import VisitorSegment
from apps.sites.models import Site

CHOICES = ("by", "metric", "claim", "plain")
"""Parameters that change how figures are shown, not of whom or when."""
TAB = "tab"
"""``tab.CARD`` is the panel that a card shows, where it is not its first."""
PARAMETERS = ("range", "from", "to", "interval", "tz", "compare", "segment", *CHOICES)
"""All that pages read of an address, but for filters and tabs."""


def is_understood(name: str) -> bool:
    """Whether a parameter of an address is one that pages read."""
    return name in PARAMETERS or name.partition(".")[0] in (IS, IS_NOT, TAB)


def tab_of(card: str) -> str:
    """The parameter that says which panel of a card is shown."""
    return f"{TAB}.{card}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Something that narrows the page: a sentence, and the link without it."""

    sentence: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """``now`` is aware. ``address`` holds what was understood of the page's, ``notes`` tell what was not.

    ``is_fixed``: whoever reads may not change it, so nothing links to a wider or narrower view.
    """

    site: Site
    period: Period
    now: datetime
    zone: ZoneInfo
    comparison: Comparison = Comparison.PREVIOUS
    filters: tuple[Filter, ...] = ()
    segment: VisitorSegment | None = None
    address: Address = NOTHING
    notes: tuple[str, ...] = ()
    is_fixed: bool = False

    @property
    def is_ahead(self) -> bool:
        """Whether the period has not begun."""
        return self.period.start >= self.now

    @property
    def before(self) -> Period | None:
        """What the period is held against; ``None`` also for one that has not begun."""
        return None if self.is_ahead else before(self.period, self.comparison, zone=self.zone, now=self.now)

    @property
    def where(self) -> list[dict[str, Any]]:
        """What the page is narrowed to, in the published form."""
        return [*_where_of(self.segment), *(each.where for each in self.filters)]

    @property
    def query(self) -> str:
        """The address, for links to other pages."""
        return self.address.encoded

    @property
    def chips(self) -> list[Chip]:
        """What narrows the page, each with the way to be without it."""
        chips = [Chip(sentence=each.sentence, link=left.link) for each, left in widened(self.address, self.filters)]
        if self.segment is not None:
            sentence = _("Segment %(title)s") % {"title": self.segment.title}
            chips.insert(0, Chip(sentence=sentence, link=self.address.without("segment").link))
        return chips

    @property
    def cleared(self) -> str:
        """The link to the page with nothing that narrows it."""
        return self.address.without("segment", *(each.key for each in self.filters)).link

    def choice(self, name: str) -> str:
        """What a panel's own parameter says."""
        return self.address.get(name)

    def with_choice(self, name: str, *values: str) -> str:
        """The link to this page with another value of a parameter; with none, without it."""
        return self.address.put(name, *values).link

    def link_to(self, column: str, value: str) -> str:
        """The link to this page narrowed to one value of a column; empty where nothing is narrowed by it."""
        if self.is_fixed or not may_filter(column):
            return ""
        return narrowed(self.address, IS, column, value).link


def _where_of(segment: VisitorSegment | None) -> list[dict[str, Any]]:
    """A segment's claims as filters: an event must have each value at its path, alone or in a list."""
    if segment is None:
        return []
    wanted = read_claims(msgspec.json.encode(segment.claims)).values
    return [
        {"column": "visitorClaim", "claim": path, "values": [value]}
        for path, values in wanted.items()
        for value in values
    ]


def read_scope(site: Site, address: Address, *, now: datetime, is_fixed: bool = False) -> Scope:
    """What an address asks for of a site. What makes no sense is left out of it, and told in ``notes``."""
    notes = []
    zone = find_zone(address.get("tz")) or site.zone
    if address.get("tz") and zone.key != address.get("tz"):
        notes.append(_("There is no such time zone, so it is the site's."))
    period = read_period(dict(address.pairs), zone=zone, now=now)
    comparison = next((each for each in Comparison if each.value == address.get("compare")), Comparison.PREVIOUS)
    filters, strange = read_filters(address, now=now)
    segment = None
    if address.get("segment"):
        segment = VisitorSegment.objects.named(address.get("segment"), site=site)
        if segment is None:
            notes.append(_("That segment is not there any more, so all readers are shown."))
    understood = Address(tuple(period.parameters.items()))
    if zone.key != site.zone.key:
        understood = understood.put("tz", zone.key)
    if comparison is not Comparison.PREVIOUS:
        understood = understood.put("compare", comparison.value)
    if segment is not None:
        understood = understood.put("segment", segment.public_id)
    for each in filters:
        understood = understood.put(each.key, *each.values)
    for name in (*CHOICES, *(each for each in address.names if each.startswith(tab_of("")))):
        understood = understood.put(name, *(value for value in address.all(name)[-1:] if value))
    return Scope(
        site=site,
        period=period,
        now=now,
        zone=zone,
        comparison=comparison,
        filters=filters,
        segment=segment,
        address=understood,
        notes=tuple(note for note in (*notes, period.note, strange) if note),
        is_fixed=is_fixed,
    )
