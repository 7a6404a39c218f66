"""What is asked: the thirteen published example queries, and the panels of the Overview and Traffic pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

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
    """The published requests of the Traffic page, as the page makes them."""
    return report_questions("traffic", now, choice)


def overview_panels(now: datetime, choice: str) -> dict[str, Body]:
    """The published requests of the Overview."""
    return report_questions("overview", now, choice)


def report_questions(name: str, now: datetime, choice: str) -> dict[str, Body]:
    """The published requests of a report's panels; ``choice`` is one of the range picker's words.

    Those for internal columns, which read events whatever is prepared, are left out. Needs Django to be set up.
    """
    from apps.dashboard.address import Address
    from apps.dashboard.drawings.asking import Asked, Asker
    from apps.dashboard.reports import REPORTS
    from apps.dashboard.scope import read_scope
    from apps.insights.result import Result
    from apps.sites.models import Site

    class Noting(Asker):
        """Notes what is asked, and finds nothing."""

        def _run(self, asked: Asked, limit: int | None) -> Result:
            return Result(())

    scope = read_scope(Site(time_zone="UTC"), Address((("range", choice), ("compare", "off"))), now=now)
    found = {}
    for panel in REPORTS[name].panels:
        asker = Noting(scope=scope, where=panel.where)
        panel.drawing.draw(asker, rows=panel.rows)
        for asked in asker.asked:
            if not asked.is_internal:
                found[" · ".join(filter(None, (panel.name, asked.label)))] = asked.body
    return found


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
