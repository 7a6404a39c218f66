"""How statements are laid out, so that people can read them."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent

from apps.insights.kinds import Scope


def lines(parts: Iterable[str], *, joint: str = ",") -> str:
    """SQL parts below one another, indented."""
    return f"{joint}\n".join(f"    {part}" for part in parts)


def definitions(scope: Scope) -> Iterable[str]:
    """What the expressions that are made by now refer to by name, for WITH."""
    return (f"{sql} AS {name}" for name, sql in scope.definitions.items())


def table(name: str, select: str) -> str:
    """A SELECT under a name, for WITH."""
    return f"{name} AS (\n{indent(select, '        ')}\n    )"
