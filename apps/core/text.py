"""Text that can be written down."""

from __future__ import annotations

import re


def is_well_formed(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_CELL_OF_A_FORMULA = re.compile(r"""^(?=[ "]*[=+\-@\t\r\n])|(?<=[;\t\r\n])(?=[ "]*[=+\-@])""")
"""Where a spreadsheet begins a cell that it takes for a formula.

In many countries a semicolon parts the cells of a CSV, whatever the file says, and quotes then hold nothing together.
"""


def harmless(value: object) -> object:
    """A value for CSV: what a spreadsheet would run as a formula stands behind an apostrophe.

    So does what would be one where semicolons, TABs or ends of lines part the cells, within a text too.
    """
    return _CELL_OF_A_FORMULA.sub("'", value) if isinstance(value, str) else value
