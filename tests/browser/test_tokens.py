"""The pages of tokens in Chromium: without scripts, on a phone and in the dark, and what axe finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.organizations.issuing import make_token, rotate_token
from apps.organizations.models import ApiToken, Membership, Role, Scope
from apps.sites.models import Site
from tests.browser.conftest import Reader
from tests.browser.test_accessibility import assert_none, axe, barriers, looks

__all__ = ["axe"]
LONG = "A token of a very long title that says at length what it is for and where it is kept, and by whom so"


@pytest.fixture
def owner(reader: Reader) -> Reader:
    """Ben, who owns Acme, signed in; there are a token of his and one of Acme's."""
    world = reader.world
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    Site.objects.filter(pk=world.docs.pk).update(title="The documentation of everything that Acme makes")
    for user in (world.ben, None):
        token, _raw = make_token(
            organization=world.acme,
            user=user,
            who=world.ben,
            title=LONG,
            scopes=Scope.values,
            sites=[world.docs],
        )
        rotate_token(token, who=world.ben)
    reader.sign_in()
    return reader


def pages(owner: Reader) -> Iterator[str]:
    acme, token = owner.world.acme.public_id, ApiToken.objects.filter(user=None).get().public_id
    for path in (
        "tokens",
        f"tokens/{acme}/new",
        f"organizations/{acme}/tokens",
        f"organizations/{acme}/tokens/new",
        f"tokens/{token}/rotate",
        f"tokens/{token}/revoke",
    ):
        yield f"{owner.server}/{path}"


def is_within(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth === innerWidth"))


def test_the_pages_fit_and_have_no_serious_barrier(owner: Reader, axe: str) -> None:
    page = owner.page
    for look in looks(page):
        for address in pages(owner):
            page.goto(address)
            assert is_within(page), f"{look} {address}"
            assert_none(f"{look} {address}: {each}" for each in barriers(page, axe))
        page.get_by_role("button", name="Revoke the token").focus()
        page.goto(next(address for address in pages(owner) if address.endswith("/rotate")))
        page.get_by_role("button", name="Make the new secret").click()
        expect(page.locator("#fresh code")).to_have_text(re.compile("sit_[0-9a-f]{60}"))
        assert is_within(page), f"{look}, the new secret"
        assert_none(f"{look}, the new secret: {each}" for each in barriers(page, axe))


def test_a_token_is_made_for_a_site_and_revoked_without_scripts(owner: Reader, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=owner.page.context.storage_state())
    page = context.new_page()
    page.goto(owner.server)
    page.locator(".account summary").click()
    page.get_by_role("link", name="My tokens").click()
    page.get_by_role("link", name="All tokens of the organization").click()
    page.get_by_role("link", name="Make a token of the organization").click()
    page.get_by_label("Title").fill("Nightly")
    page.get_by_label("Read insights").check()
    page.get_by_label("Only these:").check()
    page.get_by_label("The documentation of everything").check()
    page.get_by_role("button", name="Make the token").click()
    raw = page.locator("#fresh code").inner_text()
    assert page.request.get(f"{owner.server}/v1/orgs", headers={"Authorization": f"Bearer {raw}"}).status == 403
    page.get_by_role("link", name="All tokens of the organization").click()
    page.get_by_role("link", name="Revoke – Nightly").click()
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_role("status")).to_have_text("The token is revoked.")
    expect(page.get_by_text("Nightly")).to_have_count(0)
    assert page.request.get(f"{owner.server}/v1/orgs", headers={"Authorization": f"Bearer {raw}"}).status == 401
    context.close()
