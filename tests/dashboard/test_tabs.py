"""Tabs of cards: the one that was chosen stands in the address, and goes along wherever the page leads."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.dashboard.conftest import Desk
from tests.dashboard.visits import share

HTMX = {"HX-Request": "true"}


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def tabs(page: str, panel: str) -> list[tuple[str, str, str]]:
    """Of the card that shows a panel the tabs: where each leads, what htmx asks for, and its title."""
    card = page.partition(f'id="panel-{panel}"')[2].partition("</nav>")[0]
    return re.findall(r'<a [^>]*href="([^"]*)" hx-get="([^"]*)"[^>]*>([^<]*)</a>', card)


FIRST = ["Read", "Domain", "Source", "Browser"]
"""The tabs of Traffic's cards that show where the address says nothing."""


def current(page: str) -> list[str]:
    return re.findall(r'<a id="tab-[^>]* aria-current="true">([^<]*)</a>', page)


def test_a_card_shows_the_tab_of_the_address(busy_desk: Desk) -> None:
    assert current(page_of(busy_desk.get())) == FIRST
    page = page_of(busy_desk.get("/traffic?tab.pages=entries&tab.sources=channels"))
    assert current(page) == ["Entered", "Channel", *FIRST[2:]]
    assert 'id="panel-entries"' in page
    assert 'id="panel-pages"' not in page


def test_a_tab_leads_to_the_page_with_it_and_htmx_to_the_panel_alone(busy_desk: Desk) -> None:
    home = f"{busy_desk.home}/traffic"
    part = page_of(busy_desk.get("/traffic/exits?range=7d&tab.pages=exits&tab.sources=channels", **HTMX))
    assert tabs(part, "exits") == [
        (
            f"{home}?range=7d&tab.sources=channels#panel-pages",
            f"{home}/pages?range=7d&tab.sources=channels",
            "Read",
        ),
        (
            f"{home}?range=7d&tab.pages=entries&tab.sources=channels#panel-entries",
            f"{home}/entries?range=7d&tab.pages=entries&tab.sources=channels",
            "Entered",
        ),
        (
            f"{home}?range=7d&tab.pages=exits&tab.sources=channels#panel-exits",
            f"{home}/exits?range=7d&tab.pages=exits&tab.sources=channels",
            "Left",
        ),
    ]


def test_a_tab_of_a_card_that_loads_is_a_plain_link_to_the_page_with_it(busy_desk: Desk) -> None:
    page = page_of(busy_desk.get("/traffic?range=7d"))
    card = page.partition('id="panel-pages"')[2].partition("</nav>")[0]
    links = re.findall(r'<a id="tab-[^"]+" href="([^"]*)" data-tab="tab.pages"', card)
    assert links[1] == f"{busy_desk.home}/traffic?range=7d&tab.pages=entries#panel-entries"


def test_a_panel_that_htmx_gets_leads_on_with_its_tab(busy_desk: Desk) -> None:
    part = page_of(busy_desk.get("/traffic/channels?range=7d&tab.sources=channels", **HTMX))
    assert current(part) == ["Channel"]
    assert f'href="{busy_desk.home}/traffic/channels.csv?range=7d&tab.sources=channels"' in part


def test_rows_ranges_forms_and_other_reports_take_the_tab_along(busy_desk: Desk) -> None:
    page = page_of(busy_desk.get("/traffic?range=30d&tab.pages=entries"))
    assert 'href="?range=7d&tab.pages=entries"' in page
    rows = page_of(busy_desk.get("/traffic/sources?range=30d&tab.pages=entries", **HTMX))
    assert 'href="?range=30d&tab.pages=entries&is.referrerDomain=www.example.org"' in rows
    assert f'href="{busy_desk.home}/search?range=30d&tab.pages=entries"' in page
    assert '<input type="hidden" name="tab.pages" value="entries">' in page


@pytest.mark.parametrize("strange", ["tab.pages=nothing", "tab.pages=sources", "tab.nothing=entries", "tab=entries"])
def test_a_tab_that_is_not_there_is_no_matter(busy_desk: Desk, strange: str) -> None:
    answer = busy_desk.get(f"/traffic?{strange}&tab.pages=")
    assert current(page_of(answer)) == FIRST
    assert answer.context["scope"].notes == ()


def test_a_card_below_the_fold_loads_the_tab_of_the_address(busy_desk: Desk) -> None:
    page = page_of(busy_desk.get("/feedback?range=7d&tab.scores=best"))
    assert f'hx-get="{busy_desk.home}/feedback/best?range=7d&tab.scores=best"' in page
    assert f'hx-get="{busy_desk.home}/feedback/pages?range=7d&tab.scores=best" hx-trigger="revealed' not in page


def test_a_share_link_shows_the_tab_that_its_owner_left_and_the_others_lead_to_their_pages(busy_desk: Desk) -> None:
    visit = share(busy_desk, parameters="range=30d&tab.pages=entries")
    page = page_of(visit.get())
    assert current(page) == ["Entered", *FIRST[1:]]
    assert tabs(page_of(visit.get("/entries", **HTMX)), "entries") == [
        (f"{visit.address}/{name}", f"{visit.address}/{name}", title)
        for name, title in (("pages", "Read"), ("entries", "Entered"), ("exits", "Left"))
    ]
