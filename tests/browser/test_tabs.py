"""Tabs of a card in a real browser. The fixture fails each test on a complaint or a request to another host."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from apps.organizations.models import Membership, Role
from tests.browser.conftest import Reader


def choose(page: Page, tab: str, panel: str) -> None:
    """Click a tab of a card that has loaded, and wait for its panel."""
    page.locator(".panel:not([aria-busy]) .card-tabs").get_by_role("link", name=tab, exact=True).click()
    expect(page.locator(f"#panel-{panel}:not([aria-busy])")).to_be_visible()


def current(page: Page) -> list[str]:
    """The chosen tabs, once the page is there: its address is, as soon as it begins to load."""
    page.wait_for_load_state()
    return page.locator(".card-tabs [aria-current]").all_inner_texts()


def test_a_tab_that_was_chosen_by_keyboard_keeps_the_focus(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages:not([aria-busy])").get_by_role("link", name="Entered").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-entries .card-tabs [aria-current]")).to_be_focused()
    expect(page.locator("#panel-entries .card-tabs [aria-current]")).to_have_text("Entered")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-exits .card-tabs [aria-current]")).to_be_focused()


def test_the_tabs_that_were_chosen_stand_in_the_address_and_are_there_again(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    choose(page, "Entered", "entries")
    expect(page).to_have_url(f"{reader.traffic}?tab.pages=entries")
    choose(page, "Channel", "channels")
    expect(page).to_have_url(f"{reader.traffic}?tab.pages=entries&tab.sources=channels")
    page.reload()
    assert current(page)[:2] == ["Entered", "Channel"]
    choose(page, "Read", "pages")
    expect(page).to_have_url(f"{reader.traffic}?tab.sources=channels")


def test_tabs_go_along_wherever_the_page_leads_and_the_way_back_finds_them_again(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.goto(f"{reader.traffic}?range=7d")
    choose(page, "Entered", "entries")
    page.locator("#panel-sources").get_by_role("link", name="www.example.org").click()
    narrowed = f"{reader.traffic}?range=7d&is.referrerDomain=www.example.org&tab.pages=entries"
    expect(page).to_have_url(narrowed)
    assert current(page)[:2] == ["Entered", "Domain"]
    page.go_back()
    expect(page).to_have_url(f"{reader.traffic}?range=7d&tab.pages=entries")
    assert current(page)[:2] == ["Entered", "Domain"]
    page.go_forward()
    choose(page, "Read", "pages")
    page.get_by_role("link", name="24 h", exact=True).click()
    expect(page).to_have_url(f"{reader.traffic}?range=24h&is.referrerDomain=www.example.org")
    assert current(page)[:2] == ["Read", "Domain"]


def test_tabs_go_along_with_forms(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    choose(page, "Left", "exits")
    page.get_by_label("Split by").select_option("Country")
    page.get_by_role("button", name="Draw").click()
    expect(page).to_have_url(re.compile(r"\?range=30d&by=visitorGeoCountry.*&tab\.pages=exits$"))
    assert current(page)[0] == "Left"


def test_tabs_go_along_to_the_form_that_shares_the_report(reader: Reader) -> None:
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    reader.sign_in()
    page = reader.page
    page.goto(f"{reader.traffic}?range=7d&is.visitorGeoCountry=DE&tab.sources=channels")
    choose(page, "Entered", "entries")
    choose(page, "Domain", "sources")
    page.get_by_role("link", name="Share", exact=True).last.click()
    expect(page.get_by_label("Narrowed to")).to_have_value("range=7d&is.visitorGeoCountry=DE&tab.pages=entries")


def test_a_country_of_the_map_narrows_the_page_and_leaves_its_tabs(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    choose(page, "Left", "exits")
    page.locator("#panel-countries").evaluate("each => each.scrollIntoView()")
    expect(page.locator("#panel-countries .choroplethlayer path").first).to_be_visible()
    # Where the country lies depends on the map; the listener is called as a click on it would.
    page.locator("#panel-countries .figure").evaluate(
        "place => place.emit('plotly_click', { points: [{ customdata: ['?range=30d&is.visitorGeoCountry=DE'] }] })"
    )
    expect(page).to_have_url(f"{reader.traffic}?range=30d&is.visitorGeoCountry=DE&tab.pages=exits")
