"""Filters of a page: a column is, or is not, one of some values. They stand in the address as ``is.urlPath=/a``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.dashboard.address import Address
from apps.dashboard.columns import SHOWN, Shown, from_text, kind_of
from apps.insights.catalog import COLUMNS
from apps.insights.errors import QueryError
from apps.insights.query import resolve_query

IS, IS_NOT = "is", "not"
_SIGNS = (IS, IS_NOT)
CLAIM = "visitorClaim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """``sign`` is ``is`` or ``not``; ``values`` are texts of the address, any of which will do; ``""`` is no value."""

    sign: str
    column: str
    claim: str = ""
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name of the parameter."""
        return key_of(self.sign, self.column, self.claim)

    @property
    def where(self) -> dict[str, Any]:
        """The published form."""
        kind = kind_of(self.column)
        claim = {"claim": self.claim} if self.claim else {}
        operator = {"operator": "notIn"} if self.sign == IS_NOT else {}
        return {"column": self.column, **claim, **operator, "values": [from_text(kind, text) for text in self.values]}

    @property
    def sentence(self) -> str:
        """What it keeps, in words."""
        shown = SHOWN[self.column]
        name = self.claim or str(shown.heading)
        values = _(" or ").join(text_of(shown, text) for text in self.values)
        form = _("%(name)s is not %(values)s") if self.sign == IS_NOT else _("%(name)s is %(values)s")
        return form % {"name": name, "values": values}


def key_of(sign: str, column: str, claim: str = "") -> str:
    """The name of a filter's parameter."""
    return ".".join((sign, column, *([claim] if claim else ())))


def text_of(shown: Shown, text: str) -> str:
    """A value of an address as people read it."""
    try:
        return shown.show(from_text(kind_of(shown.column), text))
    except (ValueError, TypeError):
        return text


def may_filter(column: str) -> bool:
    """Whether pages are narrowed by a column."""
    return column in SHOWN and SHOWN[column].group is not None and column in COLUMNS


def read_filters(address: Address, *, now: datetime) -> tuple[tuple[Filter, ...], str]:
    """The filters of an address, and a sentence about those that make no sense, which are left out."""
    found, strange = [], []
    for name in address.names:
        if name.partition(".")[0] not in _SIGNS:
            continue
        read = _read(name, address.all(name), now)
        if read is None:
            strange.append(name)
        else:
            found.append(read)
    note = _("Left out, since there is no such filter: %(names)s.") % {"names": ", ".join(strange)} if strange else ""
    return tuple(found), note


def _read(name: str, values: tuple[str, ...], now: datetime) -> Filter | None:
    sign, _dot, rest = name.partition(".")
    column, _dot, claim = rest.partition(".")
    if not may_filter(column) or bool(claim) is not (column == CLAIM):
        return None
    found = Filter(sign=sign, column=column, claim=claim, values=tuple(dict.fromkeys(values)))
    try:
        resolve_query({"range": "last7Days", "where": [found.where]}, site=0, now=now)
    except (QueryError, ValueError):
        return None
    return found


def narrowed(address: Address, sign: str, column: str, value: str, claim: str = "") -> Address:
    """The address with one more value of a filter; the opposite filter for that value goes."""
    key = key_of(sign, column, claim)
    other = key_of(IS if sign == IS_NOT else IS_NOT, column, claim)
    left = tuple(text for text in address.all(other) if text != value)
    return address.put(other, *left).put(key, *dict.fromkeys((*address.all(key), value)))


def widened(address: Address, filters: tuple[Filter, ...]) -> Iterator[tuple[Filter, Address]]:
    """Each filter with the address without it."""
    for each in filters:
        yield each, address.without(each.key)
