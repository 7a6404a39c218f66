"""What fits: every page and menu on a phone, a tablet and a laptop, whatever the names in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from apps.dashboard.frames import PLACES
from apps.dashboard.reports import REPORTS
from apps.events.store import EventStore
from apps.organizations.models import Membership, Role, User
from apps.sites.models import Site
from benchmarks.browser import show_all
from tests.browser.conftest import Reader
from tests.browser.layout import LINES, STICKING_OUT
from tests.insights.events import event

PHONE, TABLET, LAPTOP = 375, 768, 1440
LONG = "/reference/" + "configuration-of-many-words/" * 3 + "x" * 80
"""A path that no column holds in one line."""
HOST = "documentation-of-many-words." * 3 + "example"
CUT = "names => names.filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent)"


@pytest.fixture
def long_reader(reader: Reader, store: EventStore) -> Reader:
    """Ben, signed in, whose site has a long title and was read, searched, rated and left by names that are long."""
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    target = f'{{"kind":"url","url":"https://{HOST}{LONG}"}}'
    acts: tuple[dict[str, str], ...] = (
        {"event_type": "page_view"},
        {"event_type": "link_click", "link_kind": "url", "link_domain": HOST, "link_target": target},
        {"event_type": "api_client_open", "api_method": "GET", "api_path": LONG},
        {"event_type": "search_open_result", "query": LONG, "result_record": "x" * 60},
        {"event_type": "page_post_feedback", "feedback_rating": "bad"},
        {"event_type": "page_post_feedback_comment", "feedback_rating": "bad", "feedback_comment": "Too long. " * 30},
        {"event_type": "ask_question", "query": LONG},
        {"event_type": "ad_display", "ad_domain": HOST, "ad_placement": "aside"},
    )
    where = {"url_path": LONG, "referrer": f"https://{HOST}{LONG}", "referrer_domain": HOST}
    store.insert([event(at, visitor=9, **where, **act) | {"site": reader.world.docs.pk} for act in acts])
    Site.objects.filter(pk=reader.world.docs.pk).update(title="The documentation of everything that Acme makes")
    reader.sign_in()
    return reader


@pytest.mark.parametrize("width", [PHONE, TABLET, LAPTOP])
def test_no_page_scrolls_sideways(long_reader: Reader, width: int) -> None:
    page, site = long_reader.page, long_reader.world.docs
    page.set_viewport_size({"width": width, "height": 800})
    places = [long_reader.server + place.url(site) for place in PLACES]
    for address in (f"{long_reader.server}/", *places, f"{long_reader.traffic}/pages"):
        page.goto(address)
        show_all(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width, address


@pytest.mark.parametrize("path", [*REPORTS, "overview?range=24h", "overview?compare=off", "traffic?range=12m"])
def test_a_table_on_a_phone_scrolls_one_way_and_breaks_no_time(long_reader: Reader, path: str) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(long_reader.traffic.removesuffix("traffic") + path)
    show_all(page)
    page.evaluate("document.querySelectorAll('.as-table').forEach((fold) => (fold.open = true))")
    frames = page.locator(".as-table > .table-frame")
    ways = "each => [each.scrollWidth > each.clientWidth, each.scrollHeight > each.clientHeight].filter(Boolean).length"
    assert [frame.evaluate(ways) for frame in frames.all() if frame.evaluate(ways) > 1] == []
    times = frames.locator("tbody .moment")
    assert [time.evaluate(LINES) for time in [*times.all()[:1], *times.all()[-1:]] if time.evaluate(LINES) != 1] == []


@pytest.mark.parametrize("width", [PHONE, TABLET, LAPTOP])
def test_the_fields_of_an_export_stand_in_line(reader: Reader, width: int) -> None:
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    reader.sign_in()
    page = reader.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(reader.traffic.removesuffix("traffic") + "events")
    form = page.locator("#export form")
    fields = [*form.locator("label > :is(input, select)").all(), form.get_by_role("button")]
    boxes = [box for field in fields if (box := field.bounding_box())]
    assert len(boxes) == 4
    assert {round(box["height"]) for box in boxes} == {round(boxes[0]["height"])}
    first, second, *_rest = boxes
    assert abs(first["width"] - second["width"]) < 1
    if width > PHONE:
        assert len({round(box["y"]) for box in boxes}) == 1


@pytest.mark.parametrize("width", [PHONE, TABLET, LAPTOP])
def test_the_line_of_a_site_stays_in_its_card(reader: Reader, store: EventStore, width: int) -> None:
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    store.insert([event(at, visitor=number) | {"site": reader.world.docs.pk} for number in range(1_234)])
    page = reader.page
    page.set_viewport_size({"width": width, "height": 800})
    reader.sign_in()
    page.goto(f"{reader.server}/")
    card = page.locator(".site-card", has_text="1,234")
    expect(card.locator(".sparkline")).to_be_visible()
    assert card.evaluate_all(STICKING_OUT) == []
    assert [figure.evaluate(LINES) for figure in card.locator("dd").all()] == [1, 1]


@pytest.mark.parametrize("width", [PHONE, 560, TABLET, LAPTOP])
@pytest.mark.parametrize("filters", ["", f"?is.urlPath={LONG[:60]}", "?is.visitorDevice=desktop&is.visitorOS=linux"])
def test_every_menu_lies_within_the_window(long_reader: Reader, width: int, filters: str) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(long_reader.traffic + filters)
    menus = page.locator("details.menu > summary:visible")
    assert menus.count() == 6
    for menu in menus.all():
        menu.click()
        page.wait_for_function("document.querySelector('details.menu[open]')")
        # The list turns in the frame after it opened.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        place = page.locator("details[open] > .menu-list").bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [PHONE, TABLET, LAPTOP])
def test_no_page_of_an_account_scrolls_sideways(reader: Reader, width: int) -> None:
    User.objects.filter(pk=reader.world.ben.pk).update(first_name="x" * 100)
    page = reader.page
    page.set_viewport_size({"width": width, "height": 800})
    reader.sign_in()
    for path in ("", "password/", "factors/webauthn/", "factors/", "sessions/", "connections/", "reauthenticate/"):
        page.goto(f"{reader.server}/accounts/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        for here in page.locator(".site > .tabs [aria-current]").all():
            expect(here).to_be_in_viewport(ratio=1)


def test_the_open_filter_menu_offers_what_readers_have(long_reader: Reader) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.locator(".filter-menu > summary").click()
    expect(page.get_by_role("checkbox", name="/guide/3")).to_be_visible()
    page.locator("[name=filter-search]").fill("reference")
    expect(page.get_by_role("checkbox", name=LONG)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE


@pytest.mark.parametrize("report", ["overview", "traffic", "feedback", "search", "broken", "links", "ads"])
def test_no_name_is_cut_on_a_phone(long_reader: Reader, report: str) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(long_reader.traffic.removesuffix("traffic") + report)
    show_all(page)
    names = page.locator(".bar-name")
    assert names.count() > 0
    assert names.evaluate_all(CUT) == []


def test_a_comment_has_the_width_of_a_phone(long_reader: Reader) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(long_reader.traffic.removesuffix("traffic") + "feedback/comments")
    comment = page.locator("#panel-comments td", has_text="Too long.")
    box = comment.bounding_box()
    assert box is not None
    assert box["width"] > 300
    when = page.locator("#panel-comments tbody .moment")
    # A second line would be as high again; the rest is the cell's padding.
    assert when.evaluate("cell => cell.clientHeight / parseFloat(getComputedStyle(cell).lineHeight)") < 2


def test_the_page_that_is_read_is_in_sight_among_the_pages(long_reader: Reader) -> None:
    page = long_reader.page
    page.set_viewport_size({"width": PHONE, "height": 800})
    for place in PLACES:
        page.goto(long_reader.server + place.url(long_reader.world.docs))
        here = page.locator(".site > .tabs [aria-current]")
        expect(here).to_be_in_viewport(ratio=1)
        assert page.evaluate("scrollY") == 0
