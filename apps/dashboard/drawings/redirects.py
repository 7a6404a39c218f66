"""Broken paths as redirects to copy: each with the existing page whose path is most alike."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from django.utils.translation import gettext as _

from apps.dashboard.drawings.asking import Answer, Asker
from apps.dashboard.drawings.ranking import Ranking
from apps.dashboard.measures import EVENTS
from apps.dashboard.tables import Table, TableRow, number_cell, text_cell
from apps.insights.query import MAX_LIMIT

_LIKENESS = 0.6
"""Of 1: less alike than this is no suggestion."""
_READ = (
    {"column": "eventType", "values": ["page_view"]},
    {"column": "page", "operator": "notIn", "values": [None]},
)


@dataclass(frozen=True, slots=True)
class Redirects:
    """``/old /new 301`` lines, the most asked for first, as hosts such as Netlify and GitBook read them."""

    kind: ClassVar[str] = "redirects"

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        ranking = Ranking(dimensions=("urlPath",), measures=(EVENTS,))
        broken = ranking.rows(asker, rows)
        pages = Asker(scope=asker.scope, where=_READ)
        known = [str(row.keys["urlPath"]) for row in ranking.rows(pages, MAX_LIMIT)]
        found = [(str(row.keys["urlPath"]), row.figures[0]) for row in broken]
        return Answer(
            table=Table(
                (_("Broken path"), _("Hits"), _("Page most alike")),
                tuple(
                    TableRow(cells=(text_cell(path), number_cell(hits), text_cell(_most_alike(path, known))))
                    for path, hits in found
                ),
            ),
        )


def _most_alike(path: str, known: list[str]) -> str:
    """The existing path that ``path`` was probably meant to be; empty where none is alike enough."""
    alike = get_close_matches(path, known, n=1, cutoff=_LIKENESS)
    return alike[0] if alike else ""
