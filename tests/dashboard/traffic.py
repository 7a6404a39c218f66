"""A month of everything: events that fill every panel of every report."""

from __future__ import annotations

from typing import Any

from tests.dashboard.conftest import Desk
from tests.insights.events import event

_PAGE = {"page": "p1", "space": "s1"}
_AGENT = {"bot": "claudebot", "visitor": 8, "page": "p1", "space": "s1"}
_CRAWLER = {"bot": "googlebot", "visitor": 9, "page": "p1", "space": "s1"}
_ASK = {"visitor": 2, "session": 201, "url_path": "/guide", **_PAGE}
_AD = {"ad_domain": "ads.example", "ad_placement": "aside"}
_LINK = {"event_type": "link_click", "visitor": 1, "link_kind": "url", "link_position": "content"}


def everything() -> list[dict[str, Any]]:
    """Events of April 2026, written out: people, agents and crawlers, with all that a page can tell."""
    return [
        event(
            "2026-04-20T10:00:00Z",
            visitor=1,
            url_path="/guide",
            country="DE",
            language="de",
            referrer="https://chatgpt.com/",
            referrer_domain="chatgpt.com",
            utm_source="letter",
            utm_medium="email",
            utm_campaign="spring",
            utm_term="hooks",
            utm_content="top",
            claims={"plan": ["pro"]},
            **_PAGE,
        ),
        event("2026-04-20T10:05:00Z", visitor=1, url_path="/setup", country="DE", language="de", **_PAGE),
        event("2026-04-22T09:00:00Z", visitor=2, session=201, url_path="/guide", country="US", **_PAGE),
        event("2026-04-23T23:30:00Z", visitor=3, session=301, url_path="/old/guide", country="US"),
        event("2026-04-24T23:30:00Z", visitor=3, session=302, url_path="/setpu", referrer_domain="example.org"),
        event("2026-03-10T08:00:00Z", visitor=3, session=303, url_path="/setpu"),
        event("2026-04-30T12:28:00Z", visitor=4, url_path="/guide", **_PAGE),
        event("2026-04-21T01:00:00Z", event_type="page_markdown_request", url_path="/guide", **_AGENT),
        event("2026-04-21T01:01:00Z", event_type="llms_request", llms_variant="full", **_AGENT),
        event("2026-04-21T01:02:00Z", event_type="mcp_request", display_context="mcp", **_AGENT),
        event("2026-04-21T01:03:00Z", event_type="search_type_query", query="hooks", display_context="mcp", **_AGENT),
        event("2026-04-21T02:00:00Z", url_path="/guide", **_CRAWLER),
        event("2026-04-22T09:01:00Z", event_type="search_type_query", query="hoo", **_ASK),
        event("2026-04-22T09:01:01Z", event_type="search_type_query", query="hooks", **_ASK),
        event("2026-04-22T09:01:05Z", event_type="search_open_result", query="hooks", result_record="r1", **_ASK),
        event("2026-04-22T09:03:00Z", event_type="search_type_query", query="billing", **_ASK),
        event("2026-04-22T09:04:00Z", event_type="ask_question", query="How to pay?", goal="buy", **_ASK),
        event("2026-04-22T09:05:00Z", event_type="ask_rate_response", query="How to pay?", ask_rating=1, **_ASK),
        event("2026-04-22T09:06:00Z", event_type="page_post_feedback", feedback_rating="bad", **_ASK),
        event(
            "2026-04-22T09:07:00Z",
            event_type="page_post_feedback_comment",
            feedback_rating="bad",
            feedback_comment="Where is the price?",
            **_ASK,
        ),
        event(
            "2026-04-22T10:00:00Z",
            link_target='{"kind":"url","url":"https://example.org/"}',
            link_domain="example.org",
            **_LINK,
        ),
        event("2026-04-22T10:01:00Z", event_type="api_client_open", visitor=1, api_path="/pets", api_method="get"),
        event("2026-04-22T10:02:00Z", event_type="api_client_request", visitor=1, api_path="/pets", api_method="get"),
        event(
            "2026-04-22T10:03:00Z", event_type="ad_display", visitor=1, ad_domain="ads.example", ad_placement="aside"
        ),
        event(
            "2026-04-22T10:04:00Z", event_type="ad_display", visitor=2, ad_domain="ads.example", ad_placement="aside"
        ),
        event("2026-04-22T10:05:00Z", event_type="ad_click", visitor=2, **_AD),
    ]


def busy(desk: Desk) -> Desk:
    """The desk with all of it."""
    desk.holds(*everything())
    return desk
