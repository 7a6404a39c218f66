"""Weighted picks."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Choice(Generic[T]):
    """Things with weights; ``pick`` gives each as often as its weight says."""

    def __init__(self, weighted: Iterable[tuple[T, float]]) -> None:
        pairs = list(weighted)
        self.items = [item for item, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))

    def pick(self, dice: Random) -> T:
        return self.items[bisect(self._sums, dice.random() * self._sums[-1], hi=len(self.items) - 1)]
