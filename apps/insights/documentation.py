"""The documentation's tables of columns, derived from the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import getdoc

from apps.insights.catalog import DIMENSIONS, METRICS
from apps.insights.columns import Definition, Dimension, Metric, Source
from apps.insights.forming import FORMED
from apps.insights.internal import INTERNAL_DIMENSIONS, INTERNAL_METRICS
from apps.insights.kinds import Choice

HEAD = """# Columns

Made from the catalog by `manage.py describe_columns`; a test holds it to the code.
Absent: what an answer holds where an event has no value. Compare: whether `greaterThan` and its like are allowed.
"""


INTERNAL = """## Internal columns

Our own pages ask for these in the same form; the API refuses them as it refuses names that do not exist. A question
that names one counts what that column is of: events, visits or searches. Columns of two of these do not go together.

- Filters on published dimensions keep or drop events, before visits and searches are formed of what is left. Filters on
  internal dimensions keep or drop visits and searches; filters on metrics, groups.
- The type of an event cannot be filtered by where visits or searches are counted, and ratings cannot be counted there.
- Answers are exact, and always read from events.
"""

OF_EVENTS = """These are figures and properties of events, and stand beside all published columns."""


def columns_page() -> str:
    """docs/columns.md: every dimension and metric with its meaning, argument and values."""
    internal = "\n".join(_internal(source) for source in Source)
    return (
        f"{HEAD}\n## Dimensions\n\n{_dimensions(DIMENSIONS)}\n## Metrics\n\n{_metrics(METRICS)}\n{INTERNAL}\n{internal}"
    )


def _internal(source: Source) -> str:
    """What a source is, and its columns."""
    rule = getdoc(FORMED[source]) if source in FORMED else OF_EVENTS
    dimensions = _dimensions(each for each in INTERNAL_DIMENSIONS if each.source is source)
    metrics = _metrics(each for each in INTERNAL_METRICS if each.source is source)
    return f"### Of {source.value}\n\n{rule}\n\n{dimensions}\n{metrics}"


def _dimensions(dimensions: Iterable[Dimension]) -> str:
    rows = "\n".join(map(_dimension_row, dimensions))
    return f"| column | meaning | argument | values | absent | compare |\n{'|---' * 6}|\n{rows}\n"


def _metrics(metrics: Iterable[Metric]) -> str:
    rows = "\n".join(f"| `{metric.name}` | {metric.help} | {_value(metric)} |" for metric in metrics)
    return f"| column | meaning | value |\n{'|---' * 3}|\n{rows}\n"


def _value(metric: Metric) -> str:
    if metric.kind:
        return type(metric.kind).__name__.lower()
    return _code(*metric.parts) if metric.parts else "number"


def _dimension_row(dimension: Dimension) -> str:
    kind = dimension.kind
    cells = (
        f"`{dimension.name}`",
        str(dimension.help),
        _argument(dimension),
        _code(*kind.choices) if isinstance(kind, Choice) else type(kind).__name__.lower(),
        _absent(dimension),
        "yes" if kind.comparable else "",
    )
    return f"| {' | '.join(cells)} |"


def _argument(definition: Definition) -> str:
    if definition.argument is None:
        return ""
    return f"`{definition.argument.name}`" + (", required" if definition.argument.required else "")


def _absent(dimension: Dimension) -> str:
    if not dimension.kind.can_be_absent:
        return ""
    printed = dimension.kind.dump(dimension.kind.absent)
    return "`null`" if printed is None else f'`"{printed}"`' if isinstance(printed, str) else f"`{printed}`"


def _code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)
