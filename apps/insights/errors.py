"""Refusals of questions."""

from __future__ import annotations

from apps.core.errors import Refusal


class QueryError(Refusal):
    """A question that cannot be asked: answered with 422 and the place in the body."""


def quoted(names: object) -> str:
    """The names of an iterable as one readable list."""
    return ", ".join(str(name) for name in names)  # type: ignore[attr-defined]
