"""What only our own pages may ask for: the API neither takes nor describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.api.openapi import document_text
from apps.insights.catalog import ALL_COLUMNS, COLUMNS
from tests.api.calls import Caller, event
from tests.people import World

DIMENSIONS = ("pathIsNew", "askGoal", "openedResult", "entryPage", "exitPage", "finishedSearchQuery")
METRICS = (
    *("pathsCount", "firstSeen", "lastSeen", "visitsCount", "singleViewVisitsCount", "viewsPerVisit", "visitSeconds"),
    *("searchRunsCount", "clickedSearchRunsCount", "unclickedSearchRunsCount"),
)


def test_these_are_all_of_them() -> None:
    assert {*DIMENSIONS, *METRICS} == set(ALL_COLUMNS) - set(COLUMNS)


def places(column: str) -> list[tuple[dict[str, Any], str]]:
    """Bodies that name a column in every place, and the place."""
    named = {"column": column}
    return [
        ({"select": [{"column": "eventsCount"}, named]}, "body.select.1.column"),
        ({"groupBy": [named]}, "body.groupBy.0.column"),
        ({"where": [{**named, "values": [1]}]}, "body.where.0.column"),
        ({"order": {"by": named, "direction": "asc"}}, "body.order.by.column"),
    ]


@pytest.mark.parametrize("column", [*DIMENSIONS, *METRICS])
def test_the_api_refuses_an_internal_column_as_one_that_does_not_exist(ada: Caller, world: World, column: str) -> None:
    for (body, place), (unknown, _place) in zip(places(column), places("neverHeardOf"), strict=True):
        response = ada.ask(world.docs, {"range": "last7Days", **body})
        assert response.status_code == 422
        assert response.json() == {"error": {"code": 422, "message": f"{place}: expected the name of a column"}}
        assert response.json() == ada.ask(world.docs, {"range": "last7Days", **unknown}).json()


def test_no_answer_of_the_api_has_an_internal_column(ada: Caller, world: World) -> None:
    ada.track(world.docs, event())
    assert set(ada.values(world.docs)) == {"eventsCount", "visitorsCount", "sessionsCount"}


def test_neither_the_document_nor_the_published_tables_name_an_internal_column() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "columns.md").read_text()
    published, internal = page.split("\n## Internal columns\n")
    document = document_text()
    assert published.count("\n| `") == 50
    for column in (*DIMENSIONS, *METRICS):
        assert column not in published
        assert column not in document
        assert f"\n| `{column}` |" in internal
