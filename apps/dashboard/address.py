"""The parameters of a page's address: everything that a reader chose stands there, so that a page can be sent on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Address:
    """Names with their values, in order; a name may come several times."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, parameters: QueryDict) -> Address:
        return cls(tuple((name, value) for name, values in parameters.lists() for value in values))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _value in self.pairs))

    def get(self, name: str, default: str = "") -> str:
        """The last value of ``name``."""
        return next((value for other, value in reversed(self.pairs) if other == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for other, value in self.pairs if other == name)

    def put(self, name: str, *values: str) -> Address:
        """The address with ``values`` as all of ``name``, where it was or at the end; with none, without it."""
        kept: list[tuple[str, str]] = []
        new = [(name, value) for value in values]
        for pair in self.pairs:
            if pair[0] != name:
                kept.append(pair)
            else:
                kept += new
                new = []
        return Address((*kept, *new))

    def without(self, *names: str) -> Address:
        return Address(tuple(pair for pair in self.pairs if pair[0] not in names))

    def only(self, names: Iterable[str]) -> Address:
        wanted = frozenset(names)
        return Address(tuple(pair for pair in self.pairs if pair[0] in wanted))

    @property
    def encoded(self) -> str:
        """As it stands behind the question mark."""
        return urlencode(self.pairs)

    @property
    def link(self) -> str:
        """The same page with these parameters; never empty, since an empty link keeps those that are there."""
        return f"?{self.encoded}"


NOTHING = Address()
"""No parameters."""
