"""Whatever JSON is posted, the answer is a success or a refusal, and never a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.insights.catalog import CATALOG
from tests.api.calls import Caller, address, event, refusal
from tests.people import World

texts = st.text(max_size=8) | st.sampled_from(["", "\x00", "\ud800", "'; --", "last7Days", "page_view", "9999-12-31"])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | texts
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def mostly(sound: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is sound, or anything at all in its place."""
    return st.one_of(sound, sound, sound, anything)


columns = mostly(
    st.fixed_dictionaries(
        {"column": mostly(st.sampled_from(list(CATALOG)))},
        optional={"interval": mostly(st.just("week")), "claim": mostly(st.just("plan")), "precision": anything},
    )
)
operators = st.sampled_from(["in", "notIn", "greaterThan", "lessThanOrEqual"])
filters = mostly(
    st.fixed_dictionaries(
        {"column": mostly(st.sampled_from(list(CATALOG))), "values": mostly(st.lists(anything, max_size=3))},
        optional={"operator": mostly(operators), "claim": mostly(st.just("plan"))},
    )
)
questions = mostly(
    st.fixed_dictionaries(
        {"range": mostly(st.sampled_from(["last7Days", "lastYear"]))},
        optional={
            "select": mostly(st.lists(columns, max_size=3)),
            "groupBy": mostly(st.lists(columns, max_size=3)),
            "where": mostly(st.lists(filters, max_size=3)),
            "order": mostly(
                st.fixed_dictionaries({"by": columns, "direction": mostly(st.sampled_from(["asc", "desc"]))})
            ),
            "limit": mostly(st.integers(1, 1000)),
            "timezone": mostly(st.just("Europe/Berlin")),
        },
    )
)
events = mostly(
    st.fixed_dictionaries(
        {
            "type": mostly(st.sampled_from(["page_view", "search_type_query", "link_click", "ask_rate_response"])),
            "session": mostly(
                st.fixed_dictionaries(
                    {"visitorId": mostly(st.just("v")), "sessionId": mostly(st.just("s"))},
                    optional={
                        "visitorAuthClaims": anything,
                        "ip": anything,
                        "referrer": anything,
                        "language": anything,
                    },
                )
            ),
            "location": mostly(
                st.fixed_dictionaries(
                    {"url": mostly(st.just("https://docs.acme.example/a?utm_source=b"))},
                    optional={"page": anything, "siteShareKey": anything},
                )
            ),
        },
        optional={"query": anything, "timestamp": anything, "rating": anything, "link": anything},
    )
)
bodies = mostly(st.fixed_dictionaries({"events": mostly(st.lists(events, max_size=3))}))

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(body=bodies)
def test_any_batch_is_tracked_or_refused(anybody: Caller, world: World, body: Any) -> None:
    response = anybody.post(address(world.docs, "/insights/events"), json.dumps(body).encode())
    assert response.status_code == 204 or refusal(response)[0] in (400, 422)


@pytest.fixture
def asked(ada: Caller, world: World) -> Caller:
    """Ada, with an event to ask about."""
    ada.track(world.docs, event(session={"visitorAuthClaims": {"plan": ["a", "b"]}}))
    return ada


@many
@given(body=questions)
def test_any_question_is_answered_or_refused(asked: Caller, world: World, body: Any) -> None:
    response = asked.post(address(world.docs, "/insights/events/aggregate"), json.dumps(body).encode())
    assert response.status_code == 200 or refusal(response)[0] in (400, 422)


@pytest.mark.parametrize("route", ["/insights/events", "/insights/events/aggregate"])
@many
@given(body=st.binary(max_size=64))
def test_any_bytes_are_answered_or_refused(ada: Caller, world: World, route: str, body: bytes) -> None:
    assert refusal(ada.post(address(world.docs, route), body))[0] in (400, 422)
