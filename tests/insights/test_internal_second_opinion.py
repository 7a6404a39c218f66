"""The engine and the evaluator agree on random visits and searches, and on random questions about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from apps.events.store import EventStore
from apps.insights.internal import INTERNAL_DIMENSIONS, INTERNAL_METRICS
from apps.sites.models import Site
from tests.insights import formed, strategies
from tests.insights.conftest import Desk
from tests.insights.evaluator import evaluate
from tests.insights.events import NOW

Body = dict[str, Any]

_site_numbers = count(900_000)
unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck))

MIDNIGHT = datetime(2026, 4, 20, tzinfo=UTC)
STARTS = (MIDNIGHT, MIDNIGHT - timedelta(seconds=30), MIDNIGHT + timedelta(hours=5))
STEPS = (0, 1, 999, 1_000, 12_345, 29_999, 30_000, 30_001, 3_600_000)
TEXTS = ("", " ", "in", "In ", "install", "\tINSTALL\u3000", "installing", "deploy", "de", "Ä", "ä\u00a0", "😀", "😀 x")
PATHS = ("/", "/a", "/b")

acts = st.one_of(
    st.fixed_dictionaries(
        {"event_type": st.just("page_view"), "url_path": st.sampled_from(PATHS), "page": st.sampled_from(("", "p"))}
    ),
    st.fixed_dictionaries(
        {
            "event_type": st.sampled_from(("search_type_query", "search_type_query", "search_open_result")),
            "query": st.sampled_from(TEXTS),
            "url_path": st.sampled_from(PATHS),
            "result_record": st.sampled_from(("", "r")),
            "result_page": st.sampled_from(("", "p")),
        }
    ),
    st.just({"event_type": "search_open", "url_path": "/"}),
    st.builds(
        lambda goal: {"event_type": "ask_question", "url_path": "/", "goal": goal}, st.sampled_from(("", "buy", "try"))
    ),
)
people = st.fixed_dictionaries(
    {
        "session": st.sampled_from((10, 11, 2**63)),
        "visitor": st.sampled_from((1, 2)),
        "country": st.sampled_from(("", "DE")),
        "claims": st.sampled_from(({}, {"plan": ["free"]}, {"plan": ["free", "pro"], "role": ["admin"]})),
        "display_context": st.sampled_from(("site", "site", "mcp")),
        "authenticated": st.sampled_from((None, True, False)),
    }
)


@st.composite
def happenings(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 24 events, a little after one another, ids in any order, some in the same millisecond."""
    at, size = draw(st.sampled_from(STARTS)), draw(st.sampled_from((24, 16, 8, 1, 0)))
    pool = draw(st.lists(people, min_size=1, max_size=4))
    events = []
    for number in draw(st.permutations(range(1, size + 1))):
        at += timedelta(milliseconds=draw(st.sampled_from(STEPS)))
        person, act = draw(st.sampled_from(pool)), draw(acts)
        events.append({**person, **act, "id": number, "batch": 1, "received": MIDNIGHT, "timestamp": at})
    return events


VALUES: dict[str, SearchStrategy[Any]] = {
    **dict.fromkeys(("entryPage", "exitPage"), st.sampled_from(PATHS)),
    "finishedSearchQuery": st.sampled_from([text.strip() for text in TEXTS if text.strip()]),
    "pathIsNew": st.booleans(),
    "askGoal": st.sampled_from(("", "buy", "try")),
    "openedResult": st.sampled_from(("", "r", "p")),
    **dict.fromkeys(
        ("firstSeen", "lastSeen"), st.sampled_from(STARTS).map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    ),
}
PUBLISHED = ("eventsCount", "visitorsCount", "sessionsCount")
FILTERED = ("visitorGeoCountry", "urlPath", "displayContext", "visitorClaim", "hourOfDay", "eventSearchQuery")
SHOWN = ("datetime", "dayOfWeek", "hourOfDay", "urlPath", "visitorGeoCountry", "visitorClaim", "visitorClaimProperty")
BESIDE = (*SHOWN, "eventType", "page", "visitorAuthenticated", "eventSearchQuery", "visitorGeoPoint")


def filter_of(name: str) -> SearchStrategy[Body]:
    """A filter on an internal dimension or any metric."""
    if name in formed.INTERNAL_DIMENSIONS:
        listed = st.lists(VALUES[name], max_size=2)
        return st.builds(lambda kind, values: {"column": name, "operator": kind, "values": values}, EITHER, listed)
    value = VALUES.get(name, st.sampled_from((0, 1, 1.5, 2, 2.5)))
    orders = st.sampled_from(("greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual"))
    if name in ("firstSeen", "lastSeen"):
        return st.builds(lambda kind, value: {"column": name, "operator": kind, "values": [value]}, orders, value)
    return st.builds(lambda kind, value: {"column": name, "operator": kind, "values": [value]}, orders | EITHER, value)


EITHER = st.sampled_from(("in", "notIn"))
ranges = st.sampled_from(
    (
        "lastYear",
        {"from": "2026-04-20T00:00:00Z", "to": "2026-04-21T00:00:00Z"},
        {"from": "2026-04-19T00:00:00Z", "to": "2026-04-20T00:00:01Z"},
    )
)


@st.composite
def bodies(draw: st.DrawFn, names: tuple[str, ...]) -> Body:
    """A question with internal columns of one source; at least one of them is selected."""
    dimensions = [name for name in names if name in formed.INTERNAL_DIMENSIONS]
    metrics = [name for name in names if name not in dimensions]
    plain = st.sampled_from(BESIDE).flatmap(strategies.column_called)
    own = st.sampled_from(dimensions).map(lambda name: {"column": name})
    figure = st.sampled_from((*metrics, *PUBLISHED)).map(lambda name: {"column": name})
    chosen = draw(st.sampled_from(metrics))
    wheres = st.sampled_from(FILTERED).flatmap(strategies.filter_of) | st.sampled_from((*names, *PUBLISHED)).flatmap(
        filter_of
    )
    body = {
        "range": draw(ranges),
        "select": [{"column": chosen}, *draw(st.lists(figure | plain | own, max_size=3))],
        "groupBy": draw(st.lists(plain | own, max_size=2)),
        "where": draw(st.lists(wheres, max_size=2)),
        "timezone": draw(st.sampled_from(strategies.ZONES)),
    }
    if draw(st.booleans()):
        body["order"] = {"by": draw(figure | own), "direction": draw(st.sampled_from(("asc", "desc")))}
    return body


@pytest.fixture(scope="module")
def engine(_engine: EventStore) -> EventStore:
    """The engine, kept by all examples of a test."""
    return _engine


def test_the_two_know_the_same_internal_columns() -> None:
    assert [each.name for each in INTERNAL_DIMENSIONS] == list(formed.INTERNAL_DIMENSIONS)
    assert {each.name for each in INTERNAL_METRICS} == set(formed.INTERNAL_METRICS)


@pytest.mark.parametrize("names", [formed.OF_EVENTS, formed.OF_VISITS, formed.OF_SEARCHES], ids=lambda names: names[0])
def test_they_agree_on_any_question(engine: EventStore, names: tuple[str, ...]) -> None:
    @settings(unhurried, max_examples=40)
    @given(events=happenings(), asked=st.lists(bodies(names), min_size=6, max_size=10))
    def agree(events: list[Body], asked: list[Body]) -> None:
        desk = Desk(engine, Site(pk=next(_site_numbers), title="Docs", url="https://docs.acme.example"))
        if events:
            desk.holds(*events)
        for body in asked:
            expected = evaluate(body, desk.events, site_pk=desk.site.pk, now=NOW)
            assert desk.answer(body, internal=True) == expected, body

    agree()
