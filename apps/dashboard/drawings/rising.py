"""What rose since an earlier period, and what is new. Without anything earlier nothing can be said of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.drawings.ranking import Ranking, value_cell
from apps.dashboard.measures import Measure
from apps.dashboard.ranges import Comparison, Period, before, everything_before
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Table, TableRow, cell_of
from apps.insights.query import MAX_LIMIT

RISE = Measure("eventsCount", gettext_lazy("Rise"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Risers:
    """Values whose figure rose since the period that the page is held against, by how much, the greatest rise first.

    A page that is held against nothing has the period before: a rise is since something.
    """

    dimension: str
    measure: Measure
    kind: ClassVar[str] = "ranking"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        now = self._figures(asker)
        earlier = _earlier(asker.scope)
        held = {}
        if now:
            these = {"column": self.dimension, "values": list(now)}
            held = self._figures(asker, where=(these,), period=earlier, label="before")
            if not held and not asker.site_has_events(earlier):
                words = _("No earlier figure: nothing was counted from %(first)s to %(last)s.")
                return Answer(table=Table(self._ranking.titles, ()), nothing=words % _days(earlier))
        rises = {value: count - held.get(value, 0) for value, count in now.items()}
        risen = sorted((value for value, rise in rises.items() if rise > 0), key=lambda value: (-rises[value], value))
        return Answer(
            table=self._table(risen[:rows], now, rises, asker.scope),
            is_cut=len(risen) > rows,
            note=self.note(asker.scope),
        )

    def _table(self, risen: list[Any], now: dict[Any, Any], rises: dict[Any, Any], scope: Scope) -> Table:
        longest = max(rises.values(), default=0) or 1
        return Table(
            self._ranking.titles,
            tuple(
                TableRow(
                    cells=(
                        value_cell(self.dimension, value, scope),
                        cell_of(RISE, rises[value], scope.zone),
                        cell_of(self.measure, now[value], scope.zone),
                    ),
                    share=round(100 * rises[value] / longest, 1),
                )
                for value in risen
            ),
        )

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many rows as may come, with nothing in them yet."""
        return self._ranking.blank(scope, rows)

    def note(self, scope: Scope) -> str:
        """With which period it is compared."""
        return _("Held against %(first)s to %(last)s.") % _days(_earlier(scope))

    @property
    def _ranking(self) -> Ranking:
        return Ranking(dimensions=(self.dimension,), measures=(RISE, self.measure))

    def _figures(self, asker: Asker, **options: Any) -> dict[Any, Any]:
        ranking = Ranking(dimensions=(self.dimension,), measures=(self.measure,))
        return {row.keys[self.dimension]: row.figures[0] for row in ranking.rows(asker, MAX_LIMIT, **options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Rows that are new in the range. On a site without any event before it all would be, so that none is shown."""

    ranking: Ranking
    kind: ClassVar[str] = "ranking"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        answer = self.ranking.draw(asker, rows=rows)
        if answer.is_empty or asker.site_has_events(everything_before(asker.scope.period)):
            return answer
        words = _("Nothing was counted before this range, so what is new in it cannot be told.")
        return Answer(table=Table(self.ranking.titles, ()), nothing=words)

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many rows as may come, with nothing in them yet."""
        return self.ranking.blank(scope, rows)


def _earlier(scope: Scope) -> Period:
    found = scope.before or before(scope.period, Comparison.PREVIOUS, zone=scope.zone, now=scope.now)
    assert found is not None  # noqa: S101  # every period has one before it
    return found


def _days(period: Period) -> dict[str, str]:
    return {"first": date_format(period.first_day, "j M Y"), "last": date_format(period.last_day, "j M Y")}
