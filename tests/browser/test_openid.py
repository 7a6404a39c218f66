"""In Chromium, from the sign-in by the provider's page and back: the policy of our pages lets it happen."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.accounts.provider import PEOPLE, configure, running
from tests.browser.conftest import Reader
from tests.people import PASSWORD


def test_ben_connects_his_account_and_signs_in_with_it(reader: Reader, settings: Any) -> None:
    page = reader.page
    with running(PEOPLE) as provider:
        provider.client.redirect_uri = f"{reader.server}/accounts/oidc/callback/"
        configure(settings, provider.url)
        reader.sign_in()
        page.goto(f"{reader.server}/accounts/connections/")
        page.get_by_role("button", name="Connect Acme ID").click()
        expect(page).to_have_title("Acme ID")
        page.get_by_role("button", name="I am Ben").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("button", name="Disconnect")).to_be_visible()

        page.context.clear_cookies()
        page.goto(reader.traffic)
        page.get_by_role("button", name="Continue with Acme ID").click()
        page.get_by_role("button", name="I am Ben").click()
        expect(page).to_have_url(reader.traffic)
        # Of all other hosts, the provider alone was asked for anything.
        assert reader.strangers
        assert [each for each in reader.strangers if not each.startswith(provider.url)] == []
        reader.strangers.clear()
