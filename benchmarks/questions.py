"""What is asked: the thirteen published example queries, and the panels of the Overview and Traffic pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from apps.dashboard.ranges import Period

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


def traffic_panels(now: datetime, choice: str = "30d") -> dict[str, Body]:
    """The requests of the Traffic page, as the page makes them; ``choice`` is one of the range picker's words.

    Needs Django to be set up.
    """
    from apps.dashboard.reports import TRAFFIC

    period = _period(now, choice)
    return {str(panel.title): panel.body(period, time_zone="UTC") for panel in TRAFFIC.panels}


def overview_panels(now: datetime, choice: str) -> dict[str, Body]:
    """What an overview asks: six figures and their course, people and agents, top pages, countries."""
    figures = {
        "visitors, page views, sessions": (_READ, ("visitorsCount", "eventsCount", "sessionsCount")),
        "searches": ("search_type_query", ("eventsCount",)),
        "AI questions": ("ask_question", ("eventsCount",)),
        "page ratings": ("page_post_feedback", ("pageFeedbackRating",)),
    }
    period = _period(now, choice)
    asked: Body = {"range": period.published, "timezone": "UTC"}
    moment = {"column": "datetime", "interval": period.interval.value}
    panels = {}
    for name, (event_type, metrics) in figures.items():
        panels[name] = asked | {"select": _columns(*metrics), "where": [_is("eventType", event_type), _PEOPLE]}
        panels[f"{name} over time"] = panels[name] | {"groupBy": [moment]}
    agents = {"column": "visitorBot", "operator": "notIn", "values": [""]}
    counted = _columns("visitorsCount", "eventsCount")
    panels["agents over time"] = asked | {
        "select": counted,
        "groupBy": [moment],
        "where": [_is("eventType", _READ), agents],
    }
    for name, column in (("top pages", "urlPath"), ("countries", "visitorGeoCountry")):
        panels[name] = asked | {
            "select": counted,
            "groupBy": _columns(column),
            "where": [_is("eventType", _READ), _PEOPLE],
            "order": _most("visitorsCount"),
            "limit": 10 if column == "urlPath" else 250,
        }
    return panels


def attention_panels(now: datetime, choice: str) -> dict[str, Body]:
    """What an overview asks to tell what needs attention."""
    asked: Body = {"range": _period(now, choice).published, "timezone": "UTC", "limit": 10}
    by_path = {"groupBy": _columns("urlPath")}
    missing = {"column": "page", "values": [None]}
    return {
        "broken URLs": asked
        | by_path
        | {
            "select": _columns("visitorsCount", "eventsCount"),
            "where": [_is("eventType", _READ), missing, _PEOPLE],
            "order": _most("visitorsCount"),
        },
        "pages rated badly": asked
        | by_path
        | {
            "select": _columns("pageFeedbackRating"),
            "where": [_is("eventType", "page_post_feedback")],
            "order": {"by": {"column": "pageFeedbackRating"}, "direction": "asc"},
        },
        "searches and their clicks": asked
        | {
            "select": _columns("eventsCount"),
            "groupBy": _columns("eventSearchQuery", "eventType"),
            "where": [_is("eventType", "search_type_query", "search_open_result"), _PEOPLE],
            "order": _most("eventsCount"),
            "limit": 1000,
        },
    }


def _period(now: datetime, choice: str) -> Period:
    from apps.dashboard.ranges import read_period

    return read_period({"range": choice}, zone=ZoneInfo("UTC"), now=now)


def _month(**rest: Any) -> Body:
    return {"range": "last30Days", **rest}


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"column": name} for name in names]


def _most(column: str) -> Body:
    return {"by": {"column": column}, "direction": "desc"}


def _is(column: str, *values: str) -> Body:
    return {"column": column, "operator": "in", "values": list(values)}


_READ = "page_view"
_PEOPLE = _is("visitorBot", "")
