"""Events as a client sends them, for the tests of this room."""

from __future__ import annotations

import json
from typing import Any

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)

OWN: dict[str, dict[str, Any]] = {
    "page_view": {},
    "page_markdown_request": {"markdownSource": "page-action"},
    "search_open": {},
    "search_type_query": {"query": "webhooks"},
    "search_open_result": {"query": "webhooks", "result": {"spaceId": "space-1", "pageId": "page-1"}},
    "page_post_feedback": {"feedback": {"rating": "good"}},
    "page_post_feedback_comment": {"feedback": {"rating": "bad", "comment": "The example fails."}},
    "agent_feedback": {},
    "ask_question": {"query": "How do I sign in?", "goal": "write a client"},
    "ask_view": {},
    "ask_rate_response": {"query": "How do I sign in?", "rating": -1, "responseId": "answer-1"},
    "link_click": {"link": {"target": {"kind": "page", "page": "p1", "space": "s1"}, "position": "footer"}},
    "api_client_open": {"operation": {"path": "/pets", "method": "get"}},
    "api_client_request": {"operation": {"path": "/pets/{id}", "method": "delete"}},
    "ad_click": {"ad": {"domain": "ads.example", "zoneId": "zone-1", "placement": "aside"}},
    "ad_display": {"ad": {"domain": "ads.example", "zoneId": "zone-2", "placement": "aside"}},
    "trademark_click": {"placement": "pdf"},
    "llms_request": {"llmsVariant": "full"},
    "mcp_request": {},
    "rss_request": {},
}
"""Each of the 20 types with its own properties."""


def sent(
    type_: str = "page_view",
    *,
    session: dict[str, Any] | None = None,
    location: dict[str, Any] | None = None,
    **own: Any,
) -> dict[str, Any]:
    """A sound event of ``type_``; ``session``, ``location`` and ``own`` add to it or replace."""
    return {
        "type": type_,
        "session": {"visitorId": "ada", "sessionId": "morning", "userAgent": CHROME} | (session or {}),
        "location": {"url": "https://docs.acme.example/guide"} | (location or {}),
    } | (OWN[type_] | own)


def body_of(*events: Any) -> bytes:
    """The request body with ``events``."""
    return json.dumps({"events": list(events)}).encode()
