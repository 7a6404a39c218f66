"""Ranges, columns, orders, limits and zones that are none are refused with their dotted place."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.insights.conftest import Desk
from tests.insights.events import event
from tests.insights.questions import COUNT, columns
from tests.insights.refusals import IMPOSSIBLE_TIMES, SQL, refused_at, refused_part


@pytest.mark.parametrize("body", [None, True, 1, 1.5, "lastYear", [], [{"range": "lastYear"}]])
def test_a_body_that_is_not_an_object(body: Any) -> None:
    assert refused_at(body) == "body"


# Ranges


@pytest.mark.parametrize("given", [None, True, 30, "", "last2Days", "LASTYEAR", ["lastYear"]])
def test_a_range_that_is_none(given: Any) -> None:
    assert refused_at({"range": given}) == "body.range"


def test_no_range() -> None:
    assert refused_at({}) == "body.range"


@pytest.mark.parametrize("key", ["from", "to"])
def test_half_a_range(key: str) -> None:
    whole = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    del whole[key]
    assert refused_at({"range": whole}) == f"body.range.{key}"


@pytest.mark.parametrize("key", ["from", "to"])
@pytest.mark.parametrize(
    "given",
    [None, True, 1775001600, "", "now", *IMPOSSIBLE_TIMES, *SQL],
)
def test_a_range_of_no_times(key: str, given: Any) -> None:
    whole = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    assert refused_at({"range": {**whole, key: given}}) == f"body.range.{key}"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("2026-04-02T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_range_that_ends_before_it_begins(start: str, end: str) -> None:
    assert refused_at({"range": {"from": start, "to": end}}) == "body.range.to"


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z"])
@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-12:00", "2299-12-31T00:00:00"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_first_and_last_years_are_a_range_that_holds_everything(
    desk: Desk, start: str, end: str, zone: str
) -> None:
    desk.holds(event(), event("1970-01-01T00:00:00Z"))
    assert desk.ask(select=COUNT, range={"from": start, "to": end}, timezone=zone) == [("eventsCount", [2])]


# Columns


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
@pytest.mark.parametrize("given", [True, 1, "url", {"column": "url"}])
def test_a_list_that_is_none(key: str, given: Any) -> None:
    assert refused_part(**{key: given}) == f"body.{key}"


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
@pytest.mark.parametrize("given", [None, True, 1, "url", ["url"]])
def test_a_column_that_is_not_an_object(key: str, given: Any) -> None:
    assert refused_part(**{key: [given]}) == f"body.{key}.0"


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
@pytest.mark.parametrize("name", [None, True, 1, ["url"], {"url": 1}, "", "URL", "visitor", "constructor", *SQL])
def test_an_unknown_column(key: str, name: Any) -> None:
    assert refused_part(**{key: [{"column": name, "values": []}]}) == f"body.{key}.0.column"


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
def test_an_object_without_a_column(key: str) -> None:
    assert refused_part(**{key: [{"values": []}]}) == f"body.{key}.0.column"


def test_the_place_counts_from_zero() -> None:
    assert refused_part(groupBy=[*columns("url", "page"), {"column": "never"}]) == "body.groupBy.2.column"


@pytest.mark.parametrize("interval", [None, 1, "", "minute", "Day", ["day"], *SQL])
def test_an_unknown_interval(interval: Any) -> None:
    asked = {"column": "datetime", "interval": interval}
    assert refused_part(groupBy=[asked]) == "body.groupBy.0.interval"


@pytest.mark.parametrize("precision", [-1, 16, 10**400, 1.5, True, "5", None, [5], math.nan, math.inf])
def test_a_precision_out_of_bounds(precision: Any) -> None:
    asked = {"column": "visitorGeoPoint", "precision": precision}
    assert refused_part(select=[asked]) == "body.select.0.precision"


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
@pytest.mark.parametrize("claim", [None, "", 1, True, ["plan"], "\ud800", "a\udfffb"])
def test_a_claim_that_names_none(key: str, claim: Any) -> None:
    asked = {"column": "visitorClaim", "claim": claim, "values": []}
    assert refused_part(**{key: [asked]}) == f"body.{key}.0.claim"


@pytest.mark.parametrize("key", ["select", "groupBy", "where"])
def test_no_claim(key: str) -> None:
    assert refused_part(**{key: [{"column": "visitorClaim", "values": []}]}) == f"body.{key}.0.claim"


# Order, limit, zone


@pytest.mark.parametrize("given", [True, 1, "url", ["url"]])
def test_an_order_that_is_not_an_object(given: Any) -> None:
    assert refused_part(order=given) == "body.order"


def test_half_an_order() -> None:
    assert refused_part(order={"direction": "asc"}) == "body.order.by"
    assert refused_part(order={"by": {"column": "url"}}) == "body.order.direction"


@pytest.mark.parametrize("name", [None, 1, "", "never", *SQL])
def test_an_order_by_an_unknown_column(name: Any) -> None:
    assert refused_part(order={"by": {"column": name}, "direction": "asc"}) == "body.order.by.column"


def test_an_order_by_a_column_with_bad_arguments() -> None:
    by = {"column": "datetime", "interval": "minute"}
    assert refused_part(order={"by": by, "direction": "asc"}) == "body.order.by.interval"


@pytest.mark.parametrize("direction", [None, True, 1, "", "ASC", "up", ["asc"], *SQL])
def test_an_unknown_direction(direction: Any) -> None:
    assert refused_part(order={"by": {"column": "url"}, "direction": direction}) == "body.order.direction"


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**400, True, 1.5, "10", [10], {}, math.nan, math.inf])
def test_a_limit_out_of_bounds(limit: Any) -> None:
    assert refused_part(limit=limit) == "body.limit"


@pytest.mark.parametrize("zone", [True, 1, "", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", ["UTC"], *SQL])
def test_an_unknown_time_zone(zone: Any) -> None:
    assert refused_part(timezone=zone) == "body.timezone"
