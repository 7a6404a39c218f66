"""What is counted in advance: derived from the catalog, so that a column says it in one place."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from apps.events.models import Event
from apps.insights.catalog import DIMENSIONS

KEYS = ("event_type", "bot", "display_context")
"""Fields by which every declaration is kept: questions may filter and group by them beside any one dimension."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event as a rollup's text."""

    name: str

    @property
    def _is_flag(self) -> bool:
        return Event.fields()[self.name].engine_type == "Nullable(Bool)"

    @property
    def absent(self) -> str:
        """The text where the event has no value."""
        return "-1" if self._is_flag else ""

    @property
    def encoded(self) -> str:
        """SQL of the text that is kept of an event's field."""
        return f"toString(ifNull(toInt8({self.name}), -1))" if self._is_flag else f"toString({self.name})"

    def decoded(self, text: str) -> str:
        """SQL of the field's value, of the SQL of its text."""
        return f"if({text} = '-1', NULL, {text} = '1')" if self._is_flag else text


@dataclass(frozen=True, slots=True)
class Declaration:
    """One set of counts: by the keys, and by the one or two fields of a dimension; none for the totals.

    ``bit`` is its number in ``present``. ``hourly``: its hours are kept for good; the others keep hours until their
    day is counted. ``sessions``: sessions are counted too; not of columns with many values, where they would take
    as much space again, and no page asks for them.
    """

    name: str
    fields: tuple[Field, ...] = ()
    bit: int = 0
    hourly: bool = False
    sessions: bool = True

    @property
    def absent(self) -> tuple[str, str]:
        """The texts where an event has no value."""
        first, second = (*(field.absent for field in self.fields), "", "")[:2]
        return first, second

    @property
    def encoded(self) -> tuple[str, str]:
        """SQL of an event's texts."""
        first, second = (*(field.encoded for field in self.fields), "''", "''")[:2]
        return first, second


_WITHOUT_SESSIONS = frozenset({"urlPath", "page", "eventSearchQuery"})

TOTALS = Declaration("", hourly=True)
DECLARATIONS: dict[str, Declaration] = {
    TOTALS.name: TOTALS,
    **{
        dimension.name: Declaration(
            dimension.name,
            tuple(Field(name) for name in dimension.prepared),
            bit,
            sessions=dimension.name not in _WITHOUT_SESSIONS,
        )
        for bit, dimension in enumerate(
            dimension for dimension in DIMENSIONS if dimension.prepared and not set(dimension.prepared) <= set(KEYS)
        )
    },
}
"""Name of the dimension → what is kept of it."""

VERSION = 1
"""To be raised when a statement that counts changes what it counts."""

DECLARED = blake2b(
    repr((VERSION, KEYS, [(each, each.encoded, each.absent) for each in DECLARATIONS.values()])).encode(), digest_size=4
).hexdigest()
"""What the declarations were when a period was counted: where they have changed since, it is counted anew."""
