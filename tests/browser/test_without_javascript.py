"""Pages for readers whose browser runs no script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Reader


@pytest.fixture
def scriptless(reader: Reader, browser: Browser) -> Iterator[Page]:
    """A page of a browser without scripts, in which Ben is signed in."""
    reader.sign_in()
    context = browser.new_context(java_script_enabled=False, storage_state=reader.page.context.storage_state())
    yield context.new_page()
    context.close()


def test_a_page_is_narrowed_to_a_value_that_was_ticked_and_stays_plain(reader: Reader, scriptless: Page) -> None:
    page = scriptless
    page.goto(reader.traffic)
    page.get_by_role("link", name="Show all figures of this page as tables").click()
    expect(page).to_have_url(f"{reader.traffic}?range=30d&plain=1")
    page.locator(".filter-menu summary").click()
    page.get_by_label("Column").select_option("Country")
    page.get_by_role("button", name="Add the filter").click()
    page.get_by_role("checkbox", name="Japan").check()
    page.locator(".panel").get_by_role("button", name="Add the filter").click()
    expect(page).to_have_url(f"{reader.traffic}?range=30d&plain=1&is.visitorGeoCountry=JP")
    expect(page.locator(".chip")).to_contain_text("Country is Japan")
    expect(page.locator("#panel-countries tbody th")).to_have_text(["Japan"])


def test_a_tab_is_a_link_to_the_page_with_it(reader: Reader, scriptless: Page) -> None:
    page = scriptless
    page.goto(reader.traffic)
    page.locator("#panel-pages").get_by_role("link", name="Entered").click()
    expect(page).to_have_url(f"{reader.traffic}?range=30d&tab.pages=entries#panel-entries")
    tabs = page.locator(".card-tabs [aria-current]")
    expect(tabs).to_have_text(["Entered", "Domain", "Source", "Browser"])
    page.locator("#panel-sources").get_by_role("link", name="Channel").click()
    expect(tabs).to_have_text(["Entered", "Channel", "Source", "Browser"])
    expect(page).to_have_url(f"{reader.traffic}?range=30d&tab.pages=entries&tab.sources=channels#panel-channels")
