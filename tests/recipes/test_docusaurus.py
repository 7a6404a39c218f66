"""docs/recipes/docusaurus.md. Algolia's servers are out of reach: a route stands in for their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route

from tests.recipes.building import build
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite

ALGOLIA = "https://yourappid-dsn.algolia.net/"
LEVELS = {"lvl0": "Documentation", "lvl1": "Welcome", **dict.fromkeys(["lvl2", "lvl3", "lvl4", "lvl5", "lvl6"])}


def answer(route: Route) -> None:
    """One hit for every question."""
    shown = {level: {"value": text, "matchLevel": "none"} for level, text in LEVELS.items() if text}
    hit: dict[str, Any] = {
        "objectID": "1",
        "type": "lvl1",
        "url": "https://docs.acme.example/",
        "hierarchy": LEVELS,
        "_highlightResult": {"hierarchy": shown},
        "_snippetResult": {"hierarchy": shown},
    }
    asked = route.request.post_data_json["requests"]
    results = [{"hits": [hit], "nbHits": 1, "query": each.get("query", ""), "index": "acme"} for each in asked]
    route.fulfill(json={"results": results}, headers={"Access-Control-Allow-Origin": "*"})


def test_a_reader_of_docusaurus_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite.of(build("docusaurus")))
    page = journey.page
    journey.stand_in(ALGOLIA, answer)
    journey.open("/")
    journey.wait_for_views(1)
    page.get_by_role("link", name="guide to webhooks", exact=True).click()
    journey.wait_for_views(2)
    page.get_by_role("link", name="Go to the steps").click()
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("searchbox").press_sequentially("hello", delay=20)
    page.locator(".DocSearch-Hit a").first.click()
    journey.wait_for_views(3)
    journey.open("/gone")
    journey.wait_for_views(4)
    journey.open("/")
    journey.wait_for_views(5)
    with page.context.expect_page():
        page.get_by_role("link", name="the tool").click()
    journey.leave(events=11)

    assert journey.views() == {"/": 3, "/guide": 1, "/gone": 1}
    assert journey.broken() == {"/gone": 1}
    assert journey.links() == {
        ("page", "/guide", "content"): 1,
        ("anchor", "steps", "content"): 1,
        ("url", "https://example.com/tool", "content"): 1,
    }
    assert journey.searches() == {
        ("search_open", "", None): 1,
        ("search_type_query", "hello", None): 1,
        ("search_open_result", "hello", "/"): 1,
    }
    assert journey.readers() == (1, 1)
