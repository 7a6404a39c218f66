"""Tabs of a card in a real browser. The fixture fails each test on a complaint or a request to another host."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Reader


def test_a_tab_that_was_chosen_by_keyboard_keeps_the_focus(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages").get_by_role("link", name="Entered").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-entries .card-tabs [aria-current]")).to_be_focused()
    expect(page.locator("#panel-entries .card-tabs [aria-current]")).to_have_text("Entered")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-exits .card-tabs [aria-current]")).to_be_focused()
