"""Claim sets in words and in part: what of them is compared, and how a set is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

MOST_PARTS = 3
UNSIGNED = "unsigned."
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s_.\-]+")


def without(claims: Mapping[str, Any], dropped: Collection[str], above: str = "") -> dict[str, Any]:
    """``claims`` without the values at the ``dropped`` dotted paths, and without what is empty then."""
    kept = {}
    for name, value in claims.items():
        path = f"{above}{name}"
        inner = _without(value, path, dropped)
        if inner is not None:
            kept[name] = inner
    return kept


def _without(value: Any, path: str, dropped: Collection[str]) -> Any:
    """The part of ``value`` that is kept, or ``None``. An array's elements have the path of the array."""
    if isinstance(value, Mapping):
        return without(value, dropped, f"{path}.") or None
    if isinstance(value, list):
        inner = (_without(element, path, dropped) for element in value)
        return [element for element in inner if element is not None] or None
    return None if path in dropped else value


def title_of(claims: Mapping[str, Any]) -> str:
    """How a detected segment is called. Source of the rules: contract.md, Visitor segments."""
    leaves = list(_leaves(claims, ""))
    if not leaves:
        return _("Anonymous visitors")
    names = [path.removeprefix(UNSIGNED) for path, _values in leaves]
    if len(leaves) == 1 and leaves[0][1] is True:
        return _in_words(names[0])
    parts = [f"{name}: {_printed(value)}" for name, (_path, value) in zip(names, leaves, strict=True)]
    more = [f"+{len(parts) - MOST_PARTS}"] if len(parts) > MOST_PARTS else []
    return " · ".join(parts[:MOST_PARTS] + more)


def is_about(claims: Mapping[str, Any], text: str) -> bool:
    """Whether ``text`` is a part of one of the claims as people write them, ``plan: enterprise``, large or small."""
    wanted = text.casefold()
    return any(wanted in f"{path}: {_printed(value)}".casefold() for path, value in _leaves(claims, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each dotted path with its value, an array being one; sorted as canonical JSON sorts keys."""
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _leaves(value[name], f"{path}.{name}" if path else name)
    else:
        yield path, value


def _printed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_printed(element) for element in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{path} {_printed(inner)}" for path, inner in _leaves(value, ""))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _in_words(name: str) -> str:
    words = [word if word.isupper() else word.lower() for word in _WORD_ENDS.split(name) if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]
