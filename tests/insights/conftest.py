"""A desk to ask at: a site, its stored events, and the answers of the real engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from apps.events.store import EventStore, Row
from apps.insights.compiler import compile_query
from apps.insights.result import Result
from apps.insights.services import resolve
from apps.sites.models import Site
from tests.insights.events import NOW


@dataclass
class Desk:
    """Asks about one site; ``events`` are all that was stored there, as the evaluator takes them."""

    store: EventStore
    site: Site
    events: list[Row] = field(default_factory=list)

    def holds(self, *events: Row) -> None:
        """Store events of this site."""
        rows = [{**event, "site": self.site.pk} for event in events]
        self.store.insert(rows)
        self.events.extend(rows)

    def answer(self, body: dict[str, Any], *, now: datetime = NOW, internal: bool = False) -> dict[str, Any]:
        """The engine's answer from events, in the published form."""
        query = resolve(body, site=self.site, now=now, internal=internal)
        return Result.of(query, self.store.query(compile_query(query))).to_json()

    def ask(self, *, range: Any = "lastYear", **body: Any) -> list[tuple[Any, ...]]:
        """The columns of the answer as tuples: name, claim where there is one, values."""
        columns = self.answer({"range": range, **body})["columns"]
        return [tuple(column.values()) for column in columns]

    def ask_inside(self, *names: str, range: Any = "lastYear", **body: Any) -> list[tuple[Any, ...]]:
        """The rows of the answer to our own pages: the values of the selected columns."""
        select = [{"column": name} for name in names]
        columns = self.answer({"range": range, "select": select, **body}, internal=True)["columns"]
        return list(zip(*(column["values"] for column in columns), strict=True))


@pytest.fixture
def desk(store: EventStore) -> Desk:
    """A site without events. It is not saved: a question needs nothing of Django's database."""
    return Desk(store, Site(pk=1, title="Acme Docs", url="https://docs.acme.example"))
