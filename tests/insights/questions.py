"""Parts of questions, as short as a test wants to write them."""

from __future__ import annotations

from typing import Any

from tests.insights.conftest import Desk

COUNT = [{"column": "eventsCount"}]


def columns(*names: str) -> list[dict[str, str]]:
    """Columns without arguments."""
    return [{"column": name} for name in names]


def filtered(column: str, operator: str, *values: Any, **arguments: Any) -> dict[str, Any]:
    """One item of ``where``."""
    return {"column": column, "operator": operator, "values": list(values), **arguments}


def counted(desk: Desk, *filters: dict[str, Any]) -> int:
    """How many events the filters keep."""
    ((_name, (count,)),) = desk.ask(select=COUNT, where=list(filters))
    return int(count)
