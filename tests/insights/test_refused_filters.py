"""Filters that mean nothing are refused with their dotted place."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.insights.refusals import NOT_TEXT, SQL, refused_filter, refused_part


@pytest.mark.parametrize("operator", [None, True, 1, "", "IN", "equals", ["in"], *SQL])
def test_an_unknown_operator(operator: Any) -> None:
    assert refused_filter("url", operator) == "body.where.0.operator"


@pytest.mark.parametrize("given", [{}, {"values": None}, {"values": "a"}, {"values": {"a": 1}}, {"values": 1}])
def test_a_filter_without_a_list_of_values(given: dict[str, Any]) -> None:
    assert refused_part(where=[{"column": "url", **given}]) == "body.where.0.values"


@pytest.mark.parametrize("column", ["urlPath", "siteSection", "utmSource", "eventSearchQuery", "visitorClaimProperty"])
@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_text_column_takes_only_text(column: str, value: Any) -> None:
    assert refused_filter(column, "in", "fine", value) == "body.where.0.values.1"


@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_claim_takes_only_text(value: Any) -> None:
    assert refused_filter("visitorClaim", "in", value, claim="plan") == "body.where.0.values.0"


@pytest.mark.parametrize("column", ["urlPath", "visitorLanguage", "referrer", "eventPageFeedbackComment"])
@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_a_text_that_the_engine_cannot_hold(column: str, value: str) -> None:
    assert refused_filter(column, "in", value) == "body.where.0.values.0"


@pytest.mark.parametrize("column", ["eventType", "displayContext", "visitorBrowser", "eventLLMSVariant"])
@pytest.mark.parametrize("value", [*NOT_TEXT, "never", *SQL])
def test_an_enumeration_takes_only_its_names(column: str, value: Any) -> None:
    assert refused_filter(column, "in", value) == "body.where.0.values.0"


@pytest.mark.parametrize("column", ["eventType", "url", "datetime", "dayOfWeek", "hourOfDay", "visitorDevice"])
def test_a_column_that_always_has_a_value_takes_no_null(column: str) -> None:
    assert refused_filter(column, "notIn", None) == "body.where.0.values.0"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dayOfWeek", 0),
        ("dayOfWeek", 8),
        ("hourOfDay", -1),
        ("hourOfDay", 24),
        ("hourOfDay", 1.5),
        ("hourOfDay", True),
        ("hourOfDay", "1"),
        ("hourOfDay", math.nan),
        ("hourOfDay", 10**400),
        ("eventAskResponseRating", "1"),
        ("eventAskResponseRating", 0.5),
        ("eventAskResponseRating", 10**400),
        ("eventAskResponseRating", -math.inf),
    ],
)
@pytest.mark.parametrize("operator", ["in", "lessThan"])
def test_a_number_out_of_bounds(column: str, value: Any, operator: str) -> None:
    assert refused_filter(column, operator, value) == "body.where.0.values.0"


@pytest.mark.parametrize("value", ["1", None, "", True, [1], {}, math.nan, math.inf, 10**400])
@pytest.mark.parametrize("operator", ["in", "greaterThan"])
def test_a_count_is_compared_with_finite_numbers_only(value: Any, operator: str) -> None:
    assert refused_filter("visitorsCount", operator, value) == "body.where.0.values.0"


@pytest.mark.parametrize("value", [0, True, "yesterday", "2026-02-30T00:00:00Z", "2026-04-01", {}, *SQL])
@pytest.mark.parametrize("operator", ["in", "lessThan"])
def test_a_moment_that_is_none(value: Any, operator: str) -> None:
    assert refused_filter("datetime", operator, value) == "body.where.0.values.0"


@pytest.mark.parametrize("value", [0, 1, "true", [], {}])
def test_authenticated_is_true_false_or_null(value: Any) -> None:
    assert refused_filter("visitorAuthenticated", "in", value) == "body.where.0.values.0"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (True, ""),
        ("p", ""),
        (["p"], ""),
        ({}, ".page"),
        ({"page": "p"}, ".space"),
        ({"page": 1, "space": "s"}, ".page"),
        ({"page": "p", "space": 1}, ".space"),
        ({"page": "\ud800", "space": "s"}, ".page"),
        ({"page": "p", "space": "a\udfff"}, ".space"),
    ],
)
def test_a_page_that_is_none(value: Any, place: str) -> None:
    assert refused_filter("page", "in", value) == f"body.where.0.values.0{place}"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (True, ""),
        ("8928308280fffff", ""),
        ({"latitude": 1, "longitude": 1}, ".h3"),
        ({"latitude": 1, "longitude": 1, "h3": 1}, ".h3"),
        ({"latitude": 1, "longitude": 1, "h3": "zzz"}, ".h3"),
        ({"latitude": 1, "longitude": 1, "h3": "0"}, ".h3"),
        ({"latitude": 1, "longitude": 1, "h3": "f" * 400}, ".h3"),
        ({"latitude": 1, "longitude": 1, "h3": "8928308280fffff\x00"}, ".h3"),
        ({"latitude": "1", "longitude": 1, "h3": "8928308280fffff"}, ".latitude"),
        ({"latitude": 1, "longitude": math.nan, "h3": "8928308280fffff"}, ".longitude"),
        ({"longitude": 1, "h3": "8928308280fffff"}, ".latitude"),
    ],
)
def test_a_point_that_is_none(value: Any, place: str) -> None:
    assert refused_filter("visitorGeoPoint", "in", value) == f"body.where.0.values.0{place}"


@pytest.mark.parametrize("value", [True, "page", [], {}, {"kind": 1}, {"kind": "never"}])
def test_a_content_reference_that_is_none(value: Any) -> None:
    assert refused_filter("eventLinkTargetValue", "in", value).startswith("body.where.0.values.0")


@pytest.mark.parametrize("value", [{"kind": "url", "url": "\ud800"}, {"kind": "url", "url": 1}])
def test_a_content_reference_with_broken_text(value: Any) -> None:
    assert refused_filter("eventLinkTargetValue", "in", value) == "body.where.0.values.0.url"
