"""Parts of a page that do not come: what stands in their place, and that they can be asked for again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Reader
from tests.browser.test_share import Stranger, make_link, stranger

__all__ = ["stranger"]

FAILS: dict[str, Callable[[Route], None]] = {
    "not there": lambda route: route.fulfill(status=404, body="<h1>A page of its own</h1>"),
    "no connection": lambda route: route.abort("connectionrefused"),
}
SENTENCE = "This could not be loaded."


@pytest.fixture(params=FAILS, ids=lambda name: name.replace(" ", "-"))
def fail(request: pytest.FixtureRequest) -> Callable[[Route], None]:
    return FAILS[request.param]


def forgive(reader: Reader) -> None:
    """The browser and htmx tell of what failed, and of nothing else."""
    assert reader.complaints
    assert [each for each in reader.complaints if not each.startswith(("Failed to load resource", "htmx:"))] == []
    reader.complaints.clear()


def loads_again(page: Page, panel: str) -> None:
    card = page.locator(".panel", has_text=SENTENCE)
    expect(card).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("A page of its own")
    card.get_by_role("button", name="Load again").click()
    expect(page.locator(f"#panel-{panel} table").first).to_be_visible()
    expect(page.get_by_text(SENTENCE)).to_have_count(0)


def test_a_panel_that_does_not_come_says_so_and_loads_again(reader: Reader, fail: Callable[[Route], None]) -> None:
    reader.sign_in()
    page = reader.page
    page.route("**/traffic/languages*", fail)
    page.locator("#panel-languages").evaluate("each => each.scrollIntoView()")
    card = page.locator(".panel", has_text=SENTENCE)
    expect(card.get_by_role("heading")).to_have_text("Languages")
    expect(card).not_to_have_attribute("aria-busy", "true")
    # Asked for again, and still not there.
    card.get_by_role("button", name="Load again").click()
    expect(card).to_have_count(1)
    page.unroute("**/traffic/languages*")
    loads_again(page, "languages")
    forgive(reader)


def test_a_tab_that_does_not_come_says_so_and_loads_again(reader: Reader, fail: Callable[[Route], None]) -> None:
    reader.sign_in()
    page = reader.page
    page.route("**/traffic/entries*", fail)
    page.locator("#panel-pages:not([aria-busy])").get_by_role("link", name="Entered").click()
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    expect(page).to_have_url(reader.traffic)
    page.unroute("**/traffic/entries*")
    loads_again(page, "entries")
    expect(page).to_have_url(f"{reader.traffic}?tab.pages=entries")
    forgive(reader)


def test_values_to_filter_by_that_do_not_come_are_asked_for_again(
    reader: Reader, fail: Callable[[Route], None]
) -> None:
    reader.sign_in()
    page = reader.page
    page.route("**/suggest*", fail)
    page.keyboard.press("f")
    offered = page.locator(".suggestions")
    expect(offered).to_contain_text(SENTENCE)
    page.unroute("**/suggest*")
    offered.get_by_role("button", name="Load again").click()
    expect(offered.get_by_role("checkbox", name="/guide/3")).to_be_visible()
    expect(page).to_have_url(reader.traffic)
    forgive(reader)


def test_what_refreshes_by_itself_stays_until_it_comes_again(reader: Reader, fail: Callable[[Route], None]) -> None:
    reader.sign_in()
    page = reader.page
    page.goto(reader.traffic.removesuffix("/traffic") + "/events")
    latest = page.locator("#latest")
    expect(latest.locator("tbody tr").first).to_be_visible()
    page.route("**/events*", fail)
    with page.expect_event("console", lambda message: "Failed to load" in message.text, timeout=15_000):
        pass
    expect(latest.locator("tbody tr").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("A page of its own")
    expect(page.get_by_text(SENTENCE)).to_have_count(0)
    forgive(reader)


@pytest.mark.parametrize(("status", "is_too_much"), [(500, False), (429, True)])
def test_a_panel_of_a_shared_report_loads_again(
    reader: Reader, stranger: Stranger, status: int, is_too_much: bool
) -> None:
    (url,) = make_link(reader)
    page = stranger.page
    page.route("**/countries", lambda route: route.fulfill(status=status, body="<h1>A page of its own</h1>"))
    page.goto(url)
    page.locator("#panel-countries").evaluate("each => each.scrollIntoView()")
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    expect(page.get_by_text("Too much was asked from your network")).to_be_visible(visible=is_too_much)
    page.unroute("**/countries")
    loads_again(page, "countries")
