"""What a documentation owner does in front of the browser, from signing in to reading on a phone.

The fixture fails each journey on a complaint of the browser, a request to another host, or a policy that lets
written-in scripts run.
"""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.events.store import EventStore
from apps.organizations.models import Membership, Role
from tests.browser.conftest import Reader
from tests.conftest import require
from tests.insights.events import event
from tests.people import token_of


@pytest.fixture
def owner(reader: Reader) -> Reader:
    """The same reader, who may edit by now."""
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    return reader


@pytest.fixture
def holds(reader: Reader, store: EventStore) -> None:
    """Beside page views: what is broken, searched, rated and said."""
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    known = {"page": "p", "space": "s"}
    store.insert(
        [
            each | {"site": reader.world.docs.pk}
            for each in (
                event(at, visitor=1, url_path="/guide/webhooks", **known),
                event(at, visitor=2, url_path="/guide/webhoks", referrer_domain="example.org"),
                event(at, visitor=2, event_type="search_type_query", query="pricing", **known),
                event(at, visitor=2, event_type="page_post_feedback", feedback_rating="bad", **known),
                event(
                    at,
                    visitor=2,
                    event_type="page_post_feedback_comment",
                    feedback_rating="bad",
                    feedback_comment="I miss an <b>example</b>.",
                    **known,
                ),
                event(at, visitor=3, url_path="/pro", claims={"plan": ["pro"]}, claims_json='{"plan":"pro"}', **known),
            )
        ]
    )


def home(reader: Reader, path: str = "") -> str:
    return reader.traffic.removesuffix("/traffic") + path


def names(page: Page, panel: str) -> Locator:
    """The first column of a panel."""
    return page.locator(f"#panel-{panel} tbody th")


def test_signing_in_leads_to_the_overview_of_a_site(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.goto(reader.server)
    page.get_by_role("link", name="Acme Docs").click()
    expect(page).to_have_url(home(reader, "/overview"))
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    expect(page.locator("#panel-totals dd").first).to_have_text("7")


def test_a_week_is_one_click_and_the_way_back_another(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="7 d", exact=True).click()
    expect(page).to_have_url(f"{reader.traffic}?range=7d")
    page.get_by_role("link", name="Search", exact=True).click()
    expect(page).to_have_url(home(reader, "/search?range=7d"))
    page.go_back()
    expect(page).to_have_url(f"{reader.traffic}?range=7d")
    page.go_back()
    expect(page.get_by_role("link", name="30 d", exact=True)).to_have_attribute("aria-current", "true")


def test_figures_are_compared_with_another_period(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    expect(page.locator("#panel-totals .change").first).to_be_visible()
    page.get_by_text("View", exact=True).click()
    page.get_by_label("Compare with").select_option("No comparison")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("compare=off"))
    expect(page.locator("#panel-totals .change")).to_have_count(0)


def test_a_click_on_a_row_narrows_the_page_and_the_address_can_be_sent_on(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages").get_by_role("link", name="/guide/3", exact=True).click()
    expect(page.locator(".chip")).to_have_text(re.compile("Page is /guide/3"))
    expect(names(page, "pages")).to_have_text(["/guide/3"])
    address = page.url
    page.goto(reader.server)
    page.goto(address)
    expect(names(page, "pages")).to_have_text(["/guide/3"])
    page.get_by_role("link", name="Remove: Page is /guide/3").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_a_filter_is_chosen_from_what_readers_have(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.keyboard.press("f")
    # The first column's values stand there before anything is chosen.
    expect(page.locator(".suggested li")).to_have_count(12)
    page.locator("[name=filter-column]").select_option("visitorGeoCountry")
    expect(page.locator(".suggested li")).to_have_count(3)
    page.locator("[name=filter-search]").fill("jap")
    expect(page.locator(".suggested li")).to_have_count(1)
    page.get_by_role("checkbox", name="Japan").check()
    page.get_by_role("button", name="Add the filter").click()
    expect(page.locator(".chip")).to_have_text(re.compile("Country is Japan"))


@pytest.mark.usefixtures("holds")
def test_a_broken_url_is_found_and_its_redirect_copied(reader: Reader) -> None:
    reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Broken URLs").click()
    redirects = page.locator("#panel-redirects")
    redirects.evaluate("each => each.scrollIntoView()")
    line = "/guide/webhoks /guide/webhooks 301"
    expect(redirects.locator("> .copyable code")).to_contain_text(line)
    redirects.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_function("line => navigator.clipboard.readText().then((text) => text.includes(line))", arg=line)


@pytest.mark.usefixtures("holds")
def test_comments_are_read_as_they_were_written(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Pages & feedback").click()
    page.locator("#panel-comments").evaluate("each => each.scrollIntoView()")
    expect(page.locator("#panel-comments tbody")).to_contain_text("I miss an <b>example</b>.")


def test_the_command_of_a_panel_gives_its_figures(reader: Reader) -> None:
    curl = require("curl")
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages").get_by_role("button", name="API request").click()
    line = page.locator("#request-pages pre code").nth(1).inner_text()
    assert line.startswith("curl ")
    token = token_of(reader.world.ben, reader.world.acme)
    found = subprocess.run(
        ["sh", "-c", line.replace("curl ", f"{curl} -s ", 1)],
        env={"TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    columns = {each["column"]: each["values"] for each in json.loads(found.stdout)["columns"]}
    page.keyboard.press("Escape")
    expect(names(page, "pages")).to_have_text(columns["urlPath"])
    shown = page.locator("#panel-pages tbody tr td:nth-child(2)").all_inner_texts()
    assert shown == [str(value) for value in columns["visitorsCount"]]


def test_a_phone_is_enough(reader: Reader) -> None:
    page = reader.page
    page.set_viewport_size({"width": 375, "height": 720})
    reader.sign_in()
    # By keyboard: the first stop leads past the menu, "?" lists the keys, "2" is the second range.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page).to_have_url(f"{reader.traffic}?range=7d")
    # By touch: the menu of pages scrolls sideways, the page does not.
    page.get_by_role("link", name="Settings", exact=True).scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.locator("#panel-pages tbody a").first.click()
    expect(page.locator(".chip")).to_be_visible()


def test_lines_are_split_by_country(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.get_by_label("Split by").select_option("Country")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator("#panel-readers .legend li")).to_have_text(["Germany", "Japan", "United States"])
    expect(page.locator("#panel-readers .scatterlayer .trace").first).to_be_visible()


def test_tabs_of_a_card_change_in_place(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages").get_by_role("link", name="Entered").click()
    expect(page.locator("#panel-entries thead")).to_contain_text("Entry page")
    expect(page.locator("#panel-pages")).to_have_count(0)
    expect(page).to_have_url(f"{reader.traffic}?tab.pages=entries")


@pytest.mark.usefixtures("holds")
def test_a_segment_is_saved_from_a_filter_and_narrows_from_then_on(owner: Reader) -> None:
    owner.sign_in()
    page = owner.page
    page.goto(f"{owner.traffic}?is.visitorClaim.plan=pro")
    page.get_by_role("link", name="Save as segment").click()
    page.get_by_label("Title", exact=True).fill("Paying readers")
    page.get_by_role("button", name="Save as segment").click()
    page.goto(owner.traffic)
    page.locator(".audience summary").first.click()
    page.get_by_role("link", name="Paying readers").click()
    expect(page.locator(".chip")).to_have_text(re.compile("Segment Paying readers"))
    expect(names(page, "pages")).to_have_text(["/pro"])


def test_what_is_explored_is_asked_for_by_a_command_too(reader: Reader) -> None:
    curl = require("curl")
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Explore", exact=True).click()
    line = page.locator("pre code", has_text="curl ").first.inner_text()
    found = subprocess.run(
        ["sh", "-c", line.replace("curl ", f"{curl} -s ", 1)],
        env={"TOKEN": token_of(reader.world.ben, reader.world.acme)},
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
    )
    columns = {each["column"]: each["values"] for each in json.loads(found.stdout)["columns"]}
    rows = page.locator("tbody tr")
    assert [text.strip() for text in rows.locator("th").all_inner_texts()] == columns["urlPath"]
    shown = rows.locator("td").all_inner_texts()
    assert shown == [str(value) for value in columns["visitorsCount"]]
