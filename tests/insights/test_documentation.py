"""The page of columns says what the code does."""

from __future__ import annotations

from pathlib import Path

from apps.insights.catalog import CATALOG, DIMENSIONS, METRICS
from apps.insights.documentation import columns_page

PAGE = Path(__file__).parents[2] / "docs" / "columns.md"


def test_the_page_of_columns_is_current() -> None:
    assert PAGE.read_text() == columns_page()


def test_the_catalog_holds_the_fifty_published_columns() -> None:
    assert len(DIMENSIONS) == 45
    assert len(METRICS) == 5
    assert len(CATALOG) == 50
