"""Debian's Chromium on a live server over the real store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from apps.api.caches import forget_all
from apps.events.store import EventStore
from apps.events.writer import close_writer
from benchmarks.browser import QUIET
from tests.api.published import PACKAGE
from tests.browser.documentation import Documentation, serve_documentation
from tests.browser.visit import PATIENCE, Visit
from tests.conftest import lacking, require
from tests.insights.events import event
from tests.people import PASSWORD, World, token_of

# Playwright keeps an event loop in this thread; Django is used here in the ordinary way all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# Of Playwright's own patience, five seconds, a busy machine needs more.
expect.set_options(timeout=PATIENCE * 1_000)


@pytest.fixture(scope="session")
def base_url() -> str:
    """No address of the plugin's own, whose fixture is written in a way that pytest 9 warns of."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": require("chromium"), "args": list(QUIET)}


def script_policy(policy: str) -> str:
    """The sources from which a Content-Security-Policy lets scripts in; empty where it lets in all."""
    directives = (directive.split() for directive in policy.split(";"))
    found = {name: " ".join(sources) for name, *sources in filter(None, directives)}
    return found.get("script-src", found.get("default-src", ""))


@dataclass
class Reader:
    """Ben in front of his browser, and everything that went wrong there.

    ``complaints`` are the browser's own, ``strangers`` requests to other hosts, ``loose`` pages of the service whose
    policy lets scripts in that are written into the page.
    """

    page: Page
    server: str
    world: World
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)

    @property
    def traffic(self) -> str:
        return f"{self.server}/sites/{self.world.acme.public_id}/{self.world.docs.public_id}/traffic"

    def watch(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)
        # Of other tabs, too.
        self.page.context.on("response", self._check)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.server, "data:", "blob:")):
            self.strangers.append(request.url)

    def _check(self, response: Response) -> None:
        if response.request.resource_type == "document" and response.url.startswith(self.server):
            sources = script_policy(response.headers.get("content-security-policy", ""))
            if not sources or "'unsafe-" in sources:
                self.loose.append(f"{response.url}: {sources or 'no policy'}")

    def sign_in(self) -> None:
        self.page.goto(self.traffic)
        self.page.get_by_label("Email").fill("ben@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.traffic)

    def ask_api(self, body: str) -> dict[str, list[Any]]:
        """The API's answer to a body, by column."""
        path = f"/v1/orgs/{self.world.acme.public_id}/sites/{self.world.docs.public_id}/insights/events/aggregate"
        headers = {
            "Authorization": f"Bearer {token_of(self.world.ben, self.world.acme)}",
            "Content-Type": "application/json",
        }
        answer = self.page.request.post(self.server + path, data=body, headers=headers)
        assert answer.status == 200
        return {each["column"]: each["values"] for each in answer.json()["columns"]}


@pytest.fixture
def reader(live_server: LiveServer, page: Page, world: World, store: EventStore) -> Iterator[Reader]:
    """Ben, signed out, and a site with some readers; whatever the browser complains of fails the test."""
    # Signing in is limited to so many times a minute, and every test does it.
    cache.clear()
    # Whatever hasher the tests before this one left in the people's remembered hash.
    world.ben.set_password(PASSWORD)
    world.ben.save()
    now = datetime.now(UTC)
    store.insert(
        [
            event(
                (now - timedelta(days=number % 20, hours=1)).isoformat(),
                visitor=number % 7,
                url_path=f"/guide/{number % 12}",
                country=("DE", "US", "JP")[number % 3],
                referrer_domain=("", "www.example.org")[number % 2],
            )
            | {"site": world.docs.pk}
            for number in range(60)
        ]
    )
    found = Reader(page=page, server=live_server.url, world=world)
    found.watch()
    yield found
    assert found.complaints == []
    assert found.strangers == []
    assert found.loose == []


@pytest.fixture(scope="module")
def documentation() -> Iterator[Documentation]:
    with serve_documentation() as site:
        yield site


@pytest.fixture(scope="module")
def _writer(_engine: EventStore) -> Iterator[None]:
    yield
    close_writer()


@pytest.fixture
def visit(
    live_server: LiveServer,
    page: Page,
    world: World,
    store: EventStore,
    documentation: Documentation,
    _writer: None,
) -> Iterator[Visit]:
    """A reader before the site's first page. Every event must be accepted, and be one of the published schema."""
    forget_all()
    ids = f'data-org="{world.acme.public_id}" data-site="{world.docs.public_id}"'
    documentation.script = f'src="{live_server.url}/insights.js" {ids}'
    documentation.title = "Welcome"
    found = Visit(page=page, site=documentation, world=world, store=store, service=live_server.url)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    found.watch()
    yield found
    page.wait_for_timeout(50)
    assert errors == []
    assert set(found.statuses) <= {204}
    if not PACKAGE.is_dir():
        lacking("the npm packages are not installed: make test does it")
    assert found.complaints() == []
