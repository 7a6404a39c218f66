"""Pictures of one figure by fixed places: the countries of the world, the hours of the week, ratings over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from apps.dashboard.columns import SHOWN
from apps.dashboard.drawings.asking import Answer, Asker, columns
from apps.dashboard.drawings.courses import by_bucket
from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.figures import Part, hours, stacked, world
from apps.dashboard.measures import Measure
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Table, TableRow, by_moment, cell_of, rows_of, text_cell

_COUNTRIES = 250
"""More than there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A map of the first measure by country, beside the countries with the most."""

    measures: tuple[Measure, ...]
    kind: ClassVar[str] = "world"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        found = self._ranking.rows(asker, max(rows, _COUNTRIES))
        values = {row.keys["visitorGeoCountry"]: row.figures[0] for row in found if row.keys["visitorGeoCountry"]}
        links = {country: asker.scope.link_to("visitorGeoCountry", country) for country in values}
        return Answer(
            table=self._ranking.table(found[:rows], asker.scope),
            figure=world(values, label=str(self.measures[0].label), links=links),
            is_cut=len(found) > rows,
        )

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many countries as may come, with nothing in their rows yet."""
        return self._ranking.blank(scope, rows)

    @property
    def _ranking(self) -> Ranking:
        return Ranking(dimensions=("visitorGeoCountry",), measures=self.measures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The week as seven days of 24 hours, in the time zone of the page."""

    measure: Measure
    kind: ClassVar[str] = "hours"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        result = asker.ask([self.measure.column], columns(["dayOfWeek", "hourOfDay"]))
        values = {(row["dayOfWeek"], row["hourOfDay"]): self.measure.of(row) for row in rows_of(result)}
        zone = asker.scope.zone
        days, clock = SHOWN["dayOfWeek"], SHOWN["hourOfDay"]
        table = Table(
            (str(days.heading), *(clock.show(hour) for hour in range(24))),
            tuple(
                TableRow(
                    cells=(
                        text_cell(days.show(day)),
                        *(cell_of(self.measure, values.get((day, hour), 0), zone) for hour in range(24)),
                    )
                )
                for day in range(1, 8)
            ),
        )
        return Answer(table=table, figure=hours(values, label=str(self.measure.label)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """Parts of a whole over time, as bars on one another; ``colours`` are custom properties of the style sheet."""

    parts: tuple[Measure, ...]
    colours: tuple[str, ...]
    kind: ClassVar[str] = "trend"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        scope = asker.scope
        interval = scope.period.interval
        series = by_bucket(asker, self.parts, scope.period)
        parts = [Part(part.label, colour) for part, colour in zip(self.parts, self.colours, strict=True)]
        return Answer(
            table=by_moment(self.parts, series, interval=interval, zone=scope.zone),
            series=series,
            figure=stacked(series, parts, interval=interval, zone=scope.zone),
            legend=tuple((str(part.label), part.colour) for part in parts),
        )
