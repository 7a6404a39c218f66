"""docs/recipes/vitepress.md."""

from __future__ import annotations

from collections.abc import Callable

from tests.recipes.building import build
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite


def test_a_reader_of_vitepress_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite.of(build("vitepress")))
    page = journey.page
    journey.open("/")
    journey.wait_for_views(1)
    page.get_by_role("link", name="guide to webhooks").click()
    journey.wait_for_views(2)
    page.get_by_role("link", name="Go to the steps").click()
    page.get_by_role("button", name="Search").first.click()
    search = page.get_by_role("searchbox")
    search.press_sequentially("welcome", delay=20)
    page.locator(".VPLocalSearchBox .result").first.click()
    journey.wait_for_views(3)
    journey.open("/gone")
    journey.wait_for_views(4)
    journey.open("/")
    journey.wait_for_views(5)
    with page.context.expect_page():
        page.get_by_role("link", name="the tool").click()
    journey.leave(events=11)

    assert journey.views() == {"/": 3, "/guide.html": 1, "/gone": 1}
    assert journey.broken() == {"/gone": 1}
    assert journey.links() == {
        ("page", "/guide.html", "content"): 1,
        ("anchor", "steps", "content"): 1,
        ("url", "https://example.com/tool", "content"): 1,
    }
    assert journey.searches() == {
        ("search_open", "", None): 1,
        ("search_type_query", "welcome", None): 1,
        ("search_open_result", "welcome", "/"): 1,
    }
    assert journey.readers() == (1, 1)
