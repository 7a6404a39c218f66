"""One compiled statement per feature, as people read it.

The first line of each file in ``statements/`` is the request; the rest is what it becomes. After a wanted change, write
them anew with ``python -m tests.write_statements`` and read the difference.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.events.models import Event
from apps.insights.catalog import ALL_COLUMNS, CATALOG
from apps.insights.compiler import compile_query, readable
from apps.insights.query import OPERATORS, resolve_query

FOLDER = Path(__file__).parent / "statements"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = sorted(FOLDER.glob("*.sql"))


def statement_of(request: str) -> str:
    return readable(compile_query(resolve_query(json.loads(request), site=7, now=NOW, internal=True)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_request_becomes_this_statement(file: Path) -> None:
    request, _newline, expected = file.read_text().removeprefix("-- ").partition("\n")
    assert statement_of(request) == expected


def test_every_dimension_that_is_more_than_a_field_and_every_object_metric_has_a_statement() -> None:
    requests = " ".join(file.read_text().partition("\n")[0] for file in FILES)
    plain = {name for name, each in CATALOG.items() if getattr(each, "expression", "") in Event.fields()}
    special = set(CATALOG) - plain - {"visitorAuthenticated"}  # a field but for its type
    assert {name for name in special if f'"{name}"' not in requests} == set()
    assert {operator for operator in OPERATORS if operator != "in" and f'"{operator}"' not in requests} == set()


def test_every_internal_column_has_a_statement() -> None:
    requests = " ".join(file.read_text().partition("\n")[0] for file in FILES)
    internal = [name for name, each in ALL_COLUMNS.items() if each.source]
    assert len(internal) == 16
    assert {name for name in internal if f'"{name}"' not in requests} == set()
