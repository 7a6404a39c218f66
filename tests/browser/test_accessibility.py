"""Barriers that axe-core sees: no page of a site has a serious one, light or dark, on a laptop or on a phone.

The site has the demo's traffic, so that every kind of panel has something to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from apps.core.clock import utc_now
from apps.dashboard.demo import SEED
from apps.dashboard.frames import PLACES, Place
from apps.dashboard.reports import REPORTS
from apps.events.demo.filling import fill
from apps.events.records import Reason, RefusalCount, RefusedEvent
from apps.organizations.models import Membership, Role
from benchmarks.browser import show_all
from tests.browser.conftest import Reader
from tests.conftest import lacking
from tests.people import PASSWORD

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1440, 375)
BAD = ("serious", "critical")
EVENTS = 3_000
# Not among the rules that axe follows by itself, but of WCAG 2.2 AA, which is our aim.
RUN = "place => axe.run(place, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })"
ACCOUNT = (
    "",
    "password/",
    "factors/",
    "factors/totp/activate/",
    "factors/webauthn/",
    "factors/webauthn/add/",
    "sessions/",
    "connections/",
    "logout/",
)
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"


@pytest.fixture(scope="session")
def axe() -> str:
    """The script, which is evaluated by the browser's own tools: the page's policy does not let it in."""
    if not AXE.is_file():
        lacking("the npm packages are not installed: make test does it")
    return AXE.read_text()


@pytest.fixture
def editor(reader: Reader, tmp_path: Path) -> Reader:
    """Ben, who may change the settings of a site with readers, agents and refused events, at its pages."""
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    site = reader.world.docs
    fill(site, seed=SEED, size=EVENTS, folder=tmp_path, progress=lambda _progress: None)
    minute = utc_now().replace(second=0, microsecond=0)
    RefusalCount.objects.create(site=site, minute=minute, reason=Reason.HOSTNAME, requests=2, events=2)
    for path in ("/guide", "/guide/install"):
        RefusedEvent.objects.create(
            site=site,
            refused_at=minute,
            reason=Reason.HOSTNAME,
            event_type="page_view",
            host="staging.acme.example",
            path=path,
        )
    reader.sign_in()
    return reader


def looks(page: Page) -> Iterator[str]:
    """Set the browser to each combination of colours and width, and name it."""
    for scheme in SCHEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            yield f"{scheme} {width}"


def barriers(page: Page, axe: str, *, within: str = "html") -> Iterator[str]:
    """What axe finds within a part of the page as it stands: one line a finding, with rule, place and what to do."""
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(RUN, within)
    assert len(found["passes"]) > 3, "axe has looked at nothing"
    for each in found["violations"]:
        if each["impact"] in BAD:
            for node in each["nodes"]:
                yield f"{each['id']} at {node['target']}: {' '.join(node['failureSummary'].split())}"


def barriers_at(address: str, page: Page, axe: str) -> Iterator[str]:
    """What axe finds at an address in all its looks, with every panel loaded and every fold open."""
    for look in looks(page):
        page.goto(address)
        show_all(page)
        page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((fold) => (fold.open = true))")
        yield from (f"{look}: {each}" for each in barriers(page, axe))


def assert_none(found: Iterator[str]) -> None:
    told = "\n".join(found)
    assert not told, f"\n{told}"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_page_of_a_site_has_a_serious_barrier(editor: Reader, axe: str, place: Place) -> None:
    assert_none(barriers_at(editor.server + place.url(editor.world.docs), editor.page, axe))


def test_no_panel_page_has_a_serious_barrier(editor: Reader, axe: str) -> None:
    last = REPORTS["traffic"].panels[-1]
    assert_none(barriers_at(f"{editor.traffic}/{last.name}", editor.page, axe))


def test_no_open_menu_has_a_serious_barrier(editor: Reader, axe: str) -> None:
    page = editor.page
    for look in looks(page):
        page.goto(editor.traffic)
        menus = page.locator("details.menu > summary:visible")
        assert menus.count() >= 3
        for menu in menus.all():
            menu.click()
            assert_none(f"{look}, menu open: {each}" for each in barriers(page, axe, within="details[open]"))
            page.keyboard.press("Escape")


def test_no_open_api_request_has_a_serious_barrier(editor: Reader, axe: str) -> None:
    page = editor.page
    for look in looks(page):
        page.goto(editor.traffic)
        page.locator("#panel-pages").get_by_role("button", name="API request").click()
        assert_none(f"{look}, request open: {each}" for each in barriers(page, axe, within=":popover-open"))


def test_my_sites_have_no_serious_barrier(editor: Reader, axe: str) -> None:
    assert_none(barriers_at(f"{editor.server}/", editor.page, axe))


def test_signing_in_has_no_serious_barrier(reader: Reader, axe: str) -> None:
    assert_none(barriers_at(f"{reader.server}/accounts/login/", reader.page, axe))


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "password/reset/sent/", "confirm-email/"])
def test_no_page_before_the_sign_in_has_a_serious_barrier(reader: Reader, axe: str, settings: Any, path: str) -> None:
    settings.REGISTRATION, settings.SENDS_MAIL = "open", True
    assert_none(barriers_at(f"{reader.server}/accounts/{path}", reader.page, axe))


def test_the_account_has_no_serious_barrier(reader: Reader, axe: str) -> None:
    reader.sign_in()
    assert_none(barriers_at(f"{reader.server}/accounts/reauthenticate/", reader.page, axe))
    reader.page.get_by_label("Password", exact=True).fill(PASSWORD)
    reader.page.get_by_role("button", name="Go on").click()
    for path in ACCOUNT:
        assert_none(barriers_at(f"{reader.server}/accounts/{path}", reader.page, axe))


def test_an_address_that_is_nothing_has_no_serious_barrier(reader: Reader, axe: str) -> None:
    reader.sign_in()
    assert_none(barriers_at(f"{reader.server}/nothing", reader.page, axe))
    assert reader.complaints == [NOT_FOUND] * len(SCHEMES) * len(WIDTHS)
    reader.complaints.clear()
