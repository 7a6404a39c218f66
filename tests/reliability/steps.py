"""What a filling does, step by step: a test may stop it there, or have something else happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db.backends.base.base import BaseDatabaseWrapper

from apps.events.store import EventStore, Statement


@contextmanager
def watched(step: Callable[[str], None]) -> Iterator[None]:
    """Have ``step`` called, with a name, before and after all that changes the event store, and each commit."""
    command, commit = EventStore.command, BaseDatabaseWrapper.__dict__["_commit"]

    def watched_command(store: EventStore, statement: Statement, **options: Any) -> None:
        name = " ".join(statement.sql.split()[:3])
        step(f"before {name}")
        command(store, statement, **options)
        step(f"after {name}")

    def watched_commit(connection: BaseDatabaseWrapper) -> None:
        step("before COMMIT")
        commit(connection)
        step("after COMMIT")

    with (
        patch.object(EventStore, "command", watched_command),
        patch.object(BaseDatabaseWrapper, "_commit", watched_commit),
    ):
        yield
