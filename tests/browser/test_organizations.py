"""Organizations in a browser: an invitation from its link to the first look, also without scripts, and what fits."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from apps.organizations.audit import AuditEntry, record
from apps.organizations.inviting import invite
from apps.organizations.models import Membership, Role, Scope, User
from apps.sites.models import Site
from tests.browser.conftest import Reader
from tests.browser.layout import LINES, STICKING_OUT
from tests.browser.test_accessibility import assert_none, axe, barriers_at
from tests.people import PASSWORD

__all__ = ["axe"]  # a fixture

LONG = "somebody.whose.name.has.many.words@department-of-documentation.acme.example"


@pytest.fixture
def owner(reader: Reader) -> Reader:
    """Ben, who owns Acme with its long names, at its pages."""
    world = reader.world
    world.acme.title = "The documentation of everything that Acme makes " + "x" * 40
    world.acme.save()
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    Site.objects.create(organization=world.acme, title="The blog of everything that Acme makes " + "y" * 40)
    guest = User.objects.create_user(LONG, PASSWORD)
    Membership.objects.create(organization=world.acme, user=guest, is_limited=True)
    invite(world.acme, Role.OWNER, who=world.ben, email=f"x{LONG}")
    reader.sign_in()
    return reader


@pytest.fixture
def pages(owner: Reader) -> list[str]:
    home = f"{owner.server}/organizations/{owner.world.acme.public_id}"
    return [f"{owner.server}/organizations", home, f"{home}/members"]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_invitation_leads_from_its_link_to_the_site(reader: Reader, browser: Browser, scripts: bool) -> None:
    world = reader.world
    Membership.objects.filter(user=world.ben).update(role=Role.OWNER)
    reader.sign_in()
    page = reader.page
    page.goto(f"{reader.server}/organizations/{world.acme.public_id}/members")
    form = page.locator("#invite")
    form.get_by_label("A reader of these sites alone").check()
    form.get_by_label("Acme Docs").check()
    form.get_by_role("button", name="Invite").click()
    link = page.locator("#fresh code").inner_text()
    context = browser.new_context(java_script_enabled=scripts)
    guest = context.new_page()
    guest.goto(link)
    expect(guest).to_have_url(f"{reader.server}/invitation")
    guest.get_by_role("link", name="Sign in").click()
    guest.get_by_label("Email").fill("cy@example.com")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Sign in").click()
    expect(guest).to_have_url(f"{reader.server}/invitation")
    guest.get_by_role("button", name="Join").click()
    expect(guest.get_by_role("status")).to_contain_text(re.compile("You are a member of Acme"))
    guest.get_by_role("link", name="Acme Docs").click()
    expect(guest).to_have_url(re.compile("/overview$"))
    page.reload()
    expect(page.locator(f"[id='{world.cy.public_id}']")).to_contain_text("Acme Docs")
    context.close()


@pytest.mark.parametrize("width", [375, 768, 1440])
def test_no_page_of_an_organization_scrolls_sideways(owner: Reader, pages: list[str], width: int) -> None:
    page = owner.page
    page.set_viewport_size({"width": width, "height": 800})
    for address in pages:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((fold) => (fold.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth") == width, address


def test_the_page_that_is_read_is_in_sight_among_those_of_an_organization(owner: Reader, pages: list[str]) -> None:
    page, home = owner.page, pages[1]
    page.set_viewport_size({"width": 375, "height": 800})
    for address in (home, f"{home}/members", f"{home}/tokens", f"{home}/audit"):
        page.goto(address)
        here = page.locator(".tabs [aria-current]")
        expect(here).to_have_count(1)
        # Titles of organizations may be wider than a phone.
        expect(here).to_be_in_viewport(ratio=0.5 if address == home else 1)
        assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("width", [375, 1440])
def test_a_new_organization_is_made_below_those_that_there_are(owner: Reader, width: int) -> None:
    page = owner.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{owner.server}/organizations")
    mine, new = page.locator(".cards > .card").first.bounding_box(), page.locator("#new").bounding_box()
    assert mine
    assert new
    assert new["x"] == mine["x"]
    assert new["y"] > mine["y"] + mine["height"]


@pytest.mark.parametrize("width", [768, 1440])
def test_names_in_the_audit_are_not_broken_for_long_details(owner: Reader, width: int) -> None:
    acme, page = owner.world.acme, owner.page
    record(AuditEntry.COMMAND, "create_token", organization=acme, details={"scopes": list(Scope.values) * 3})
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{owner.server}/organizations/{acme.public_id}/audit")
    cell = page.get_by_role("cell", name="A command")
    assert cell.evaluate(LINES) == 1
    assert page.locator(".card").evaluate_all(STICKING_OUT) == []


def test_no_page_of_an_organization_has_a_serious_barrier(owner: Reader, pages: list[str], axe: str) -> None:
    for address in pages:
        assert_none(barriers_at(address, owner.page, axe))


def test_an_invitation_has_no_serious_barrier(owner: Reader, axe: str) -> None:
    _made, secret = invite(owner.world.acme, Role.READER, who=owner.world.ben)
    assert_none(barriers_at(f"{owner.server}/invitations/{secret}", owner.page, axe))
