"""Asking for a panel: through the same ``resolve`` and ``run`` as the API, and noting what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

from apps.dashboard.measures import EVENTS
from apps.dashboard.ranges import Period
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Series, Table, Total, rows_of
from apps.insights.catalog import COLUMNS
from apps.insights.query import MAX_LIMIT
from apps.insights.result import Result
from apps.insights.services import resolve
from apps.rollups.answers import run

Body = dict[str, Any]
"""A request as the aggregate operation takes it."""
Conditions = Sequence[Mapping[str, Any]]
"""Filters in the published form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a panel is made of. ``label`` tells it from the others, where there are several.

    ``is_internal``: it names columns that the API does not give.
    """

    label: str
    body: Body
    is_internal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a panel shows. ``problem`` is a sentence in place of figures; else the table is there, and the
    figure or the totals where the panel draws them. ``legend`` names the figure's colours. ``note`` is a sentence
    below the figures, ``nothing`` one in their place where there are none, if it is not the panel's own.
    """

    table: Table | None = None
    totals: tuple[Total, ...] = ()
    series: Series | None = None
    figure: Mapping[str, Any] | None = None
    legend: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    note: str = ""
    nothing: str = ""
    asked: tuple[Asked, ...] = ()
    is_compared: bool = False
    """Whether the same of an earlier period is drawn underneath."""
    is_cut: bool = False
    """Whether there are more rows than those."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted."""
        if self.table is None:
            return False
        numbers = [cell.value for row in self.table.rows for cell in row.cells if cell.is_number]
        return not any(numbers) and not (self.table.rows and not numbers)

    def with_requests(self, asked: Sequence[Asked]) -> Answer:
        """The same with the requests that it is made of."""
        return replace(self, asked=tuple(asked))


@dataclass(slots=True, kw_only=True)
class Asker:
    """Asks for one panel: adds the page's range, time zone and filters, and remembers each request."""

    scope: Scope
    where: Conditions = ()
    asked: list[Asked] = field(default_factory=list)

    def ask(
        self,
        select: Iterable[str],
        group_by: Iterable[Mapping[str, Any]] = (),
        *,
        where: Conditions = (),
        order: Mapping[str, Any] | None = None,
        limit: int | None = None,
        spare: int = 0,
        period: Period | None = None,
        label: object = "",
    ) -> Result:
        """The answer for the panel's conditions and ``where``; ``limit`` may be beyond what the API gives at once.

        ``spare`` rows beyond it are asked for here alone: whether they come tells whether there are more.
        """
        body: Body = {
            "range": (period or self.scope.period).published,
            "timezone": self.scope.zone.key,
            "where": [dict(part) for part in (*self.where, *where, *self.scope.where)],
            "select": columns(select),
        }
        groups = [dict(each) for each in group_by]
        if groups:
            body["groupBy"] = groups
        if order:
            body["order"] = dict(order)
        if limit:
            body["limit"] = min(limit, MAX_LIMIT)
        named = {each["column"] for key in ("where", "select", "groupBy") for each in body.get(key, ())}
        self.asked.append(Asked(str(label), body, not named <= set(COLUMNS)))
        return self._run(self.asked[-1], limit + spare if limit else None)

    def site_has_events(self, period: Period) -> bool:
        """Whether the site has any event of anybody in a period, whatever the page is narrowed to."""
        site = Asker(scope=replace(self.scope, filters=(), segment=None))
        return any(EVENTS.of(row) for row in rows_of(site.ask([EVENTS.column], period=period)))

    def _run(self, asked: Asked, limit: int | None) -> Result:
        query = resolve(asked.body, site=self.scope.site, now=self.scope.now, internal=asked.is_internal)
        return run(replace(query, limit=limit) if limit else query)


class Drawing(Protocol):
    """A way of drawing. ``kind`` is the name of its template and of its class in the style sheet."""

    kind: ClassVar[str]

    def draw(self, asker: Asker, *, rows: int) -> Answer:
        """Ask what is needed and make the answer of it; ``rows`` is how many are wanted where it has rows."""


@runtime_checkable
class WithRows(Drawing, Protocol):
    """A drawing with rows that are ranked."""

    def blank(self, scope: Scope, rows: int) -> Table:
        """As many rows as may come, with nothing in them yet."""


@runtime_checkable
class WithNote(Drawing, Protocol):
    """A drawing below which a sentence always stands."""

    def note(self, scope: Scope) -> str:
        """The sentence, which is known before the figures are."""


def columns(names: Iterable[str]) -> list[dict[str, str]]:
    """Names as the published form has them, each once."""
    return [{"column": name} for name in dict.fromkeys(names)]
