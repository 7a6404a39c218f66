"""The controls of a page: range, comparison, interval, zone, filters and segment, as links and forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import Refusal
from apps.core.zones import zone_names
from apps.dashboard.address import Address
from apps.dashboard.buckets import is_parted
from apps.dashboard.columns import SHOWN, Shown, kind_of, to_text
from apps.dashboard.drawings.asking import Asker
from apps.dashboard.filters import CLAIM, IS, IS_NOT, may_filter, narrowed
from apps.dashboard.measures import VISITORS, columns_of
from apps.dashboard.numbers import compact
from apps.dashboard.ranges import COMPARISONS, INTERVALS, RANGES
from apps.dashboard.scope import Chip, Scope
from apps.dashboard.tables import rows_of
from apps.insights.moments import Interval
from apps.insights.query import MAX_LIMIT

SUGGESTED = 12
REMEMBERED = 600
"""Seconds for which the names of a site's claims are remembered."""
SIGNS = {IS: gettext_lazy("is"), IS_NOT: gettext_lazy("is not")}
_DAYS = ("range", "from", "to", "interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several: a link, or an option of a form."""

    label: Any
    value: str
    is_chosen: bool = False
    link: str = ""
    count: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What the head of a report offers."""

    scope: Scope

    @property
    def chips(self) -> list[Chip]:
        return self.scope.chips

    @property
    def can_be_segment(self) -> bool:
        """Whether some of the filters are of claims, as a saved segment's are."""
        return any(each.column == CLAIM and each.sign == IS for each in self.scope.filters)

    @property
    def ranges(self) -> Iterator[Choice]:
        scope = self.scope
        for each in RANGES.values():
            link = Address((("range", each.name),)).pairs + scope.address.without(*_DAYS).pairs
            chosen = each.name == scope.period.name
            yield Choice(label=each.label, value=each.name, is_chosen=chosen, link=Address(link).link)

    @property
    def beside_days(self) -> tuple[tuple[str, str], ...]:
        """What the form of other dates carries along."""
        return self.scope.address.without(*_DAYS).pairs

    @property
    def beside_view(self) -> tuple[tuple[str, str], ...]:
        """What the form of comparison, interval and time zone carries along."""
        return self.scope.address.without("compare", "interval", "tz").pairs

    @property
    def all_pairs(self) -> tuple[tuple[str, str], ...]:
        """What the form of filters carries along."""
        return self.scope.address.pairs

    @property
    def comparisons(self) -> list[Choice]:
        chosen = self.scope.comparison
        return [Choice(label=label, value=each.value, is_chosen=each is chosen) for each, label in COMPARISONS.items()]

    @property
    def comparison(self) -> str:
        return str(COMPARISONS[self.scope.comparison])

    @property
    def intervals(self) -> list[Choice]:
        """Those of which the range has at least two, and the chosen one."""
        period, zone = self.scope.period, self.scope.zone
        return [
            Choice(label=INTERVALS[each], value=each.value, is_chosen=each is period.interval)
            for each in period.intervals
            if each is period.interval or is_parted(replace(period, interval=each), zone=zone)
        ]

    @property
    def interval(self) -> Interval:
        return self.scope.period.interval

    @property
    def zones(self) -> list[Choice]:
        """The site's own first, then all."""
        own, chosen = self.scope.site.zone.key, self.scope.zone.key
        first = Choice(label=_("%(zone)s (the site's)") % {"zone": own}, value="", is_chosen=own == chosen)
        others = sorted(zone_names() - {own})
        return [first, *(Choice(label=name, value=name, is_chosen=name == chosen) for name in others)]

    @property
    def segments(self) -> list[Choice]:
        """The site's saved segments as links."""
        address, chosen = self.scope.address, self.scope.segment
        everybody = Choice(
            label=_("All readers"), value="", is_chosen=chosen is None, link=address.without("segment").link
        )
        saved = [
            Choice(
                label=each.title,
                value=each.public_id,
                is_chosen=each == chosen,
                link=address.put("segment", each.public_id).link,
            )
            for each in self.scope.site.segments.all()
        ]
        return [everybody, *saved]

    @property
    def signs(self) -> list[Choice]:
        return [Choice(label=label, value=sign) for sign, label in SIGNS.items()]

    @property
    def columns(self) -> list[tuple[str, list[Choice]]]:
        """What may be filtered by, in groups."""
        groups: dict[str, list[Choice]] = {}
        for each in SHOWN.values():
            if may_filter(each.column) and each.column != CLAIM:
                groups.setdefault(str(each.group), []).append(Choice(label=each.heading, value=each.column))
        claims = [Choice(label=name, value=f"{CLAIM}.{name}") for name in claim_names(self.scope)]
        return [*groups.items(), *([(_("Visitor attributes"), claims)] if claims else [])]


def claim_names(scope: Scope) -> list[str]:
    """The names of the claims that readers had in the last 30 days, those of most readers first; few are remembered."""
    key = f"claim-names-{scope.site.pk}"
    known = cache.get(key)
    if known is None:
        try:
            known = _claim_names(scope)
        except Refusal:
            return []
        cache.set(key, known, REMEMBERED)
    return list(known)


def _claim_names(scope: Scope) -> list[str]:
    asker = Asker(scope=Scope(site=scope.site, period=scope.period, now=scope.now, zone=scope.zone))
    order = {"by": {"column": VISITORS.column}, "direction": "desc"}
    result = asker.ask(columns_of([VISITORS]), [{"column": "visitorClaimProperty"}], order=order, limit=50)
    return [str(row["visitorClaimProperty"]) for row in rows_of(result)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader of the filter form chose so far. ``column`` is a name, of a claim with its path."""

    column: str
    sign: str
    values: tuple[str, ...]
    search: str

    @classmethod
    def read(cls, address: Address) -> Wanted:
        return cls(
            column=address.get("filter-column"),
            sign=IS_NOT if address.get("filter-sign") == IS_NOT else IS,
            values=address.all("filter-value"),
            search=address.get("filter-search").strip(),
        )

    @property
    def name(self) -> str:
        return self.column.partition(".")[0]

    @property
    def claim(self) -> str:
        return self.column.partition(".")[2]

    @property
    def shown(self) -> Shown | None:
        """How the column is shown; ``None`` where nothing is filtered by it."""
        return SHOWN[self.name] if may_filter(self.name) and bool(self.claim) is (self.name == CLAIM) else None

    def added_to(self, address: Address, offered: Sequence[Choice] = ()) -> Address:
        """The address narrowed to it: to the values that were ticked, or the one that was typed.

        Of the values that are ``offered`` for what was typed, the one that is called so is meant, or the only one.
        """
        if self.shown is None:
            return address
        for value in self.values or self._typed(offered):
            address = narrowed(address, self.sign, self.name, value, self.claim)
        return address

    def _typed(self, offered: Sequence[Choice]) -> tuple[str, ...]:
        if not self.search:
            return ()
        wanted = self.search.casefold()
        called_so = [each for each in offered if wanted in (str(each.label).casefold(), each.value.casefold())]
        meant = called_so or (offered if len(offered) == 1 else ())
        return (meant[0].value if meant else self.search,)


def suggestions(wanted: Wanted, scope: Scope, where: Any = ()) -> list[Choice]:
    """Values of a column that the page's readers have, with how many of them: those that were ticked, then those that
    hold what was typed, the most frequent first. Events that do not fulfil ``where`` are not looked at.

    Raises ``Refusal`` where the store does not answer.
    """
    shown = wanted.shown
    if shown is None:
        return []
    argument = {"claim": wanted.claim} if wanted.claim else {}
    order = {"by": {"column": VISITORS.column}, "direction": "desc"}
    asker = Asker(scope=scope, where=where)
    result = asker.ask(columns_of([VISITORS]), [{"column": wanted.name, **argument}], order=order, limit=MAX_LIMIT)
    kept, found = [], []
    for row in rows_of(result):
        value = row[wanted.name]
        label, text = shown.show(value), to_text(kind_of(wanted.name), value)
        is_ticked = text in wanted.values
        choice = Choice(label=label, value=text, count=compact(VISITORS.of(row)), is_chosen=is_ticked)
        if is_ticked:
            kept.append(choice)
        elif any(wanted.search.casefold() in each.casefold() for each in (label, text)):
            found.append(choice)
    return [*kept, *found[:SUGGESTED]]
