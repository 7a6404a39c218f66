"""The administration works under its own Content-Security-Policy, which runs no script that is written into a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.organizations.audit import record
from apps.segments.models import VisitorSegment
from apps.sites.sharing import create_link
from tests.browser.conftest import script_policy
from tests.browser.test_admin_lists import operator
from tests.insights.events import event
from tests.people import World, token_of

__all__ = ["operator"]


@pytest.fixture
def complaints(operator: Page) -> Iterator[list[str]]:
    """What the browser complains of; nothing, at the end."""
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{operator.url}: {message.text}")

    operator.on("console", hear)
    operator.on("pageerror", lambda error: found.append(f"{operator.url}: {error}"))
    yield found
    assert found == []


@pytest.fixture
def furnished(world: World, store: EventStore) -> World:
    """Something of everything."""
    record(world.ada, "create_token", site=world.docs)
    VisitorSegment.objects.create(site=world.docs, title="Enterprise", claims={"plan": "enterprise"})
    create_link(site=world.docs, who=world.ada, title="For the board", report="traffic")
    token_of(world.ada, world.acme)
    store.insert([event(utc_now().isoformat()) | {"site": world.docs.pk}])
    return world


def addresses(client: Client) -> list[str]:
    """The first page, every list, every form to add, and of each list the page of its first row."""
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        page = client.get(listed).content.decode()
        found += [listed, f"{listed}add/", *re.findall(rf'href="({listed}[^/"]+/change/)', page)[:1]]
    return [path for path in found if client.get(path).status_code == 200]


def test_every_page_comes_without_a_complaint(
    operator: Page, complaints: list[str], live_server: LiveServer, furnished: World, client: Client
) -> None:
    found = addresses(client)
    assert len(found) > 30
    for path in found:
        answer = operator.goto(live_server.url + path)
        assert answer is not None
        assert script_policy(answer.headers["content-security-policy"]) == "'self' 'unsafe-eval'", path
        expect(operator.locator("#main, #content, main").first).to_be_visible()


def test_what_its_scripts_do_is_done(
    operator: Page, complaints: list[str], live_server: LiveServer, furnished: World
) -> None:
    operator.goto(f"{live_server.url}/admin/")
    operator.keyboard.press("Control+k")
    operator.locator("#search-input-command").press_sequentially("segment")
    operator.locator("#command-results").get_by_role("link", name="Visitor segments").click()
    operator.get_by_role("link", name="Enterprise").click()
    operator.locator("[name=title]").fill("Enterprise readers")
    operator.get_by_role("button", name="Save", exact=True).click()
    expect(operator.get_by_text("was changed successfully")).to_be_visible()


def test_a_script_that_is_written_into_a_page_does_not_run(
    operator: Page, live_server: LiveServer, furnished: World
) -> None:
    operator.goto(f"{live_server.url}/admin/")
    operator.evaluate("""() => {
        document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.ran = 1'>");
        const script = document.createElement("script");
        script.textContent = "window.ran = 2";
        document.body.append(script);
    }""")
    operator.wait_for_timeout(200)
    assert operator.evaluate("window.ran") is None
