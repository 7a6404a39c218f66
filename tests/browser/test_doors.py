"""A page that stood open for longer than its session. The fixture fails each test on a complaint of the browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Reader
from tests.people import PASSWORD


def asks_to_sign_in(page: Page, there: str) -> None:
    """The page is the sign-in, alone, and leads back to where the reader was."""
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/sites/"))
    expect(page.get_by_role("button", name="Sign in")).to_have_count(1)
    expect(page.locator(".panel")).to_have_count(0)
    page.get_by_label("Email").fill("ben@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(there)


def test_a_tab_of_a_card_leads_to_the_sign_in_once_the_session_has_ended(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.goto(f"{reader.traffic}?range=7d")
    pages = page.locator("#panel-pages:not([aria-busy])")
    expect(pages).to_be_visible()
    page.context.clear_cookies()
    pages.get_by_role("link", name="Entered").click()
    asks_to_sign_in(page, f"{reader.traffic}?range=7d")


def test_suggestions_of_the_filter_form_lead_to_the_sign_in_once_the_session_has_ended(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.context.clear_cookies()
    page.keyboard.press("f")
    asks_to_sign_in(page, reader.traffic)


def test_the_latest_events_lead_to_the_sign_in_by_themselves_once_the_session_has_ended(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    events = reader.traffic.removesuffix("/traffic") + "/events"
    page.goto(events)
    page.context.clear_cookies()
    page.wait_for_url(re.compile("/accounts/login/"))
    asks_to_sign_in(page, events)
