"""Figures of every kind in a real browser, under the policy of our pages.

Their page is written here, out of the real builders, style sheets and scripts. The fixture fails each test on a
complaint of the browser or a request to another host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.html import json_script
from playwright.sync_api import Locator, Page, Route, expect

from apps.dashboard.buckets import Bucket
from apps.dashboard.figures import Part, bars, hours, lines, stacked, world
from apps.dashboard.middleware import HEADER, PAGES
from apps.dashboard.tables import Series
from apps.insights.moments import Interval
from tests.browser.conftest import Reader

UTC_ZONE = ZoneInfo("UTC")
LIGHT, DARK = "rgb(11, 95, 88)", "rgb(116, 227, 212)"
"""The strongest colour of the map."""

BUCKETS = tuple(Bucket(datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=day), whole=day < 2) for day in range(3))
WEEK = tuple(Bucket(datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(days=day), whole=True) for day in range(8))
FIGURES: dict[str, dict[str, Any]] = {
    "lines": lines(
        ["Visitors"],
        Series(BUCKETS, ((5, 1234, 2),)),
        interval=Interval.DAY,
        zone=UTC_ZONE,
        before=Series(BUCKETS, ((4, 3, 2),)),
    ),
    "stacked": stacked(
        Series(BUCKETS, ((5, 7, 2), (1, 0, 3))),
        (Part("Good", "rating-good"), Part("Bad", "rating-bad")),
        interval=Interval.DAY,
        zone=UTC_ZONE,
    ),
    "bars": bars(["<a href='https://x.example'>go</a>"], [3], label="Views", links=["?page=go"]),
    "hours": hours({(day, 12): 1234 for day in range(1, 8)}, label="Visitors"),
    "week": lines(["Visitors"], Series(WEEK, ((5, 3, 2, 4, 6, 7, 1, 2),)), interval=Interval.DAY, zone=UTC_ZONE),
    "world": world({"BR": 12345, "DE": 3}, label="Visitors", links={"BR": "?country=BR", "DE": "//x.example"}),
}
SIGHT = {
    "lines": ".js-line",
    "stacked": ".point path",
    "bars": ".point path",
    "hours": ".hm image",
    "week": ".js-line",
    "world": ".choroplethlayer path",
}


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/css/base.css">
<link rel="stylesheet" href="/static/css/controls.css">
<link rel="stylesheet" href="/static/css/panels.css">
<link rel="stylesheet" href="/static/css/tables.css">
<link rel="stylesheet" href="/static/vendor/plotly/plotly.css" id="plotly.js-style-global" class="no-inline-styles">
<script src="/static/vendor/plotly/plotly-insights.min.js" defer></script>
<script src="/static/js/figures.js" type="module"></script></head><body><main>{}</main></body></html>"""
PLACE = '<div class="figure figure-{0}" id="{0}" data-figure="json-{0}"></div>'


def written() -> str:
    places = [PLACE.format(name) + json_script(figure, f"json-{name}") for name, figure in FIGURES.items()]
    return PAGE.format("".join(places))


def answer(route: Route) -> None:
    route.fulfill(body=written(), headers={HEADER: PAGES, "Content-Type": "text/html"})


@pytest.fixture
def page(reader: Reader) -> Page:
    """A page of figures, of which only the first are in sight."""
    address = f"{reader.server}/figures-of-every-kind"
    reader.page.set_viewport_size({"width": 900, "height": 400})
    reader.page.emulate_media(color_scheme="light")
    reader.page.route(lambda url: url.startswith(address), answer)
    reader.page.goto(address)
    return reader.page


def shown(page: Page, name: str) -> Locator:
    place = page.locator(f"#{name}")
    place.scroll_into_view_if_needed()
    expect(place.locator(SIGHT[name]).first).to_be_attached()
    return place


def point_at(place: Locator, across: float, down: float, *, act: Callable[..., None] | None = None) -> None:
    box = place.bounding_box()
    assert box
    (act or place.hover)(position={"x": box["width"] * across, "y": box["height"] * down})


def test_a_figure_is_drawn_when_it_comes_into_sight(page: Page) -> None:
    shown(page, "lines")
    expect(page.locator("#world *")).to_have_count(0)
    shown(page, "world")


def test_the_library_draws_four_kinds_and_no_more(page: Page) -> None:
    kinds = page.evaluate("Object.keys(Plotly.PlotSchema.get().traces).sort()")
    assert kinds == ["bar", "choropleth", "heatmap", "scatter"]
    assert page.evaluate("Plotly.version") == "4.1.1"


@pytest.mark.parametrize(
    ("name", "across", "down", "words"),
    [
        ("lines", 0.5, 0.5, ["Thursday, 2 April 2026", "Visitors : 1,234", "Visitors, Thu 2 Apr 2026 : 3"]),
        ("stacked", 0.8, 0.7, ["Friday, 3 April 2026", "Good : 2", "Bad : 3"]),
        ("bars", 0.6, 0.5, ["<a href='https://x.example'>go</a>", "Views : 3"]),
        ("hours", 0.53, 0.05, ["Monday, 12:00–13:00", "Visitors: 1,234"]),
        ("world", 0.35, 0.68, ["Brazil", "Visitors: 12,345"]),
    ],
)
def test_the_pointer_reads_every_digit(page: Page, name: str, across: float, down: float, words: list[str]) -> None:
    place = shown(page, name)
    point_at(place, across, down)
    for each in words:
        expect(place.locator(".hoverlayer")).to_contain_text(each)
    expect(place.locator(".hoverlayer a")).to_have_count(0)


def test_a_click_on_a_country_leads_to_its_address(page: Page) -> None:
    place = shown(page, "world")
    point_at(place, 0.35, 0.68, act=place.click)
    expect(page).to_have_url(re.compile(r"/figures-of-every-kind\?country=BR$"))


def test_no_click_leads_to_another_host(page: Page) -> None:
    place = shown(page, "world")
    germany = place.locator(".choroplethlayer path").nth(1)
    germany.click(force=True)
    expect(place.locator(".hoverlayer")).to_contain_text("Germany")
    expect(place).not_to_have_class(re.compile("leads"))
    expect(page).to_have_url(re.compile(r"/figures-of-every-kind$"))


def test_a_map_changes_its_colours_with_the_system_and_is_light_on_paper(page: Page) -> None:
    brazil = shown(page, "world").locator(".choroplethlayer path").first
    expect(brazil).to_have_css("fill", LIGHT)
    page.emulate_media(color_scheme="dark")
    expect(brazil).to_have_css("fill", DARK)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(brazil).to_have_css("fill", LIGHT)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(brazil).to_have_css("fill", DARK)


def test_a_figure_follows_the_width_of_its_place(page: Page) -> None:
    place = shown(page, "lines")
    page.set_viewport_size({"width": 375, "height": 400})
    expect(place).to_have_js_property("clientWidth", 375)
    expect(place.locator(".main-svg").first).to_have_attribute("width", "375")


def test_the_days_below_a_line_can_be_read_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 309, "height": 400})
    place = shown(page, "week")
    frame = place.bounding_box()
    assert frame
    days = place.locator(".xtick text")
    assert days.count() > 2
    for day in days.all():
        box = day.bounding_box()
        assert box
        assert box["height"] < 20  # level, not turned
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert box["y"] + box["height"] <= frame["y"] + frame["height"]


@pytest.mark.parametrize("width", [309, 900])
def test_the_first_day_does_not_touch_the_zero_above_it(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 400})
    place = shown(page, "week")
    zero, day = place.locator(".ytick text").first.bounding_box(), place.locator(".xtick text").first.bounding_box()
    assert zero
    assert day
    # The boxes of texts have room above and below the letters.
    assert day["y"] - (zero["y"] + zero["height"]) > -2


def test_a_figure_that_leaves_the_page_is_forgotten(page: Page) -> None:
    place = shown(page, "lines")
    kept = place.evaluate_handle("place => place")
    page.evaluate("place => place.remove()", kept)
    page.wait_for_function("place => !place._fullLayout", arg=kept)


def test_a_figure_that_a_panel_brings_later_is_drawn(page: Page) -> None:
    page.evaluate(
        """figure => {
            const data = Object.assign(document.createElement("script"), { id: "json-late", type: "application/json" });
            data.textContent = figure;
            const place = Object.assign(document.createElement("div"), { id: "late", className: "figure" });
            place.dataset.figure = "json-late";
            document.querySelector("main").prepend(data, place);
            document.dispatchEvent(new Event("htmx:after:swap"));
        }""",
        json.dumps(FIGURES["lines"]),
    )
    expect(page.locator("#late .js-line").first).to_be_visible()
