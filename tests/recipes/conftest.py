"""A reader with Chromium on a site that was built with a recipe, and the figures that the API then gives."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, Response, Route
from pytest_django.live_server_helper import LiveServer

from apps.api.caches import forget_all
from apps.events.store import EventStore
from apps.events.writer import close_writer
from tests.browser.conftest import base_url as base_url  # noqa: PLC0414  # a fixture
from tests.browser.conftest import browser_type_launch_args as browser_type_launch_args  # noqa: PLC0414
from tests.browser.visit import PATIENCE
from tests.people import World, token_of
from tests.recipes.serving import StaticSite, serve

LATE_MILLISECONDS = 400
"""What was counted once too often is there by then: all of it was sent when the page was left."""
ELSEWHERE = "https://example.com/"
EVENTS = {"column": "eventsCount"}


@pytest.fixture(scope="module")
def _writer(_engine: EventStore) -> Iterator[None]:
    yield
    close_writer()


@dataclass
class Journey:
    """A reader's way through a documentation site, and what the service has counted of it."""

    page: Page
    site: StaticSite
    world: World
    service: str
    statuses: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self.page.context.on("request", self._asked)
        self.page.context.on("response", self._answered)
        self.stand_in(ELSEWHERE, self._elsewhere)

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium itself says of each missing page that it is missing.
        if message.type == "error" and "the server responded with a status of 404" not in message.text:
            self.errors.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.site.address, self.service, *self.known, "data:", "blob:")):
            self.strangers.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.url.endswith("/insights/events"):
            self.statuses.append(response.status)

    def _elsewhere(self, route: Route) -> None:
        """The host that the sites link to."""
        route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Elsewhere</title>")

    def stand_in(self, address: str, answer: Callable[[Route], None]) -> None:
        """Answer for another host, which tests do not ask: all that is below ``address``."""
        self.known.append(address)
        self.page.context.route(f"{address}**", answer)

    def open(self, path: str) -> None:
        """Load a page, as from a bookmark."""
        self.page.goto(self.site.address + path)

    def wait_for_views(self, number: int) -> None:
        """Read on until the service has counted so many page views."""
        views = {"select": [EVENTS], "where": [{"column": "eventType", "values": ["page_view"]}]}
        deadline = time.monotonic() + PATIENCE
        while self.ask(**views)["eventsCount"] < [number]:
            assert time.monotonic() < deadline, f"fewer than {number} page views: {self.count('eventType', 'url')}"
            self.page.wait_for_timeout(50)

    def leave(self, *, events: int) -> None:
        """Close the site and wait for its last events, of which there should be so many by now."""
        self.page.goto("about:blank")
        deadline = time.monotonic() + PATIENCE
        while self.ask(select=[EVENTS])["eventsCount"] < [events] and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(LATE_MILLISECONDS)

    def ask(self, **body: Any) -> dict[str, list[Any]]:
        """The API's answer by column."""
        path = f"/v1/orgs/{self.world.acme.public_id}/sites/{self.world.docs.public_id}/insights/events/aggregate"
        bearer = {"Authorization": f"Bearer {token_of(self.world.ben, self.world.acme)}"}
        answer = self.page.request.post(self.service + path, data={"range": "last24Hours", **body}, headers=bearer)
        assert answer.status == 200
        return {each["column"]: each["values"] for each in answer.json()["columns"]}

    def count(self, *columns: str, of: str = "", **where: list[Any]) -> dict[Any, int]:
        """Events by columns, of one type where it is named and with these values; a page is told by its id."""
        conditions = {"eventType": [of] if of else [], **where}
        answer = self.ask(
            groupBy=[{"column": column} for column in columns],
            select=[EVENTS],
            where=[{"column": column, "values": values} for column, values in conditions.items() if values],
        )
        rows = zip(*(map(self._plain, answer[column]) for column in columns), strict=True)
        keys = (row[0] if len(columns) == 1 else row for row in rows)
        return dict(Counter(dict(zip(keys, answer["eventsCount"], strict=True))))

    def _plain(self, value: Any) -> Any:
        """Links to the site itself without its port, pages and link targets as the id or address in them."""
        if isinstance(value, dict):
            value = next((value[key] for key in ("page", "anchor", "url") if value.get(key)), None)
        return value.removeprefix(self.site.address) if isinstance(value, str) else value

    def views(self) -> dict[str, int]:
        """Page views by path."""
        return self.count("urlPath", of="page_view")

    def broken(self) -> dict[str, int]:
        """Views of pages that do not exist, by path."""
        return self.count("urlPath", of="page_view", page=[None])

    def links(self) -> dict[tuple[str, str, str], int]:
        """Followed links by kind, target and position."""
        return self.count("eventLinkTargetKind", "eventLinkTargetValue", "eventLinkPosition", of="link_click")

    def searches(self) -> dict[tuple[str, str, str], int]:
        """What was searched: type, query and the record that was opened."""
        kinds = ["search_open", "search_type_query", "search_open_result"]
        return self.count("eventType", "eventSearchQuery", "eventSearchResultRecordId", eventType=kinds)

    def readers(self) -> tuple[int, int]:
        """Visitors and sessions."""
        answer = self.ask(select=[{"column": "visitorsCount"}, {"column": "sessionsCount"}])
        return answer["visitorsCount"][0], answer["sessionsCount"][0]


@pytest.fixture
def start(
    live_server: LiveServer, page: Page, world: World, store: EventStore, _writer: None
) -> Iterator[Callable[[StaticSite], Journey]]:
    """Begins a journey on a site. Every event must be accepted, no page may fail, and no other host be asked."""
    forget_all()
    begun: list[Journey] = []
    with ExitStack() as stack:

        def begin(site: StaticSite) -> Journey:
            site.values = {
                "https://insights.example.com": live_server.url,
                "ORGANIZATION": world.acme.public_id,
                "SITE": world.docs.public_id,
            }
            stack.enter_context(serve(site))
            journey = Journey(page=page, site=site, world=world, service=live_server.url)
            journey.watch()
            begun.append(journey)
            return journey

        yield begin
    for journey in begun:
        assert journey.errors == []
        assert journey.strangers == []
        # Answers that come after their page was left are not seen here.
        assert set(journey.statuses) <= {204}
