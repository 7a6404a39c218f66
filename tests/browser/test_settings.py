"""Putting a site to work, in a real browser: the line of the Settings page goes into a documentation, and is seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from apps.api.caches import forget_all
from apps.events.refused import recorder
from apps.events.store import EventStore
from apps.events.writer import close_writer
from apps.organizations.models import Membership, Role
from tests.browser.conftest import Reader
from tests.browser.documentation import Documentation


@pytest.fixture
def _writer(store: EventStore) -> Iterator[None]:
    forget_all()
    yield
    close_writer()


@pytest.mark.usefixtures("_writer")
def test_the_first_event_is_seen_as_it_arrives(reader: Reader, documentation: Documentation) -> None:
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Settings").click()
    check = page.locator("#check")
    expect(check).to_contain_text("Waiting for an event")
    line = page.locator("#install code").first.inner_text()
    assert line.startswith("<script defer src=")
    documentation.head = line
    tab = page.context.new_page()
    tab.goto(f"{documentation.address}/guide")
    expect(check).to_contain_text("It works.")
    expect(check).to_contain_text("page_view /guide")
    page.get_by_role("link", name="Watch for the next one").click()
    expect(check).to_contain_text("Waiting for an event")
    expect(page.locator("#works")).to_contain_text("The last event: page_view /guide")
    page.get_by_role("link", name="Events").click()
    expect(page.locator("#latest tbody tr").first).to_contain_text("/guide")


@pytest.mark.usefixtures("_writer")
def test_a_refused_event_is_told_while_the_page_waits(reader: Reader, documentation: Documentation) -> None:
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Hostnames", exact=True).fill("docs.acme.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    documentation.head = page.locator("#install code").first.inner_text()
    tab = page.context.new_page()
    with tab.expect_response("**/insights/events") as answer:
        tab.goto(f"{documentation.address}/guide")
    assert answer.value.status == 422
    # By itself it is written every few seconds, on a connection of its own, which the tests' database has not.
    recorder.flush()
    expect(page.locator("#check")).to_contain_text("Not on a host of the site")
    expect(page.locator("#check")).to_contain_text("Waiting for an event")
