"""A reader on a documentation site of another origin, and all that the script there sends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator
from playwright.sync_api import Page, Request, Response

from apps.events.store import EventStore, Statement
from tests.api.published import document
from tests.browser.documentation import Documentation
from tests.people import World, token_of

PATIENCE = 30.0
"""Seconds until what must come must have come, on a busy machine."""
QUIET_SECONDS = 1.3
"""Longer than the script waits for a page to settle and for events to gather."""
AHEAD_SECONDS = 4.0
"""How far the page's clock is set ahead: less than the age from which on events tell their own time."""


@dataclass
class Visit:
    """A reader on the documentation site, and all that the script sent to the service."""

    page: Page
    site: Documentation
    world: World
    store: EventStore
    service: str
    bodies: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def watch(self) -> None:
        self.page.context.on("request", self._sent)
        self.page.context.on("response", self._answered)

    def _sent(self, request: Request) -> None:
        if request.url.endswith("/insights/events"):
            self.bodies.append(request.post_data or "")

    def _answered(self, response: Response) -> None:
        if response.url.endswith("/insights/events"):
            self.statuses.append(response.status)

    def open(self, path: str = "/", attributes: str = "", head: str = "") -> None:
        self.site.attributes, self.site.head = attributes, head
        self.page.goto(self.site.address + path)

    def kept(self, *columns: str, kinds: tuple[str, ...] = (), at_least: int = 1) -> list[tuple[Any, ...]]:
        """Columns of the stored events, once there are so many; ``kinds`` names the types that count.

        They are sorted: requests that are under way together are stored in any order.
        """
        where = f"WHERE event_type IN ({', '.join(repr(kind) for kind in kinds)})" if kinds else ""
        statement = Statement(sql=f"SELECT {', '.join(columns)} FROM events {where}")
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = sorted(zip(*self.store.query(statement), strict=True))
            if len(rows) >= at_least or time.monotonic() > deadline:
                return rows
            self.page.wait_for_timeout(50)

    def answers(self, at_least: int) -> list[int]:
        """The statuses of the answers to the script, once there are so many, and time for more to come."""
        deadline = time.monotonic() + PATIENCE
        while len(self.statuses) < at_least and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(QUIET_SECONDS * 1_000)
        return sorted(self.statuses)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """What is done within, the script sees done at one moment, however slow the machine is.

        Its clock must be installed.
        """
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1_000 + AHEAD_SECONDS)
        yield
        self.page.clock.resume()

    def ask(self, **body: Any) -> dict[str, list[Any]]:
        """The API's answer by column."""
        path = f"/v1/orgs/{self.world.acme.public_id}/sites/{self.world.docs.public_id}/insights/events/aggregate"
        bearer = {"Authorization": f"Bearer {token_of(self.world.ben, self.world.acme)}"}
        answer = self.page.request.post(self.service + path, data={"range": "last24Hours", **body}, headers=bearer)
        assert answer.status == 200
        return {each["column"]: each["values"] for each in answer.json()["columns"]}

    def complaints(self) -> list[str]:
        """What the published schema of events says against what was sent."""
        schemas = document()["components"]["schemas"]
        # As published only its format says that "" is no URL, and formats are not checked.
        sound = {**schemas, "URL": {"type": "string", "pattern": "^https?://", "maxLength": 2048}}
        schema = {"$ref": "#/components/schemas/SiteInsightsEvent", "components": {"schemas": sound}}
        validator = Draft202012Validator(schema)
        events = [event for body in self.bodies for event in json.loads(body)["events"]]
        return [error.message for event in events for error in validator.iter_errors(event)]
