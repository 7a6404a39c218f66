"""What a question counts: events, visits or searches, by the internal columns that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.insights.columns import Dimension, Metric, Source
from apps.insights.errors import QueryError


@dataclass(frozen=True, slots=True)
class Used:
    """A column that a body names, and where."""

    definition: Dimension | Metric
    path: str
    filters: bool = False


def source_of(columns: Iterable[Used]) -> Source:
    """What a question with these columns counts; raises ``QueryError`` where they do not go together."""
    used = list(columns)
    internal = [each for each in used if each.definition.source is not None]
    source = internal[0].definition.source if internal else None
    if source is None:
        return Source.EVENTS
    for each in internal:
        other = each.definition.source
        if other and other is not source:
            first = internal[0].definition.name
            raise QueryError(
                f"{each.definition.name} is of {other.value}, {first} of {source.value}: ask for them apart",
                path=each.path,
            )
    for each in used:
        _check(each, source)
    return source


def _check(each: Used, source: Source) -> None:
    """Refuse a published column that means nothing over the rows of ``source``."""
    definition = each.definition
    if isinstance(definition, Metric) and not definition.figure_over(source):
        raise QueryError(f"{definition.name} cannot be counted over {source.value}", path=each.path)
    if each.filters and definition.name == "eventType" and source is not Source.EVENTS:
        raise QueryError(f"{source.value} are formed of certain types of events: leave this filter out", path=each.path)
