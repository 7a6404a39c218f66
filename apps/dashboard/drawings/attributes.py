"""What is known of readers by their claims: the names of claims, and the values of the one that was chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.filters import CLAIM, IS, key_of
from apps.dashboard.measures import Measure, columns_of
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Table, TableRow, cell_of, rows_of, text_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Readers by claim; where the page's ``claim`` names one, by its values."""

    measures: tuple[Measure, ...]
    kind: ClassVar[str] = "ranking"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        claim = asker.scope.choice("claim")
        return self._values(asker, claim, rows) if claim else self._names(asker, rows)

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many rows as may come, with nothing in them yet."""
        return self._by_name.blank(scope, rows)

    @property
    def _by_name(self) -> Ranking:
        return Ranking(dimensions=("visitorClaimProperty",), measures=self.measures)

    def _names(self, asker: Asker, rows: int) -> Answer:
        answer = self._by_name.draw(asker, rows=rows)
        if answer.table is None or asker.scope.is_fixed:
            return answer
        linked = (_linked(row, asker.scope.with_choice("claim", str(row.cells[0].value))) for row in answer.table.rows)
        return replace(answer, table=Table(answer.table.headings, tuple(linked)))

    def _values(self, asker: Asker, claim: str, rows: int) -> Answer:
        first = self.measures[0]
        result = asker.ask(
            columns_of(self.measures),
            [{"column": CLAIM, "claim": claim}],
            where=({"column": "visitorClaimProperty", "values": [claim]},),
            order={"by": {"column": first.column}, "direction": "desc"},
            limit=rows,
            spare=1,
        )
        every = list(rows_of(result))
        found = every[:rows]
        longest = max((first.of(row) for row in found), default=0) or 1
        return Answer(
            table=Table(
                (claim, *(str(measure.label) for measure in self.measures)),
                tuple(
                    TableRow(
                        cells=(
                            text_cell(row[CLAIM] or "–", _link(asker.scope, claim, row[CLAIM] or "")),
                            *(cell_of(measure, measure.of(row), asker.scope.zone) for measure in self.measures),
                        ),
                        share=round(100 * first.of(row) / longest, 1),
                    )
                    for row in found
                ),
            ),
            is_cut=len(every) > rows,
        )


def _link(scope: Scope, claim: str, value: str) -> str:
    return "" if scope.is_fixed else scope.address.put(key_of(IS, CLAIM, claim), value).without("claim").link


def _linked(row: TableRow, link: str) -> TableRow:
    return replace(row, cells=(replace(row.cells[0], link=link), *row.cells[1:]))
