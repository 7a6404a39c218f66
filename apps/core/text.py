"""Text that can be written down."""

from __future__ import annotations


def is_well_formed(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula."""


def harmless(value: object) -> object:
    """A value for CSV: a text that a spreadsheet would run as a formula stands behind an apostrophe."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_MARKS):
        return f"'{value}"
    return value
