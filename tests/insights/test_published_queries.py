"""The example queries of the published guides give what a person counts by hand."""

from __future__ import annotations

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import columns

HOME = "https://docs.acme.example/"
START = "https://docs.acme.example/start"
OLD = "https://docs.acme.example/old"


def only(column: str, *values: object) -> dict[str, object]:
    return {"column": column, "operator": "in", "values": list(values)}


def most(column: str) -> dict[str, object]:
    return {"by": {"column": column}, "direction": "desc"}


@pytest.fixture
def visits(desk: Desk) -> Desk:
    """Three people and a bot over April; Ada came back on the 20th, and once long before."""
    desk.holds(
        event("2026-03-01T09:00:00Z", visitor=1, session=10, url=OLD, url_path="/old", country="DE"),
        event("2026-04-10T09:00:00Z", visitor=1, session=11, url=HOME, country="DE", page="home", space="s"),
        event("2026-04-10T09:05:00Z", visitor=1, session=11, url=START, url_path="/start", country="DE"),
        event("2026-04-20T21:30:00Z", visitor=1, session=12, url=HOME, country="DE", device="mobile"),
        event("2026-04-20T21:45:00Z", visitor=2, session=20, url=HOME, country="US", utm_source="news"),
        event("2026-04-21T08:00:00Z", visitor=3, session=30, url=START, url_path="/start", device="mobile"),
        event("2026-04-21T08:01:00Z", visitor=4, session=40, url=START, url_path="/start", bot="gptbot"),
        event("2026-04-21T08:02:00Z", visitor=3, session=30, event_type="search_open", url=HOME, device="mobile"),
    )
    return desk


def test_the_top_pages_of_thirty_days(visits: Desk) -> None:
    assert visits.ask(
        select=columns("url", "eventsCount", "visitorsCount"),
        groupBy=columns("url"),
        order=most("eventsCount"),
        range="last30Days",
        limit=20,
    ) == [
        ("url", [HOME, START]),
        ("eventsCount", [4, 3]),
        ("visitorsCount", [3, 3]),
    ]


def test_visits_by_the_hour(visits: Desk) -> None:
    hour = {"column": "datetime", "interval": "hour"}
    assert visits.ask(
        select=[hour, *columns("eventsCount")],
        groupBy=[hour],
        order={"by": hour, "direction": "asc"},
        range="lastYear",
        limit=1000,
    ) == [
        (
            "datetime",
            ["2026-03-01T09:00:00Z", "2026-04-10T09:00:00Z", "2026-04-20T21:00:00Z", "2026-04-21T08:00:00Z"],
        ),
        ("eventsCount", [1, 2, 2, 3]),
    ]


def test_events_by_their_type(visits: Desk) -> None:
    assert visits.ask(
        select=columns("eventType", "eventsCount"),
        groupBy=columns("eventType"),
        order=most("eventsCount"),
        range="last30Days",
    ) == [("eventType", ["page_view", "search_open"]), ("eventsCount", [6, 1])]


def test_countries_and_devices_by_visitors(visits: Desk) -> None:
    assert visits.ask(
        select=columns("visitorGeoCountry", "visitorDevice", "visitorsCount", "sessionsCount"),
        groupBy=columns("visitorGeoCountry", "visitorDevice"),
        order=most("visitorsCount"),
        range="last30Days",
        limit=50,
    ) == [
        ("visitorGeoCountry", ["DE", "DE", "US", None, None]),
        ("visitorDevice", ["desktop", "mobile", "desktop", "desktop", "mobile"]),
        ("visitorsCount", [1, 1, 1, 1, 1]),
        ("sessionsCount", [1, 1, 1, 1, 1]),
    ]


def test_the_terms_that_people_search_for(desk: Desk) -> None:
    desk.holds(
        event(event_type="search_type_query", query="tokens", visitor=1),
        event(event_type="search_type_query", query="tokens", visitor=2),
        event(event_type="search_type_query", query="webhooks", visitor=2),
        event(event_type="search_open_result", query="tokens", visitor=2),
        event(event_type="ask_question", query="tokens", visitor=3),
    )
    assert desk.ask(
        select=columns("eventSearchQuery", "eventsCount", "visitorsCount"),
        where=[only("eventType", "search_type_query")],
        groupBy=columns("eventSearchQuery"),
        order=most("eventsCount"),
    ) == [("eventSearchQuery", ["tokens", "webhooks"]), ("eventsCount", [2, 1]), ("visitorsCount", [2, 1])]


def test_campaigns_by_all_five_parts(desk: Desk) -> None:
    spring = {"utm_source": "news", "utm_medium": "email", "utm_campaign": "spring", "utm_content": "top"}
    desk.holds(
        event(visitor=1, **spring),
        event(visitor=2, **spring),
        event(visitor=2, **spring, utm_term="docs"),
        event(visitor=3),
    )
    five = columns("utmSource", "utmMedium", "utmCampaign", "utmTerm", "utmContent")
    assert desk.ask(
        select=[*five, *columns("visitorsCount", "eventsCount")], groupBy=five, order=most("visitorsCount")
    ) == [
        ("utmSource", ["news", "news", ""]),
        ("utmMedium", ["email", "email", ""]),
        ("utmCampaign", ["spring", "spring", ""]),
        ("utmTerm", ["", "docs", ""]),
        ("utmContent", ["top", "top", ""]),
        ("visitorsCount", [2, 1, 1]),
        ("eventsCount", [2, 1, 1]),
    ]


def test_the_totals_of_a_custom_range(visits: Desk) -> None:
    assert visits.ask(
        select=columns("eventsCount", "visitorsCount", "sessionsCount"),
        range={"from": "2026-04-10T00:00:00Z", "to": "2026-04-21T08:01:00Z"},
    ) == [("eventsCount", [5]), ("visitorsCount", [3]), ("sessionsCount", [4])]


@pytest.fixture
def questions(desk: Desk) -> Desk:
    """Two people ask the assistant; one rates two of three answers."""
    fee = {"query": "What does it cost?", "url": START}
    desk.holds(
        event("2026-04-01T23:59:59Z", event_type="ask_question", visitor=1, **fee),
        event("2026-04-02T00:00:00Z", event_type="ask_question", visitor=2, **fee),
        event("2026-04-02T00:00:30Z", event_type="ask_rate_response", ask_rating=1, visitor=2, **fee),
        event("2026-04-02T10:00:00Z", event_type="ask_question", visitor=2, query="And now?", url=HOME),
        event("2026-04-02T10:00:30Z", event_type="ask_rate_response", ask_rating=-1, visitor=2, query="?", url=HOME),
        event("2026-04-02T10:01:00Z", event_type="page_view", visitor=2, url=HOME),
    )
    return desk


def test_the_questions_of_each_day(questions: Desk) -> None:
    three = columns("datetime", "eventSearchQuery", "url")
    assert questions.ask(
        select=[*three, *columns("eventsCount")], where=[only("eventType", "ask_question")], groupBy=three
    ) == [
        ("datetime", ["2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z", "2026-04-02T00:00:00Z"]),
        ("eventSearchQuery", ["What does it cost?", "And now?", "What does it cost?"]),
        ("url", [START, HOME, START]),
        ("eventsCount", [1, 1, 1]),
    ]


def test_how_answers_are_rated(questions: Desk) -> None:
    assert questions.ask(
        select=columns("eventAskResponseRating", "eventsCount"),
        where=[only("eventType", "ask_rate_response")],
        groupBy=columns("eventAskResponseRating"),
        order=most("eventsCount"),
    ) == [("eventAskResponseRating", [-1, 1]), ("eventsCount", [1, 1])]


def test_the_pages_on_which_people_ask(questions: Desk) -> None:
    assert questions.ask(
        select=columns("url", "eventsCount"),
        where=[only("eventType", "ask_question")],
        groupBy=columns("url"),
        order=most("eventsCount"),
    ) == [("url", [START, HOME]), ("eventsCount", [2, 1])]


def test_questions_beside_their_ratings_hold_zero_where_nobody_rated(questions: Desk) -> None:
    three = columns("url", "eventType", "eventAskResponseRating")
    assert questions.ask(
        select=[*three, *columns("eventsCount")],
        where=[only("eventType", "ask_question", "ask_rate_response")],
        groupBy=three,
        order=most("eventsCount"),
    ) == [
        ("url", [START, HOME, HOME, START]),
        ("eventType", ["ask_question", "ask_question", "ask_rate_response", "ask_rate_response"]),
        ("eventAskResponseRating", [0, 0, -1, 1]),
        ("eventsCount", [2, 1, 1, 1]),
    ]


def test_broken_urls_tell_when_they_were_last_seen(desk: Desk) -> None:
    gone = {"url": OLD, "page": "", "space": "s"}
    desk.holds(
        event("2026-04-03T14:18:11.999Z", visitor=1, **gone),
        event("2026-04-02T10:00:00Z", visitor=2, **gone),
        event("2026-04-02T10:00:00Z", visitor=2, url=START, event_type="search_open_result", query="x"),
        event("2026-04-04T10:00:00Z", visitor=2, event_type="ad_display", **gone),
        event("2026-04-04T10:00:00Z", visitor=3, url=HOME, page="home", space="s"),
    )
    assert desk.ask(
        select=columns("url", "datetime", "eventsCount", "visitorsCount"),
        where=[only("eventType", "page_view", "search_open_result"), {"column": "page", "values": [None]}],
        groupBy=columns("url"),
        order=most("eventsCount"),
        range="last30Days",
    ) == [
        ("url", [OLD, START]),
        ("datetime", ["2026-04-03T14:18:11Z", "2026-04-02T10:00:00Z"]),
        ("eventsCount", [2, 1]),
        ("visitorsCount", [2, 1]),
    ]


def test_the_people_on_every_path(visits: Desk) -> None:
    assert visits.ask(
        select=columns("visitorsCount"),
        where=[only("eventType", "page_view"), only("visitorBot", "")],
        groupBy=columns("urlPath"),
        range="last3Months",
    ) == [("urlPath", ["/", "/start", "/old"]), ("visitorsCount", [2, 2, 1])]
