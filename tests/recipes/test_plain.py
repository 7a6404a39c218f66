"""docs/recipes/plain.md on pages that no generator made."""

from __future__ import annotations

from collections.abc import Callable

from tests.recipes.building import build_plain_pages
from tests.recipes.conftest import Journey
from tests.recipes.serving import StaticSite


def test_a_reader_of_plain_pages_is_counted(start: Callable[[StaticSite], Journey]) -> None:
    journey = start(StaticSite(files=build_plain_pages()))
    page = journey.page
    journey.open("/")
    page.get_by_role("link", name="steps").click()
    page.get_by_label("Search").press_sequentially("webhooks", delay=10)
    page.get_by_role("link", name="Guide to webhooks").click()
    journey.wait_for_views(2)
    page.get_by_role("button", name="Yes").click()
    page.get_by_label("What is missing?").fill("An example.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Copy as Markdown").click()
    journey.open("/moved.html")
    journey.open("/gone/")
    journey.wait_for_views(4)
    journey.open("/")
    page.get_by_role("link", name="Guide", exact=True).click()
    page.wait_for_url("**/guide/")  # with its script: who is faster is not counted
    page.get_by_role("link", name="the tool").click()
    page.wait_for_url("https://example.com/tool")
    journey.leave(events=15)

    assert journey.views() == {"/": 2, "/guide": 2, "/moved.html": 1, "/gone": 1}
    assert journey.broken() == {"/moved.html": 1, "/gone": 1}
    assert journey.links() == {
        ("anchor", "steps", "content"): 1,
        ("page", "/guide", "sidebar"): 1,
        ("url", "https://example.com/tool", "content"): 1,
    }
    assert journey.searches() == {
        ("search_open", "", None): 1,
        ("search_type_query", "webhooks", None): 1,
        ("search_open_result", "webhooks", "/guide"): 1,
    }
    assert journey.count("eventPageFeedbackRating", "eventPageFeedbackComment", of="page_post_feedback_comment") == {
        ("good", "An example."): 1
    }
    assert journey.count("eventPageFeedbackRating", of="page_post_feedback") == {"good": 1}
    assert journey.count("eventMarkdownSource", of="page_markdown_request") == {"page-action": 1}
    assert journey.count("displayContext") == {"site": 15}
    assert journey.readers() == (1, 1)
