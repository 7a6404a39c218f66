"""A column that figures are grouped by, chosen by a reader: how it is asked for, written and filtered by."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format

from apps.dashboard.address import Address
from apps.dashboard.buckets import buckets_of
from apps.dashboard.columns import SHOWN, kind_of, to_text
from apps.dashboard.filters import CLAIM, IS, may_filter, narrowed
from apps.dashboard.scope import Scope
from apps.dashboard.tables import Cell, bucket_cell, text_cell
from apps.insights.moments import Interval

MOMENT = "datetime"
_FIXED = {"dayOfWeek": range(1, 8), "hourOfDay": range(24)}
"""Columns of few values that have an order of their own."""
_MARKS = {Interval.HOUR: "j M, H:i", Interval.DAY: "j M", Interval.WEEK: "j M", Interval.MONTH: "M Y"}


@dataclass(frozen=True, slots=True)
class Axis:
    """``claim`` is the path of a ``visitorClaim``. A moment is grouped by the interval of the page."""

    column: str
    claim: str = ""

    @property
    def key(self) -> str:
        """Its name in an address."""
        return f"{self.column}.{self.claim}" if self.claim else self.column

    @property
    def heading(self) -> str:
        return self.claim or str(SHOWN[self.column].heading)

    @property
    def is_time(self) -> bool:
        return self.column == MOMENT

    @property
    def is_ordered(self) -> bool:
        """Whether its values have an order of their own, and are known before anything is asked."""
        return self.is_time or self.column in _FIXED

    def body(self, scope: Scope) -> dict[str, Any]:
        """The column in the published form."""
        if self.is_time:
            return {"column": self.column, "interval": scope.period.interval.value}
        return {"column": self.column, **({"claim": self.claim} if self.claim else {})}

    def every(self, scope: Scope) -> list[Any]:
        """All values of an ordered one, as the answer has them but for moments, which are aware."""
        if self.is_time:
            return [bucket.start for bucket in buckets_of(scope.period, zone=scope.zone, now=scope.now)]
        return list(_FIXED[self.column])

    def key_of(self, value: Any) -> Hashable:
        """What tells a value of the answer from others."""
        if self.is_time:
            return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return json.dumps(value, sort_keys=True)

    def is_one_of(self, scope: Scope, *values: Any) -> dict[str, Any]:
        """The filter that keeps some values of the answer."""
        return {**self.body(scope), "values": list(values)}

    def narrowed(self, address: Address, value: Any) -> Address:
        """The address narrowed to a value; as it is where nothing is narrowed by this column."""
        if not may_filter(self.column):
            return address
        text = (value or "") if self.column == CLAIM else to_text(kind_of(self.column), value)
        return narrowed(address, IS, self.column, text, self.claim)

    def mark(self, moment: datetime, scope: Scope) -> str:
        """A moment in few letters."""
        return date_format(moment.astimezone(scope.zone), _MARKS[scope.period.interval])

    def cell(self, value: Any, scope: Scope) -> Cell:
        """A value in words, with the link that narrows the page to it."""
        if self.is_time:
            start = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            return bucket_cell(start, scope.period.interval, scope.zone)
        return text_cell(SHOWN[self.column].show(value), link_to(scope, self.narrowed(scope.address, value)))


def link_to(scope: Scope, address: Address) -> str:
    """The link to a narrower page; empty where it is none, or the reader may not choose."""
    return "" if scope.is_fixed or address == scope.address else address.link
