"""What is printed: of which site and of when it is, figures with their colours, and nothing to press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from apps.dashboard.frames import PLACES, SETTINGS, SHARE
from benchmarks.browser import show_all
from tests.browser.conftest import Reader
from tests.browser.layout import STICKING_OUT
from tests.browser.test_steady import busy_reader

__all__ = ["busy_reader"]  # a fixture

SHEET = 703
"""Pixels between the margins of A4."""
PRESSED = "button, summary, select, input, .tabs a, .segments a, .tools a, .more"


def printed(reader: Reader, path: str) -> Page:
    """A report as it is laid out on a sheet."""
    page = reader.page
    page.goto(reader.traffic.removesuffix("traffic") + path)
    show_all(page)
    page.set_viewport_size({"width": SHEET, "height": 1000})
    page.emulate_media(media="print")
    return page


def sheets(page: Page) -> int:
    """How many sheets of A4 a page takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@pytest.mark.parametrize("path", ["overview?range=7d", "traffic?is.visitorGeoCountry=DE", "events", "segments"])
def test_a_sheet_begins_with_the_site(busy_reader: Reader, path: str) -> None:
    assert printed(busy_reader, path).locator("body").inner_text().startswith("Acme Docs")


def test_a_sheet_says_of_when_and_of_whom_it_is(busy_reader: Reader) -> None:
    page = printed(busy_reader, "overview?from=2026-01-05&to=2026-01-07&is.visitorGeoCountry=DE")
    head, _rest = page.locator("body").inner_text().split("Totals", 1)
    assert "5 January 2026 to 7 January 2026, in the time zone UTC." in head
    assert "Country is Germany" in head


@pytest.mark.parametrize("name", [place.name for place in PLACES if place.name not in (SHARE, SETTINGS)])
def test_nothing_is_printed_that_is_to_be_pressed(busy_reader: Reader, name: str) -> None:
    page = printed(busy_reader, name)
    assert page.locator(PRESSED).locator("visible=true").all_inner_texts() == []


@pytest.mark.parametrize("report", ["overview", "traffic", "agents", "broken", "explore"])
def test_nothing_sticks_out_of_its_card_on_paper(busy_reader: Reader, report: str) -> None:
    page = printed(busy_reader, report)
    assert page.locator(".card").evaluate_all(STICKING_OUT) == []


def test_the_colours_of_a_legend_are_printed(busy_reader: Reader) -> None:
    legend = printed(busy_reader, "overview").locator(".legend li").first
    expect(legend).to_be_visible()
    assert legend.evaluate("each => getComputedStyle(each, '::before').printColorAdjust") == "exact"


def test_the_tab_that_is_shown_is_named(busy_reader: Reader) -> None:
    page = printed(busy_reader, "traffic?tab.pages=entries")
    assert page.locator("#panel-entries .card-tabs").inner_text() == "Entered"


def test_a_table_that_is_open_is_printed_to_its_end(busy_reader: Reader) -> None:
    page = printed(busy_reader, "overview")
    page.emulate_media(media="screen")
    page.locator("#panel-readers .as-table > summary").click()
    page.emulate_media(media="print")
    frame = page.locator("#panel-readers .table-frame")
    assert frame.evaluate("each => each.scrollHeight <= each.clientHeight")


def test_an_overview_takes_two_sheets(busy_reader: Reader) -> None:
    assert sheets(printed(busy_reader, "overview")) == 2


def test_what_has_not_loaded_says_so_on_paper(busy_reader: Reader) -> None:
    page = busy_reader.page
    page.set_viewport_size({"width": 1280, "height": 500})
    page.emulate_media(media="print")
    waiting = page.locator("#panel-countries[aria-busy]")
    expect(waiting).to_contain_text("Not loaded")
