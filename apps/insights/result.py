"""The answer to a query: columns of printed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.insights.columns import Column
from apps.insights.kinds import Json
from apps.insights.query import Query


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of an answer: all columns of an answer have equally many values."""

    column: Column
    values: tuple[Json, ...]

    def to_json(self) -> dict[str, Json]:
        return {"column": self.column.name, **self.column.repeated_arguments, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Result:
    """What a query found."""

    columns: tuple[ResultColumn, ...]

    @classmethod
    def of(cls, query: Query, stored: Sequence[Sequence[Any]]) -> Result:
        """The printed form of the engine's columns; ``stored`` is empty where there are no rows."""
        columns = stored or [()] * len(query.columns)
        return cls(
            tuple(
                ResultColumn(column, tuple(column.dump(value, query.zone) for value in values))
                for column, values in zip(query.columns, columns, strict=True)
            )
        )

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def values(self, name: str) -> tuple[Json, ...]:
        """The values of the first column called ``name``."""
        return next(each.values for each in self.columns if each.column.name == name)

    def to_json(self) -> dict[str, Json]:
        """The published form."""
        return {"columns": [each.to_json() for each in self.columns]}
