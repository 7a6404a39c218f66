"""Ranked rows by one or more columns; the first measure is drawn as a bar behind each row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.dashboard.columns import SHOWN, kind_of, to_text
from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.measures import Figure, Measure, alike, columns_of
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Cell, Table, TableRow, blank_cell_of, cell_of, moment_cell, rows_of, text_cell
from apps.insights.catalog import COLUMNS
from apps.insights.query import MAX_LIMIT
from apps.insights.result import Result


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row: its dimensions' values, and each measure's."""

    keys: Mapping[str, Any]
    figures: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Rows by ``dimensions`` (names of columns), those with the greatest first measure first.

    ``order`` names another column to order by. ``has_bars``: the first measure is drawn behind the rows.
    """

    dimensions: tuple[str, ...]
    measures: tuple[Figure, ...]
    headings: tuple[Any, ...] = ()
    order: str = ""
    is_ascending: bool = False
    has_bars: bool = True
    kind: ClassVar[str] = "ranking"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        found = self.rows(asker, rows, spare=1)
        return Answer(table=self.table(found[:rows], asker.scope), is_cut=len(found) > rows)

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many rows as may come, with nothing in them yet."""
        cells = (
            *(text_cell("", scope.link_to(name, ""), SHOWN[name].length) for name in self.dimensions),
            *(blank_cell_of(measure) for measure in self.measures),
        )
        return Table(self.titles, (TableRow(cells=cells),) * rows)

    def rows(self, asker: Asker, rows: int, *, spare: int = 0, **options: Any) -> list[Ranked]:
        """The rows in their order, at most ``rows``, and ``spare`` more that the panel's request does not give."""
        groups = alike(self.measures)
        if len(groups) == 1:
            found = rows_of(self._ask(asker, groups[0], rows, spare=spare, **options))
            return [self._ranked(row, {leaf: leaf.of(row) for leaf in groups[0]}) for row in found]
        return self._merged(asker, groups, rows + spare, **options)

    def _ask(self, asker: Asker, leaves: Sequence[Measure], rows: int, **options: Any) -> Result:
        by = self.order or leaves[0].column
        order = {"by": {"column": by}, "direction": "asc" if self.is_ascending else "desc"}
        group_by = [{"column": name} for name in self.dimensions]
        where = (*leaves[0].where, *options.pop("where", ()))
        return asker.ask(columns_of(leaves), group_by, where=where, order=order, limit=rows, **options)

    def _merged(self, asker: Asker, groups: Sequence[Sequence[Measure]], rows: int, **options: Any) -> list[Ranked]:
        """Figures of different events, each asked for by itself and put together by the dimensions' values."""
        values: dict[str, dict[Measure, Any]] = {}
        keys: dict[str, dict[str, Any]] = {}
        for leaves in groups:
            labelled = {"label": str(leaves[0].label), **options}
            for row in rows_of(self._ask(asker, leaves, max(rows, MAX_LIMIT), **labelled)):
                key = json.dumps([row[name] for name in self.dimensions])
                keys.setdefault(key, row)
                values.setdefault(key, {}).update({leaf: leaf.of(row) for leaf in leaves})
        nothing = dict.fromkeys((leaf for group in groups for leaf in group), 0)
        found = [self._ranked(keys[key], nothing | values[key]) for key in keys]
        return sorted(found, key=lambda row: row.figures[0] or 0, reverse=not self.is_ascending)[:rows]

    def _ranked(self, row: Mapping[str, Any], values: Mapping[Measure, Any]) -> Ranked:
        return Ranked(
            {name: row[name] for name in self.dimensions}, tuple(measure.combine(values) for measure in self.measures)
        )

    def table(self, found: Sequence[Ranked], scope: Scope) -> Table:
        """The rows as a table."""
        bars = [row.figures[0] or 0 for row in found] if self.has_bars else [0] * len(found)
        longest = max(bars, default=0) or 1
        return Table(
            self.titles,
            tuple(
                TableRow(cells=self._cells(row, scope), share=round(100 * bar / longest, 1))
                for row, bar in zip(found, bars, strict=True)
            ),
        )

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings."""
        named = self.headings or tuple(SHOWN[name].heading for name in self.dimensions)
        return (*(str(name) for name in named), *(str(measure.label) for measure in self.measures))

    def _cells(self, row: Ranked, scope: Scope) -> tuple[Cell, ...]:
        figures = zip(self.measures, row.figures, strict=True)
        return (
            *(value_cell(name, value, scope) for name, value in row.keys.items()),
            *(cell_of(measure, value, scope.zone) for measure, value in figures),
        )


def value_cell(column: str, value: Any, scope: Scope) -> Cell:
    """A dimension's value in words, with the link that narrows the page to it."""
    if column == "datetime":
        return moment_cell(value, scope.zone)
    link = scope.link_to(column, to_text(kind_of(column), value)) if column in COLUMNS else ""
    shown = SHOWN[column]
    return text_cell(shown.show(value), link, shown.length)
