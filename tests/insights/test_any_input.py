"""Whatever is asked is answered or refused: SQL in any text is only text, and no JSON breaks the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import Refusal
from apps.core.zones import zone_names
from apps.events.store import Statement
from apps.insights.services import resolve
from tests.insights import strategies
from tests.insights.conftest import Desk
from tests.insights.events import NOW, event
from tests.insights.questions import COUNT, columns, counted, filtered
from tests.insights.refusals import SITE, SQL


@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_value_matches_only_itself(desk: Desk, text: str) -> None:
    desk.holds(event(utm_term=text, claims={"plan": [text]}), event(utm_term="x", claims={"plan": ["x"]}))
    assert counted(desk, filtered("utmTerm", "in", text)) == 1
    assert counted(desk, filtered("utmTerm", "notIn", text)) == 1
    assert counted(desk, filtered("visitorClaim", "in", text, claim="plan")) == 1
    assert counted(desk, filtered("page", "in", {"page": text, "space": text})) == 0
    assert desk.ask(select=columns("utmTerm"), where=[filtered("utmTerm", "in", text)]) == [("utmTerm", [text])]


@pytest.mark.parametrize("text", SQL)
def test_sql_in_the_name_of_a_claim_is_only_a_name(desk: Desk, text: str) -> None:
    desk.holds(event(claims={text: ["pro"]}), event())
    claim = {"column": "visitorClaim", "claim": text}
    order = {"by": claim, "direction": "desc"}
    assert desk.ask(select=[claim, *COUNT], groupBy=[claim], order=order) == [
        ("visitorClaim", text, ["pro", None]),
        ("eventsCount", [1, 1]),
    ]
    assert counted(desk, filtered("visitorClaim", "in", "pro", claim=text)) == 1
    assert counted(desk, filtered("visitorClaimProperty", "in", text)) == 1
    assert desk.ask(select=columns("visitorClaimProperty")) == [("visitorClaimProperty", [text])]


def test_every_time_zone_that_is_taken_is_known_to_the_engine(desk: Desk) -> None:
    (names,) = desk.store.query(Statement(sql="SELECT time_zone FROM system.time_zones"))
    assert zone_names() - set(names) == set()


anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from((10**400, -(10**400))),
        st.floats(),
        st.text(),
        st.sampled_from(("\ud800", "\x00", "lastYear", "url", "in", "datetime", "2026-04-01T00:00:00Z", *SQL)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(("column", "values", "operator", "by", "direction", "from", "to", "page", "h3")),
                st.sampled_from(("range", "select", "where", "groupBy", "order", "limit", "timezone", "claim")),
                st.text(max_size=3),
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


def place_of_refusal(action: Callable[[], object]) -> str:
    """Where ``action`` was refused, in dotted form, or ``body`` where it was not."""
    try:
        action()
    except Refusal as refused:
        return refused.path if refused.status == 422 else str(refused.status)
    return "body"


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything)
def test_arbitrary_json_is_resolved_or_refused_and_nothing_else(body: Any) -> None:
    assert place_of_refusal(lambda: resolve(body, site=SITE, now=NOW)).split(".")[0] == "body"


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(inner for key, item in items for inner in _places(item, (*place, key)))]


def _with(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    if not place:
        return other
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[place[0]] = _with(changed[place[0]], place[1:], other)
    return changed


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), body=strategies.bodies(), other=anything)
def test_a_sound_body_with_one_part_replaced_is_answered_or_refused(
    desk: Desk, data: st.DataObject, body: Any, other: Any
) -> None:
    broken = _with(body, data.draw(st.sampled_from(_places(body))), other)
    assert place_of_refusal(lambda: desk.answer(broken)).split(".")[0] == "body"
