"""A question that costs too much is refused; the engine lives on."""

from __future__ import annotations

import pytest

from apps.core.errors import Refusal, Unavailable
from apps.events.store import EventStore, Statement


def test_a_statement_that_takes_too_long_is_stopped_and_said_to_be_too_long(store: EventStore) -> None:
    endless = Statement(sql="SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
    with pytest.raises(Unavailable, match="took too long"):
        store.query(endless, seconds=0.3)
    assert store.query(Statement(sql="SELECT 1")) == [[1]]


def test_a_statement_that_needs_too_much_memory_is_refused(store: EventStore) -> None:
    greedy = Statement(sql="SELECT length(groupArray(number)) FROM numbers(1000000000)")
    with pytest.raises(Refusal, match="too much memory") as refusal:
        store.query(greedy, memory=50_000_000)
    assert refusal.value.status == 422
    assert store.query(Statement(sql="SELECT 1")) == [[1]]
