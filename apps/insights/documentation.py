"""The documentation's table of columns, derived from the catalog."""

from __future__ import annotations

from apps.insights.catalog import DIMENSIONS, METRICS
from apps.insights.columns import Definition, Dimension
from apps.insights.kinds import Choice

HEAD = """# Columns

Made from the catalog by `manage.py describe_columns`; a test holds it to the code.
Absent: what an answer holds where an event has no value. Compare: whether `greaterThan` and its like are allowed.
"""


def columns_page() -> str:
    """docs/columns.md: every dimension and metric with its meaning, argument and values."""
    dimensions = "\n".join(map(_dimension_row, DIMENSIONS))
    metrics = "\n".join(
        f"| `{metric.name}` | {metric.help} | {_code(*metric.parts) if metric.parts else 'number'} |"
        for metric in METRICS
    )
    return (
        f"{HEAD}\n## Dimensions\n\n| column | meaning | argument | values | absent | compare |\n{'|---' * 6}|\n"
        f"{dimensions}\n\n## Metrics\n\n| column | meaning | value |\n{'|---' * 3}|\n{metrics}\n"
    )


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
