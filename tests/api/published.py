"""What the published guides ask and send, in the published form, and the schemas of the published document."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PACKAGE = Path(__file__).resolve().parents[2] / "node_modules" / "@gitbook" / "api"

Json = dict[str, Any]

OWN_PROPERTIES: dict[str, Json] = {
    "page_view": {},
    "page_markdown_request": {"markdownSource": "page-action"},
    "search_open": {},
    "search_type_query": {"query": "tokens"},
    "search_open_result": {"query": "tokens", "result": {"spaceId": "sp1", "pageId": "p1"}},
    "page_post_feedback": {"feedback": {"rating": "good"}},
    "page_post_feedback_comment": {"feedback": {"rating": "good", "comment": "Clear."}},
    "agent_feedback": {},
    "ask_question": {"query": "How?", "goal": "To know"},
    "ask_view": {},
    "ask_rate_response": {"query": "How?", "rating": 1, "responseId": "r1"},
    "link_click": {"link": {"target": {"kind": "url", "url": "https://example.com/"}, "position": "content"}},
    "api_client_open": {"operation": {"path": "/pets", "method": "get"}},
    "api_client_request": {"operation": {"path": "/pets", "method": "get"}},
    "ad_click": {"ad": {"domain": "example.com", "zoneId": "z1", "placement": "aside"}},
    "ad_display": {"ad": {"domain": "example.com", "zoneId": "z1", "placement": "aside"}},
    "trademark_click": {"placement": "footer"},
    "llms_request": {"llmsVariant": "full"},
    "mcp_request": {},
    "rss_request": {},
}
"""Every type of event with what it has of its own."""


def event(kind: str) -> Json:
    """An event as the docs renderer sends it, of a visitor from Germany with two claims."""
    session = {
        "visitorId": "ada",
        "sessionId": "morning",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "language": "en-GB",
        "referrer": "https://search.example/",
        "cookies": {"a": "b"},
        "ip": "91.64.0.1",
        "visitorAuthClaims": {"plan": "pro", "beta": True},
    }
    location = {"url": "https://docs.acme.example/start?utm_source=news", "displayContext": "site"}
    ids = dict.fromkeys(("siteSection", "siteSpace", "siteShareKey", "space", "revision", "page"))
    return {"type": kind, "session": session, "location": {**ids, **location}, **OWN_PROPERTIES[kind]}


def columns(*names: str) -> list[Json]:
    return [{"column": name} for name in names]


def only(column: str, *values: object) -> Json:
    return {"column": column, "operator": "in", "values": list(values)}


def ranked(metric: str) -> Json:
    return {"by": {"column": metric}, "direction": "desc"}


UTM = columns("utmSource", "utmMedium", "utmCampaign", "utmTerm", "utmContent")
QUESTIONS: dict[str, Json] = {
    "pages": {
        "select": columns("url", "eventsCount", "visitorsCount"),
        "groupBy": columns("url"),
        "order": ranked("eventsCount"),
        "range": "last30Days",
        "limit": 20,
    },
    "types": {
        "select": columns("eventType", "eventsCount"),
        "groupBy": columns("eventType"),
        "order": ranked("eventsCount"),
        "range": "last30Days",
    },
    "places": {
        "select": columns("visitorGeoCountry", "visitorDevice", "visitorsCount"),
        "groupBy": columns("visitorGeoCountry", "visitorDevice"),
        "order": ranked("visitorsCount"),
        "range": "last30Days",
        "limit": 50,
    },
    "terms": {
        "select": columns("eventSearchQuery", "eventsCount"),
        "where": [only("eventType", "search_type_query")],
        "groupBy": columns("eventSearchQuery"),
        "range": "last30Days",
    },
    "campaigns": {"select": [*UTM, *columns("visitorsCount")], "groupBy": UTM, "range": "last30Days"},
    "totals": {
        "select": columns("eventsCount", "visitorsCount", "sessionsCount"),
        "range": {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"},
    },
    "questions": {
        "select": columns("datetime", "eventSearchQuery", "url", "eventsCount"),
        "where": [only("eventType", "ask_question")],
        "groupBy": columns("datetime", "eventSearchQuery", "url"),
        "range": "last30Days",
    },
    "ratings": {
        "select": columns("eventAskResponseRating", "eventsCount"),
        "where": [only("eventType", "ask_rate_response")],
        "groupBy": columns("eventAskResponseRating"),
        "range": "last30Days",
    },
    "asking pages": {
        "select": columns("url", "eventsCount"),
        "where": [only("eventType", "ask_question")],
        "groupBy": columns("url"),
        "range": "last30Days",
    },
    "asked and rated": {
        "select": columns("url", "eventType", "eventAskResponseRating", "eventsCount"),
        "where": [only("eventType", "ask_question", "ask_rate_response")],
        "groupBy": columns("url", "eventType", "eventAskResponseRating"),
        "range": "last30Days",
    },
    "broken": {
        "select": columns("url", "datetime", "eventsCount", "visitorsCount"),
        "where": [only("eventType", "page_view", "search_open_result"), {"column": "page", "values": [None]}],
        "groupBy": columns("url"),
        "range": "last30Days",
    },
    "people": {
        "select": columns("visitorsCount"),
        "where": [only("eventType", "page_view"), only("visitorBot", "")],
        "groupBy": columns("urlPath"),
        "range": "last3Months",
    },
    "hours": {
        "select": [{"column": "datetime", "interval": "hour"}, *columns("eventsCount")],
        "groupBy": [{"column": "datetime", "interval": "hour"}],
        "order": {"by": {"column": "datetime", "interval": "hour"}, "direction": "asc"},
        "range": "lastYear",
        "limit": 1000,
    },
}
"""The thirteen published example questions."""


@cache
def document() -> Json:
    """The published document, with ``PlainObject`` an object.

    As published it has no type, so that a string is one too, and ``oneOf`` refuses every claim.
    """
    found: Json = deepcopy(json.loads((PACKAGE / "spec" / "openapi.json").read_text()))
    found["components"]["schemas"]["PlainObject"]["type"] = "object"
    return found


def complaints(operation_id: str, status: int, body: object) -> list[str]:
    """What the published schema of an operation's answer says against ``body``."""
    operation = _operations()[operation_id]
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document()["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


@cache
def _operations() -> dict[str, Json]:
    return {
        operation["operationId"]: operation
        for item in document()["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }
