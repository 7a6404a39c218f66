"""docs/recipes/starlight.md."""

from __future__ import annotations

from collections.abc import Callable

from tests.recipes.building import build
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite


def test_a_reader_of_starlight_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite.of(build("starlight")))
    page = journey.page
    journey.open("/")
    journey.wait_for_views(1)
    page.get_by_role("link", name="guide to webhooks", exact=True).click()
    journey.wait_for_views(2)
    page.get_by_role("link", name="Go to the steps").click()
    page.get_by_role("button", name="Search").first.click()
    page.locator(".pagefind-ui__search-input").press_sequentially("welcome", delay=20)
    page.locator(".pagefind-ui__result-link").first.click()
    journey.wait_for_views(3)
    journey.open("/gone/")
    journey.wait_for_views(4)
    journey.open("/")
    journey.wait_for_views(5)
    page.get_by_role("link", name="the tool").click()
    page.wait_for_url("https://example.com/tool")
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
        ("search_type_query", "welcome", None): 1,
        ("search_open_result", "welcome", "/"): 1,
    }
    assert journey.readers() == (1, 1)
