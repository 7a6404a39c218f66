"""Lone surrogates: legal in JSON's grammar, no text in any encoding.

A browser that cuts a text inside an emoji sends one; the rest of its batch should not be lost for that.
"""

from __future__ import annotations

import re

_HINT = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def well_formed(text: bytes) -> bytes:
    """``text`` (JSON) with each escape of a lone surrogate replaced by that of U+FFFD; pairs stay."""
    return _ESCAPE.sub(_mend, text) if _HINT.search(text) else text


def _mend(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape.group(1) else escape.group()
