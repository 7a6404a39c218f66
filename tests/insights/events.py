"""Stored events for the tests: a builder with sensible defaults."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

_ids = count(1)

NOW = datetime(2026, 4, 30, 12, 34, 56, 789_000, tzinfo=UTC)
"""The moment at which the tests ask."""


def event(at: str = "2026-04-20T10:00:00Z", *, visitor: int = 1, **fields: Any) -> dict[str, Any]:
    """A page view of a person in the stored form, ``at`` an RFC 3339 time; later calls arrive later.

    The session defaults to the visitor's only one. The site is given by whoever stores it.
    """
    defaults = {
        "id": next(_ids),
        "batch": 1,
        "received": datetime(2026, 4, 30, tzinfo=UTC),
        "event_type": "page_view",
        "session": visitor * 100,
        "url": "https://docs.acme.example/",
        "url_path": "/",
        "display_context": "site",
        "device": "desktop",
        "browser": "chrome",
        "os": "linux",
    }
    timestamp = datetime.fromisoformat(at).astimezone(UTC)
    return {**defaults, "timestamp": timestamp, "visitor": visitor, **fields}
