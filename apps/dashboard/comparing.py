"""Two audiences side by side: a saved or a detected segment, or all readers, each through the same panels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import Refusal
from apps.core.text import is_well_formed
from apps.dashboard.address import Address
from apps.dashboard.drawings.totals import Totals
from apps.dashboard.filters import CLAIM, IS, Filter, key_of
from apps.dashboard.reports.declared import Panel, Width, ranked
from apps.dashboard.reports.overview import OVERVIEW
from apps.dashboard.scope import Scope
from apps.events.claims import read_claims
from apps.segments.claim_sets import title_of
from apps.segments.models import VisitorSegment
from apps.sites.models import Site

SIDES = ("left", "right")
"""The parameters of an address that name audiences."""
EVERYBODY = "all"
_NAMELESS = Filter(sign=IS, column="visitorClaimProperty", values=("",))
"""Keeps the events of visitors without claims."""
_FIGURES = next(panel.drawing.figures for panel in OVERVIEW.panels if isinstance(panel.drawing, Totals))
COMPARED = (
    Panel(name="totals", title=gettext_lazy("Totals"), drawing=Totals(_FIGURES)),
    ranked("pages", gettext_lazy("Top pages"), "urlPath", rows=10),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Some readers. ``name`` is their word in an address."""

    name: str
    title: str
    segment: VisitorSegment | None = None
    filters: tuple[Filter, ...] = ()

    def narrow(self, scope: Scope) -> Scope:
        """The page for these readers alone."""
        return replace(scope, segment=self.segment, filters=(*scope.filters, *self.filters))

    def panels(self, side: str) -> tuple[Panel, ...]:
        """What is compared, named after the side."""
        return tuple(
            replace(panel, name=f"{side}-{panel.name}", title=f"{self.title} · {panel.title}", width=Width.HALF)
            for panel in COMPARED
        )


def read_audience(site: Site, text: str) -> Audience | None:
    """Whom a text of an address means: a saved segment's id, or a detected one's claims; ``None`` for nobody."""
    if text == EVERYBODY:
        return Audience(name=text, title=_("All readers"))
    saved = VisitorSegment.objects.named(text, site=site)
    if saved is not None:
        return Audience(name=text, title=saved.title, segment=saved)
    claims = read_object(text)
    if claims is None:
        return None
    if not claims:
        return Audience(name="{}", title=title_of({}), filters=(_NAMELESS,))
    segment = VisitorSegment(site=site, title=title_of(claims), claims=claims)
    return Audience(name=name_of(claims), title=segment.title, segment=segment)


def read_object(text: str) -> dict[str, Any] | None:
    """Claims that were written as a JSON object; ``None`` where that is no such one, nor one that an event may have."""
    if not text.lstrip().startswith("{") or not is_well_formed(text):
        return None
    try:
        claims = read_claims(text.encode())
    except Refusal:
        return None
    found: dict[str, Any] = json.loads(claims.canonical or "{}")
    return found


def name_of(claims: Mapping[str, Any]) -> str:
    """The word of a detected segment in an address: its claims."""
    return read_claims(json.dumps(claims, ensure_ascii=False).encode()).canonical or "{}"


def narrowed_to(claims: Mapping[str, Any]) -> Address:
    """The filters of a page that keep readers with these claims; of several values at one path, any will do."""
    values = read_claims(json.dumps(claims, ensure_ascii=False).encode()).values
    if not values:
        return Address().put(_NAMELESS.key, "")
    address = Address()
    for path, texts in values.items():
        address = address.put(key_of(IS, CLAIM, path), *texts)
    return address


def claims_of(filters: tuple[Filter, ...]) -> tuple[dict[str, Any], list[str]]:
    """The claims that filters ask for, and the sentences of those filters that a segment cannot say.

    A segment's claims must all be there: one of several values, or none at all, is not among what it says.
    """
    claims: dict[str, Any] = {}
    unsaid = []
    for each in filters:
        if each.column != CLAIM:
            continue
        if each.sign != IS or len(each.values) != 1 or not each.values[0] or not _put(claims, each):
            unsaid.append(each.sentence)
    return claims, unsaid


def beside_claims(scope: Scope) -> list[str]:
    """The sentences of what narrows a page and is no filter of claims: its segment, and other columns' filters."""
    claims = {each.sentence for each in scope.filters if each.column == CLAIM}
    return [chip.sentence for chip in scope.chips if chip.sentence not in claims]


def _put(claims: dict[str, Any], wanted: Filter) -> bool:
    """Set the value at a dotted path; false where another value stands on the way."""
    *above, last = wanted.claim.split(".")
    place = claims
    for name in above:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            return False
        place = inner
    if last in place:
        return False
    place[last] = wanted.values[0]
    return True
