"""What the reports say of a month of everything (tests/dashboard/traffic.py), with figures worked out by hand."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.cache import cache

from apps.dashboard.reports import REPORTS
from tests.dashboard.conftest import Desk
from tests.dashboard.test_every_panel import part, values
from tests.dashboard.traffic import busy
from tests.dashboard.visits import share
from tests.insights.events import event


def rows(desk: Desk, report: str, panel: str, address: str = "range=30d") -> list[list[Any]]:
    """The table of a panel."""
    shown = REPORTS[report]
    found = shown.panel(panel)
    assert found is not None
    return values(part(desk, shown, found, address).answer)


@pytest.mark.parametrize(
    ("report", "panel", "expected"),
    [
        (
            "overview",
            "totals",
            [
                ["Visitors", 4, 1],
                ["Page views", 6, 1],
                ["Sessions", 5, 1],
                ["Searches", 2, 0],
                ["AI questions", 1, 0],
                ["Helpful answers", 100.0, None],
            ],
        ),
        ("overview", "now", [["/guide", 1]]),
        ("overview", "rising", [["/old/guide", 1, 1]]),
        ("overview", "badly-rated", [["/guide", 1]]),
        ("overview", "unclicked", [["billing", 1]]),
        ("traffic", "entries", [["/guide", 3, 2], ["/old/guide", 1, 1], ["/setpu", 1, 1]]),
        ("traffic", "exits", [["/guide", 2], ["/old/guide", 1], ["/setpu", 1], ["/setup", 1]]),
        (
            "traffic",
            "visits",
            [
                ["Length of a session", 60.0, 0],
                ["Left at once", 80.0, 100.0],
            ],
        ),
        ("traffic", "countries", [["United States", 2, 2], ["Unknown", 2, 2], ["Germany", 1, 2]]),
        ("traffic", "campaigns", [["spring", 1, 1]]),
        ("traffic", "attributes", [["plan", 1, 1]]),
        ("feedback", "pages", [["/guide", 1, 0, 0, 1, 0.0]]),
        ("feedback", "comments", [["/guide", "Bad", "Where is the price?", "2026-04-22T09:07:00+00:00"]]),
        ("feedback", "answers", [["How to pay?", 1, 1, 0]]),
        (
            "search",
            "totals",
            [["Searches", 2, 0], ["Searchers", 1, 0], ["With a click", 1, 0], ["Click rate", 50.0, None]],
        ),
        ("search", "terms", [["billing", 1, 1, 0.0], ["hooks", 1, 1, 100.0]]),
        ("search", "unclicked", [["billing", 1, 1]]),
        ("search", "results", [["hooks", "r1", 1, 1]]),
        ("assistant", "questions", [["How to pay?", 1, 1]]),
        ("assistant", "goals", [["buy", 1, 1]]),
        ("agents", "names", [["claudebot", 3]]),
        ("agents", "crawlers", [["googlebot", 1]]),
        ("agents", "mcp-searches", [["hooks", 1]]),
        (
            "agents",
            "surfaces",
            [["llms.txt request", 1], ["MCP request", 1], ["Page as Markdown", 1], ["Page view", 1]],
        ),
        ("broken", "totals", [["Hits", 2, 1], ["Visitors", 1, 1], ["Distinct URLs", 2, 1]]),
        (
            "broken",
            "urls",
            [
                ["/old/guide", 1, 1, "2026-04-23T23:30:00+00:00"],
                ["/setpu", 1, 1, "2026-04-24T23:30:00+00:00"],
            ],
        ),
        ("broken", "new", [["/old/guide", 1, "2026-04-23T23:30:00+00:00"]]),
        ("broken", "redirects", [["/old/guide", 1, "/guide"], ["/setpu", 1, "/setup"]]),
        ("links", "domains", [["example.org", 1, 1]]),
        ("links", "targets", [["https://example.org/", "Content", 1, 1]]),
        ("links", "tried", [["GET", "/pets", 1, 1]]),
        ("ads", "domains", [["ads.example", "Aside", 2, 1, 50.0]]),
    ],
)
def test_a_panel_tells_what_happened(desk: Desk, report: str, panel: str, expected: list[list[Any]]) -> None:
    assert rows(busy(desk), report, panel) == expected


@pytest.mark.parametrize(
    ("report", "panel", "news"),
    [
        ("overview", "totals", {"Visitors": "good", "Page views": "good", "Sessions": "good", "Searches": "good"}),
        ("traffic", "visits", {"Length of a session": "good", "Left at once": "good"}),
        ("feedback", "totals", {"Ratings": "good", "Bad": "bad"}),
        ("broken", "totals", {"Hits": "bad", "Distinct URLs": "bad"}),
    ],
)
def test_what_rises_is_good_news_but_for_what_nobody_wants(
    desk: Desk, report: str, panel: str, news: dict[str, str]
) -> None:
    shown = REPORTS[report]
    asked = shown.panel(panel)
    assert asked is not None
    answer = part(busy(desk), shown, asked, "range=30d").answer
    assert answer is not None
    found = {total.label: total.news for total in answer.totals}
    assert {label: found[label] for label in news} == news


def test_the_share_of_agents_is_of_all_reads(desk: Desk) -> None:
    # Four reads by agents and crawlers, six page views by people.
    assert rows(busy(desk), "agents", "totals")[1] == ["Share of agents", 40.0, 0.0]


def test_totals_of_agents_are_those_of_their_surfaces(desk: Desk) -> None:
    busy(desk)
    # Somebody copies a page as Markdown, and their editor asks for the rest: they read, but not automatically.
    kinds = ("page_markdown_request", "llms_request", "mcp_request")
    desk.holds(*(event("2026-04-21T05:00:00Z", visitor=5, event_type=each) for each in kinds))
    assert [row[:2] for row in rows(desk, "agents", "totals")] == [
        ["Reads by agents", 4],
        ["Share of agents", 30.77],
        ["Markdown pages", 1],
        ["llms.txt", 1],
        ["MCP requests", 1],
    ]
    assert dict(map(tuple, rows(desk, "agents", "surfaces")))["Page as Markdown"] == 1


def test_active_hours_are_in_the_time_zone_of_the_page(desk: Desk) -> None:
    desk.holds(event("2026-04-20T23:30:00Z", visitor=1))
    table = rows(desk, "traffic", "hours", "range=30d&tz=Europe/Berlin")
    assert table[1] == ["Tuesday", 0, 1, *[0] * 22]
    assert sum(sum(day[1:]) for day in table) == 1


def test_the_values_of_a_claim_are_one_click_behind_its_name(desk: Desk) -> None:
    busy(desk)
    shown = REPORTS["traffic"]
    panel = shown.panel("attributes")
    assert panel is not None
    answer = part(desk, shown, panel, "range=30d").answer
    assert answer is not None
    assert answer.table is not None
    assert answer.table.rows[0].cells[0].link == "?range=30d&claim=plan"
    chosen = part(desk, shown, panel, "range=30d&claim=plan").answer
    assert values(chosen) == [["pro", 1, 1]]
    assert chosen is not None
    assert chosen.table is not None
    assert chosen.table.rows[0].cells[0].link == "?range=30d&is.visitorClaim.plan=pro"


def test_who_reads_now_does_not_depend_on_the_range(desk: Desk) -> None:
    busy(desk)
    assert rows(desk, "overview", "now", "from=2026-01-01&to=2026-01-31") == [["/guide", 1]]


def test_all_rows_of_a_panel_are_searched_sorted_and_paged(desk: Desk) -> None:
    desk.holds(*(event(visitor=number % 7, url_path=f"/page/{number:03}") for number in range(230)))

    def shown(query: str) -> tuple[list[Any], int]:
        answer = desk.get(f"/traffic/pages?range=30d{query}")
        return [row[0] for row in values(answer.context["view"].answer)], answer.context["rows"]

    first, count = shown("")
    assert (len(first), first[0], count) == (100, "/page/000", 230)
    assert shown("&page=3")[0] == [f"/page/{number:03}" for number in range(200, 230)]
    assert shown("&page=99")[0][-1] == "/page/229"
    assert shown("&q=22") == (["/page/022", "/page/122", *(f"/page/{number}" for number in range(220, 230))], 12)
    assert shown("&sort=1&desc=1")[0][:2] == ["/page/229", "/page/228"]


def test_ads_are_in_the_menu_of_sites_that_show_some(desk: Desk) -> None:
    assert "/ads?" not in desk.get("/traffic").content.decode()
    cache.clear()
    assert "/ads?" in busy(desk).get("/traffic").content.decode()


def test_panels_of_one_card_are_tabs(desk: Desk) -> None:
    card = busy(desk).get("/traffic/pages", **{"HX-Request": "true"}).content.decode()
    assert f'hx-get="{desk.home}/traffic/entries?range=30d&amp;tab.pages=entries"' in card
    assert 'id="panel-entries"' not in card
    assert "Entered" in desk.get("/traffic/entries", **{"HX-Request": "true"}).content.decode()


def test_a_page_that_is_plain_leads_to_plain_pages(desk: Desk) -> None:
    page = html.unescape(busy(desk).get("/traffic?range=7d&plain=1").content.decode())
    assert 'href="?range=30d&plain=1"' in page
    assert f'href="{desk.home}/search?range=7d&plain=1"' in page
    assert '<input type="hidden" name="plain" value="1">' in page
    assert "Show all figures of this page as tables" not in page
    assert 'aria-busy="true"' not in page
    assert 'href="?range=7d&plain=1"' in html.unescape(desk.get("/traffic?range=7d").content.decode())


def test_a_plain_page_holds_every_card(desk: Desk) -> None:
    page = busy(desk).get("/traffic?plain=1").content.decode()
    assert 'aria-busy="true"' not in page
    assert "Germany" in page


def said(desk: Desk, report: str, panel: str, address: str) -> str:
    """What a panel says beside its rows, or in their place."""
    page = desk.get(f"/{report}/{panel}?{address}", **{"HX-Request": "true"}).content.decode()
    found = re.findall(r'<p class="(?:nothing|quiet small)">([^<]*)</p>', page)
    return html.unescape(" ".join(" ".join(found).split()))


@pytest.mark.parametrize(
    ("compare", "found", "words"),
    [
        ("previous", [["/more", 2, 3]], "Held against 1 Mar 2026 to 31 Mar 2026."),
        # Without a comparison, "rose" still is about something: it is named.
        ("off", [["/more", 2, 3]], "Held against 1 Mar 2026 to 31 Mar 2026."),
        ("year", [["/known", 1, 2], ["/more", 1, 3]], "Held against 31 Mar 2025 to 30 Apr 2025."),
    ],
)
def test_what_rose_is_told_against_what_the_page_is_held_against_and_says_so(
    desk: Desk, compare: str, found: list[list[Any]], words: str
) -> None:
    desk.holds(
        *(event("2026-03-15T09:00:00Z", visitor=number, url_path="/known") for number in range(3)),
        *(event("2026-04-15T09:00:00Z", visitor=number, url_path="/known") for number in range(2)),
        event("2026-03-15T09:00:00Z", visitor=1, url_path="/more"),
        *(event("2026-04-15T09:00:00Z", visitor=number, url_path="/more") for number in range(3)),
        event("2025-04-15T09:00:00Z", visitor=1, url_path="/known"),
        *(event("2025-04-15T09:00:00Z", visitor=number, url_path="/more") for number in range(2)),
    )
    address = f"range=30d&compare={compare}"
    assert rows(desk, "overview", "rising", address) == found
    assert said(desk, "overview", "rising", address) == words


@pytest.mark.parametrize("compare", ["previous", "off", "year"])
def test_without_an_event_before_nothing_has_risen(desk: Desk, compare: str) -> None:
    desk.holds(event("2026-04-15T09:00:00Z", url_path="/gone"))
    address = f"range=12m&compare={compare}"
    assert rows(desk, "overview", "rising", address) == []
    words = "No earlier figure: nothing was counted from 30 Apr 2024 to 30 Apr 2025."
    assert said(desk, "overview", "rising", address) == words


def test_what_was_not_there_before_has_risen_where_something_else_was(desk: Desk) -> None:
    desk.holds(
        event("2026-03-15T09:00:00Z", url_path="/guide", page="p1", space="s1", country="FR"),
        event("2026-04-15T09:00:00Z", url_path="/gone", country="DE"),
    )
    assert rows(desk, "overview", "rising", "range=30d&is.visitorGeoCountry=DE") == [["/gone", 1, 1]]


def test_without_an_event_before_the_range_no_broken_url_is_new(desk: Desk) -> None:
    desk.holds(event("2026-04-15T09:00:00Z", url_path="/gone"))
    assert rows(desk, "broken", "new") == []
    words = "Nothing was counted before this range, so what is new in it cannot be told."
    assert said(desk, "broken", "new", "range=30d") == words
    assert rows(desk, "broken", "new", "range=7d") == []
    assert said(desk, "broken", "new", "range=7d") == "No URL broke that was not broken before."


def test_a_share_of_nothing_is_no_share(desk: Desk) -> None:
    desk.holds(event("2026-04-29T10:00:00Z", visitor=1), event("2026-04-29T11:00:00Z", visitor=2, bot="claudebot"))
    table = rows(desk, "agents", "share", "range=7d&compare=off")
    assert [row[1] for row in table] == [None, None, None, None, None, None, 50.0, None]


OF_WHAT_IS_LEFT = "Sessions are made of the views that filters leave: other pages that were read in them do not count."


@pytest.mark.parametrize("panel", ["visits", "entries", "exits"])
@pytest.mark.parametrize(
    ("narrowed", "words"),
    [
        ("is.urlPath=/guide", OF_WHAT_IS_LEFT),
        ("not.url=https://docs.acme.example/setup", OF_WHAT_IS_LEFT),
        ("is.utmCampaign=spring", OF_WHAT_IS_LEFT),
        # All views of a visit are by one reader.
        ("is.visitorGeoCountry=DE", ""),
        ("compare=off", ""),
    ],
)
def test_panels_of_visits_say_what_sessions_are_made_of_where_pages_are_narrowed(
    desk: Desk, panel: str, narrowed: str, words: str
) -> None:
    assert said(busy(desk), "traffic", panel, narrowed) == words
    assert said(desk, "traffic", "pages", narrowed) == ""


def test_a_mean_of_nothing_is_no_figure_and_has_not_fallen(desk: Desk) -> None:
    desk.holds(
        event("2026-03-15T10:00:00Z", visitor=1, country="DE"),
        event("2026-03-15T10:01:00Z", visitor=1, country="DE"),
        event("2026-04-15T10:00:00Z", visitor=2, country="US"),
    )
    narrowed = "range=30d&is.visitorGeoCountry=DE"
    assert rows(desk, "traffic", "visits", narrowed) == [
        ["Length of a session", None, 60.0],
        ["Left at once", None, 0.0],
    ]
    panel = desk.get(f"/traffic/visits?{narrowed}", **{"HX-Request": "true"}).content.decode()
    changes = re.findall(r'<dd class="change">(.*?)</dd>', panel, re.DOTALL)
    assert [" ".join(re.sub("<[^>]+>", "", each).split()) for each in changes] == [
        "from 1 min",
        "from 0%",
    ]


@pytest.mark.parametrize("path", ["/traffic", "/overview", "/broken", "/search", "/explore"])
def test_a_range_that_has_not_begun_says_so_once(desk: Desk, path: str) -> None:
    page = busy(desk).get(f"{path}?from=2026-05-01&to=2026-05-09&plain=1").content.decode()
    assert page.count("has not begun") == 1
    assert "This range has not begun: its first day is 1 May 2026." in page
    for wrong in ("Put it on your documentation", "was counted", "was read", "would fill it", "Nothing to mend"):
        assert wrong not in page
    # Nothing has fallen to nothing, either.
    assert 'class="change"' not in page
    assert "has not begun" not in desk.get(f"{path}?from=2026-04-30&to=2026-05-09&plain=1").content.decode()


@pytest.mark.parametrize(
    ("report", "panel", "link"),
    [
        ("search", "totals", "/settings"),
        ("search", "terms", "/settings"),
        ("feedback", "pages", "/settings"),
        ("assistant", "questions", "/settings"),
        ("links", "tried", "/settings"),
        ("agents", "surfaces", "/v1/docs"),
        ("search", "unclicked", ""),
    ],
)
def test_what_would_fill_a_panel_leads_to_where_that_is_done(desk: Desk, report: str, panel: str, link: str) -> None:
    page = desk.get(f"/{report}/{panel}", **{"HX-Request": "true"}).content.decode()
    (words,) = re.findall(r'<p class="(?:nothing|note note-info)">(.*?)</p>', page, re.DOTALL)
    expected = {"/settings": f"{desk.home}/settings", "/v1/docs": "/v1/docs"}
    assert re.findall(r'href="([^"]*)"', words) == ([expected[link]] if link else [])
    # Who has a share link alone is led nowhere.
    shared = share(desk, report=report).get(f"/{panel}", **{"HX-Request": "true"}).content.decode()
    assert "/settings" not in shared
    assert "/v1/docs" not in shared


def test_a_page_that_is_narrowed_to_nobody_says_so(desk: Desk) -> None:
    page = busy(desk).get("/traffic?is.visitorGeoCountry=JP").content.decode()
    assert "Nothing in this range matches what the page is narrowed to." in page
    assert "Put it on your documentation" not in page
