"""Whether the database of the records is what failed."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

_OUR_MISTAKES = ("no such", "has no column", "syntax error")
"""What SQLite calls operational too."""


def records_are_away(error: BaseException) -> bool:
    """Whether the database did not answer, or cannot now: a connection that is gone, a lock that is not given."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return not any(words in str(error) for words in _OUR_MISTAKES)
