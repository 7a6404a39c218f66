"""Lists of the administration show all that is in them, on a phone and on a desk."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.core.clock import utc_now
from apps.events.store import EventStore
from apps.organizations.audit import record
from apps.organizations.models import User
from tests.insights.events import event
from tests.people import World


@pytest.fixture
def operator(live_server: LiveServer, page: Page, world: World, client: Client) -> Page:
    """The browser of a superuser."""
    client.force_login(User.objects.create(email="root@example.com", is_staff=True, is_superuser=True))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def test_a_long_entry_of_the_audit_is_not_cut_off_on_a_phone(
    operator: Page, live_server: LiveServer, world: World
) -> None:
    record(world.ada, "create_token", site=world.docs, details={"scopes": ["site:insights:read"] * 12})
    operator.set_viewport_size({"width": 375, "height": 812})
    operator.goto(f"{live_server.url}/admin/organizations/auditentry/")
    cell = operator.locator("td.field-details").first
    cell.wait_for()
    assert cell.evaluate("cell => cell.scrollHeight <= cell.clientHeight")


@pytest.mark.parametrize(("width", "scrolled"), [(1440, 0), (1100, 3_000)])
def test_the_last_column_of_events_is_in_sight_or_can_be_reached(
    operator: Page, live_server: LiveServer, world: World, store: EventStore, width: int, scrolled: int
) -> None:
    host = "www.a-long-name-of-a-referring-host.example.org"
    wide = {"url_path": "/" + "guide" * 20, "query": "install" * 10, "referrer_domain": host}
    store.insert([event(utc_now().isoformat(), **wide) | {"site": world.docs.pk}])
    operator.set_viewport_size({"width": width, "height": 900})
    operator.goto(f"{live_server.url}/admin/events/event/")
    cell = operator.get_by_role("cell", name=host)
    operator.mouse.move(700, 250)
    operator.mouse.wheel(scrolled, 0)
    expect(cell).to_be_in_viewport(ratio=1)


def test_what_is_not_so_is_no_fault(operator: Page, live_server: LiveServer) -> None:
    operator.goto(f"{live_server.url}/admin/sites/site/")
    for paused in operator.locator("#result_list .field-ingest_paused").all():
        expect(paused).to_have_text("No")
    expect(operator.locator("#result_list [class*='bg-red']")).to_have_count(0)
