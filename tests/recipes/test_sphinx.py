"""docs/recipes/sphinx.md."""

from __future__ import annotations

from collections.abc import Callable

from tests.recipes.building import build
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite


def test_a_reader_of_sphinx_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite.of(build("sphinx")))
    page = journey.page
    journey.open("/")
    page.get_by_role("main").get_by_role("link", name="guide", exact=True).click()
    journey.wait_for_views(2)
    page.get_by_role("link", name="Go to the steps").click()
    search = page.get_by_role("textbox", name="Search").first
    search.press_sequentially("address", delay=20)
    search.press("Enter")
    journey.wait_for_views(3)
    page.locator("#search-results a").first.click()
    journey.wait_for_views(4)
    journey.open("/gone/")
    journey.wait_for_views(5)
    journey.open("/")
    journey.wait_for_views(6)
    page.get_by_role("link", name="the tool").click()
    page.wait_for_url("https://example.com/tool")
    journey.leave(events=12)

    assert journey.views() == {"/": 2, "/guide.html": 2, "/search.html": 1, "/gone": 1}
    assert journey.broken() == {"/gone": 1}
    assert journey.links() == {
        ("page", "/guide.html", "content"): 1,
        ("anchor", "steps", "content"): 1,
        ("url", "https://example.com/tool", "content"): 1,
    }
    assert journey.searches() == {
        ("search_open", "", None): 1,
        ("search_type_query", "address", None): 1,
        ("search_open_result", "address", "/guide.html"): 1,
    }
    assert journey.readers() == (1, 1)
