"""One visit being told: a clock that moves on, and the events so far, in the published form."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

from apps.events.demo.sitemap import BASE_URL, SHARE_KEY, Page

Told = tuple[int, dict[str, Any]]
"""When (milliseconds since 1970), and the event."""


@cache
def location(page: Page, context: str, query: str = "", share_key: str | None = None) -> dict[str, Any]:
    """The location of a page; one object for all its events, not to be changed."""
    section = page.section
    prefix = f"/{share_key}" if share_key else ""
    return {
        "url": f"{BASE_URL}{prefix}{page.path}{query}",
        "displayContext": context,
        "siteSection": section.id,
        "siteSpace": section.site_space,
        "siteShareKey": share_key,
        "space": section.space,
        "revision": section.revision,
        "page": page.id,
    }


@cache
def nowhere(path: str) -> dict[str, Any]:
    """The location of an address that no page has; one object for all its events, not to be changed."""
    return {
        "url": f"{BASE_URL}{path}",
        "displayContext": "site",
        "siteSection": None,
        "siteSpace": None,
        "siteShareKey": None,
        "space": None,
        "revision": None,
        "page": None,
    }


def rfc3339(moment: int) -> str:
    """Milliseconds since 1970 as the published form writes them."""
    text = datetime.fromtimestamp(moment // 1000, UTC).isoformat()
    return f"{text[:19]}.{moment % 1000:03d}Z"


class Visit:
    """Collects what happens during one session."""

    def __init__(self, session: dict[str, Any], *, start: int, dice: Random, share_key: str | None = None) -> None:
        self.dice = dice
        self.told: list[Told] = []
        self.here: dict[str, Any] = {}
        self._session = session
        self._moment = start
        self._share_key = share_key

    def wait(self, seconds: float) -> None:
        """Let about so many seconds pass: half to one and a half times as long."""
        self._moment += int(seconds * 1000 * (0.5 + self.dice.random()))

    def go(self, page: Page, context: str = "site", query: str = "") -> None:
        """Be on a page from now on."""
        self.here = location(page, context, query, self._share_key)

    def lose(self, path: str) -> None:
        """Be on an address that does not exist."""
        self.here = nowhere(path)

    def tell(self, event_type: str, **own: Any) -> None:
        """Add an event that happens here and now."""
        event = {
            "type": event_type,
            "timestamp": rfc3339(self._moment),
            "session": self._session,
            "location": self.here,
            **own,
        }
        self.told.append((self._moment, event))

    def chance(self, probability: float) -> bool:
        """Whether something of that probability happens."""
        return self.dice.random() < probability


def preview_key(dice: Random) -> str | None:
    """The share key for the few visits to a preview, else ``None``."""
    return SHARE_KEY if dice.random() < 0.006 else None
