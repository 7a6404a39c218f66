"""What is asked: the thirteen published example queries, and the panels of the Traffic page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Body = dict[str, Any]


def published(now: datetime) -> dict[str, Body]:
    """The thirteen published queries in their request form; ``now`` places the one custom range."""
    month = {"from": (now - timedelta(days=30)).isoformat(), "to": now.isoformat()}
    counted = _columns("eventsCount", "visitorsCount")
    hour = {"column": "datetime", "interval": "hour"}
    return {
        "top pages by URL": _month(select=counted, groupBy=_columns("url"), order=_most("eventsCount"), limit=20),
        "events by type": _month(select=_columns("eventsCount"), groupBy=_columns("eventType")),
        "countries × devices": _month(
            select=_columns("visitorsCount"),
            groupBy=_columns("visitorGeoCountry", "visitorDevice"),
            order=_most("visitorsCount"),
            limit=50,
        ),
        "search terms": _month(
            select=_columns("eventsCount"),
            groupBy=_columns("eventSearchQuery"),
            where=[_is("eventType", "search_type_query")],
            order=_most("eventsCount"),
        ),
        "campaigns by five utm columns": _month(
            select=counted,
            groupBy=_columns("utmSource", "utmMedium", "utmCampaign", "utmTerm", "utmContent"),
            order=_most("visitorsCount"),
        ),
        "totals of a custom range": {
            "range": month,
            "select": _columns("eventsCount", "visitorsCount", "sessionsCount"),
        },
        "AI questions": _month(
            select=_columns("eventsCount"),
            groupBy=_columns("datetime", "eventSearchQuery", "url"),
            where=[_is("eventType", "ask_question")],
        ),
        "AI ratings": _month(
            select=_columns("eventsCount"),
            groupBy=_columns("eventAskResponseRating"),
            where=[_is("eventType", "ask_rate_response")],
        ),
        "pages where people ask": _month(
            select=counted, groupBy=_columns("page"), where=[_is("eventType", "ask_question")], limit=20
        ),
        "questions and ratings by URL": _month(
            select=_columns("eventsCount"),
            groupBy=_columns("url", "eventType", "eventAskResponseRating"),
            where=[_is("eventType", "ask_question", "ask_rate_response")],
        ),
        "broken URLs": _month(
            select=_columns("url", "datetime", "eventsCount", "visitorsCount"),
            groupBy=_columns("url"),
            where=[
                _is("eventType", "page_view", "search_open_result"),
                {"column": "page", "values": [None]},
            ],
        ),
        "people per path, 3 months": {
            "range": "last3Months",
            "select": _columns("visitorsCount"),
            "groupBy": _columns("urlPath"),
            "where": [_is("eventType", "page_view"), _is("visitorBot", "")],
        },
        "visits by the hour, a year": {
            "range": "lastYear",
            "select": [hour, *_columns("eventsCount")],
            "groupBy": [hour],
            "order": {"by": hour, "direction": "asc"},
        },
    }


def traffic_panels(now: datetime) -> dict[str, Body]:
    """The requests of the Traffic page over 30 days, as the page makes them. Needs Django to be set up."""
    from apps.dashboard.ranges import read_period
    from apps.dashboard.reports import TRAFFIC

    period = read_period({}, zone=ZoneInfo("UTC"), now=now)
    return {str(panel.title): panel.body(period, time_zone="UTC") for panel in TRAFFIC.panels}


def _month(**rest: Any) -> Body:
    return {"range": "last30Days", **rest}


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"column": name} for name in names]


def _most(column: str) -> Body:
    return {"by": {"column": column}, "direction": "desc"}


def _is(column: str, *values: str) -> Body:
    return {"column": column, "operator": "in", "values": list(values)}
