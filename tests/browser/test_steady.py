"""What loads later finds the room that it needs: nothing jumps below it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from apps.dashboard.reports import REPORTS
from apps.dashboard.reports.agents import SURFACES
from apps.dashboard.reports.declared import Report
from apps.dashboard.scope import tab_of
from apps.events.bots import CRAWLERS
from apps.events.store import EventStore
from benchmarks.browser import show_all
from tests.browser.conftest import Reader
from tests.insights.events import event

PHONE, LAPTOP = 375, 1440
FEW_PIXELS = 4
MANY = 13
"""Values of every column, more than any ranking has rows."""
COUNTRIES = ("DE", "FR", "IT", "ES", "PT", "PL", "NL", "BE", "AT", "CH", "DK", "SE", "NO")
LANGUAGES = ("de", "fr", "it", "es", "pt", "pl", "nl", "en", "da", "sv", "fi", "cs", "el")
AGENTS = (
    *("chatgpt", "claude", "claudebot", "perplexity", "gemini", "gptbot", "cursor"),
    *("copilot", "mistral", "duckassist", "amazon", "meta", "oaisearch"),
)
NEVER_FULL = {"channels"}
"""There are fewer of them than a ranking may have rows."""
HEIGHTS = """() => [...document.querySelectorAll(".panels > [id^=panel-]")].map((panel) => [
  panel.id.replace("panel-", ""),
  panel.getBoundingClientRect().height,
  panel.querySelectorAll("tbody tr").length,
])"""


def read_by_many() -> Iterator[dict[str, Any]]:
    """Events that fill every ranking of every report, with names that have room in one line."""
    now = datetime.now(UTC)
    for number in range(MANY):
        name = f"n{number}"
        target = f'{{"kind":"url","url":"https://{name}.example/"}}'
        rated = {"feedback_rating": "bad", "url_path": f"/{name}"}
        asked = {"query": name, "goal": name, "url_path": f"/{name}"}
        agent = {"bot": AGENTS[number], "url_path": f"/{name}", "page": "p1"}
        acts: tuple[dict[str, Any], ...] = (
            {
                "url_path": f"/{name}",
                "page": "p1",
                "referrer": f"https://{name}.example/",
                "referrer_domain": f"{name}.example",
                "country": COUNTRIES[number],
                "language": LANGUAGES[number],
                "device": name,
                "browser": name,
                "os": name,
                "claims": {name: ["pro"]},
                **{f"utm_{tag}": name for tag in ("source", "medium", "campaign", "term", "content")},
            },
            {
                "url_path": f"/missing/{name}",
                "referrer": f"https://{name}.example/",
                "referrer_domain": f"{name}.example",
                "country": COUNTRIES[number],
                "device": name,
            },
            {"event_type": "search_type_query", "query": name},
            {"event_type": "search_open_result", "query": name, "result_record": "r1"},
            {"event_type": "search_type_query", "query": f"none {name}", "session": 9_000 + number},
            {"event_type": "page_post_feedback", **rated},
            {"event_type": "page_post_feedback_comment", "feedback_comment": "Short.", **rated},
            {"event_type": "ask_question", **asked},
            {"event_type": "ask_rate_response", "ask_rating": 1, **asked},
            {"event_type": "link_click", "link_kind": "url", "link_position": "content", "link_target": target},
            {"event_type": "api_client_open", "api_method": "get", "api_path": f"/{name}"},
            {"event_type": "api_client_request", "api_method": "get", "api_path": f"/{name}"},
            {"event_type": "ad_display", "ad_domain": f"{name}.example", "ad_placement": "aside"},
            {"event_type": SURFACES[number % len(SURFACES)], **agent},
            {"bot": CRAWLERS[number % len(CRAWLERS)]},
            {"event_type": "search_type_query", "query": name, "display_context": "mcp", **agent},
        )
        for order, act in enumerate(acts):
            at = now - timedelta(hours=1 + number, seconds=len(acts) - order)
            yield event(at.isoformat(), visitor=1_000 + number, **act)


@pytest.fixture
def busy_reader(reader: Reader, store: EventStore) -> Reader:
    store.insert([each | {"site": reader.world.docs.pk} for each in read_by_many()])
    reader.sign_in()
    return reader


def heights(page: Page) -> dict[str, tuple[float, int]]:
    """The height of each panel in pixels, and how many rows it has."""
    return {name: (height, rows) for name, height, rows in page.evaluate(HEIGHTS)}


def before_and_after(page: Page, address: str) -> tuple[dict[str, tuple[float, int]], dict[str, tuple[float, int]]]:
    """The heights of the panels where those that load by themselves do not come, and where they do."""
    page.route("**", lambda route: route.fulfill(status=204) if _is_part(route) else route.continue_())
    page.goto(address)
    page.evaluate("document.fonts.ready.then(() => true)")
    before = heights(page)
    page.unroute_all()
    page.goto(address)
    show_all(page)
    return before, heights(page)


def _is_part(route: Route) -> bool:
    return "hx-request" in route.request.headers


@pytest.mark.parametrize("width", [PHONE, LAPTOP])
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_panel_that_loads_is_as_high_as_what_stood_in_its_place(
    busy_reader: Reader, report: Report, width: int
) -> None:
    page = busy_reader.page
    page.set_viewport_size({"width": width, "height": 800})
    late = {panel.name for panel in report.panels if panel.late} - NEVER_FULL
    seen, grown = set(), {}
    for number in range(max(len(card) for card in report.cards)):
        chosen = [card[number] for card in report.cards if number < len(card)]
        tabs = "&".join(f"{tab_of(panel.group)}={panel.name}" for panel in chosen if panel.group)
        before, after = before_and_after(
            page, busy_reader.traffic.removesuffix("traffic") + f"{report.name}?range=24h&{tabs}"
        )
        for name in late & before.keys():
            seen.add(name)
            if abs(after[name][0] - before[name][0]) > FEW_PIXELS:
                grown[name] = (before[name], after[name])
    assert seen == late
    assert grown == {}
