"""docs/recipes/mkdocs-material.md."""

from __future__ import annotations

from collections.abc import Callable

from tests.recipes.building import build
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite


def test_a_reader_of_mkdocs_material_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite.of(build("mkdocs-material")))
    page = journey.page
    journey.open("/")
    journey.wait_for_views(1)
    search = page.get_by_role("textbox", name="Search")
    search.click()
    search.press_sequentially("address", delay=20)
    page.locator(".md-search-result__link").first.click()
    journey.wait_for_views(2)
    page.get_by_role("link", name="Go to the steps").click()
    page.get_by_title("This page was helpful").click()
    journey.open("/gone/")
    journey.wait_for_views(3)
    journey.open("/")
    journey.wait_for_views(4)
    page.get_by_role("link", name="guide to webhooks", exact=True).click()
    journey.wait_for_views(5)
    journey.open("/")
    journey.wait_for_views(6)
    page.get_by_role("link", name="the tool").click()
    page.wait_for_url("https://example.com/tool")
    journey.leave(events=13)

    assert journey.views() == {"/": 3, "/guide": 2, "/gone": 1}
    assert journey.broken() == {"/gone": 1}
    assert journey.links() == {
        ("page", "/guide", "content"): 1,
        ("anchor", "steps", "content"): 1,
        ("url", "https://example.com/tool", "content"): 1,
    }
    assert journey.searches() == {
        ("search_open", "", None): 1,
        ("search_type_query", "address", None): 1,
        ("search_open_result", "address", "/guide"): 1,
    }
    assert journey.count("eventPageFeedbackRating", of="page_post_feedback") == {"good": 1}
    assert journey.readers() == (1, 1)
