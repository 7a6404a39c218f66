"""A second opinion on the query engine: plain Python, slow, and obviously right.

It is written from contract.md (section Aggregate) alone and shares no code with apps/insights. It takes
valid bodies only; what is refused is tested elsewhere. What internal columns mean is said in ``formed``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import h3

from tests.insights.formed import INTERNAL_DIMENSIONS, INTERNAL_METRICS, internal_metric, rows_of
from tests.insights.local_time import bucket, moment, range_of

Event = dict[str, Any]
Group = list[Event]

METRICS = ("eventsCount", "visitorsCount", "sessionsCount", "pageFeedbackRating", "askResponseRating")

STORED_TEXT = {
    "url": "url",
    "urlPath": "url_path",
    "eventType": "event_type",
    "displayContext": "display_context",
    "siteSection": "site_section",
    "siteSpace": "site_space",
    "siteShareKey": "site_share_key",
    "visitorGeoCountry": "country",
    "visitorDevice": "device",
    "visitorBrowser": "browser",
    "visitorOS": "os",
    "visitorBot": "bot",
    "visitorLanguage": "language",
    "eventLinkTargetKind": "link_kind",
    "eventLinkTargetDomain": "link_domain",
    "eventLinkPosition": "link_position",
    "eventAPIOperationPath": "api_path",
    "eventAPIOperationMethod": "api_method",
    "eventLLMSVariant": "llms_variant",
    "eventMarkdownSource": "markdown_source",
    "eventPageNotFoundType": "not_found_type",
    "eventSearchQuery": "query",
    "eventSearchResultRecordId": "result_record",
    "eventPageFeedbackRating": "feedback_rating",
    "eventPageFeedbackComment": "feedback_comment",
    "referrer": "referrer",
    "referrerDomain": "referrer_domain",
    "utmSource": "utm_source",
    "utmMedium": "utm_medium",
    "utmCampaign": "utm_campaign",
    "utmTerm": "utm_term",
    "utmContent": "utm_content",
    "eventAdDomain": "ad_domain",
    "eventAdPlacement": "ad_placement",
    "eventTrademarkPlacement": "trademark_placement",
}
"""The columns that are one stored text, by their field."""

DIMENSIONS = (
    "datetime",
    "dayOfWeek",
    "hourOfDay",
    "page",
    "visitorGeoPoint",
    "visitorAuthenticated",
    "visitorClaimProperty",
    "visitorClaim",
    "eventLinkTargetValue",
    "eventAskResponseRating",
    *STORED_TEXT,
)

PRINTED_WITHOUT_VALUE: dict[str, Any] = {
    "visitorBot": "",
    "visitorClaimProperty": "",
    "eventSearchQuery": "",
    "eventPageFeedbackComment": "",
    "eventAskResponseRating": 0,
    "referrer": "",
    "referrerDomain": "",
    "utmSource": "",
    "utmMedium": "",
    "utmCampaign": "",
    "utmTerm": "",
    "utmContent": "",
    "eventAdDomain": "",
    "askGoal": "",
    "openedResult": "",
}
"""How a column prints "no value" where that is not null."""

DEFAULT_PRECISION = 5


class Column(NamedTuple):
    """A column with its argument: interval, precision or claim. ``datetime`` with None is the bare timestamp."""

    name: str
    argument: Any = None

    @property
    def is_metric(self) -> bool:
        return self.name in METRICS or self.name in INTERNAL_METRICS


class Cell(NamedTuple):
    """An H3 cell, ordered by its centre."""

    latitude: float
    longitude: float
    h3: str


class Row(NamedTuple):
    """One line of the answer before it is printed: the group's values, and its events."""

    values: tuple[Any, ...]
    events: Group


def evaluate(
    body: dict[str, Any], events: Sequence[Event], *, site_pk: int, now: datetime, default_timezone: str = "UTC"
) -> dict[str, Any]:
    """The answer to a valid aggregate ``body`` over stored ``events``, in the published form."""
    zone = ZoneInfo(body.get("timezone", default_timezone))
    grouped, shown, order_by = columns_of(body)
    start, end = range_of(body["range"], zone, now)
    known = [one for one in events if one["site"] == site_pk]
    wanted = [one for one in known if start <= one["timestamp"] < end]
    published = [one for one in body.get("where") or [] if one["column"] not in INTERNAL_DIMENSIONS]
    counted = rows_of(body, [one for one in wanted if passes(one, published, zone)], known, start)
    internal = [one for one in body.get("where") or [] if one["column"] in INTERNAL_DIMENSIONS]
    rows = group([one for one in counted if passes(one, internal, zone)], grouped, zone)
    rows = [row for row in rows if group_passes(row, body)]
    descending = "order" in body and body["order"]["direction"] == "desc"
    rows = in_order(rows, order_by, descending, grouped, shown, zone)[: body.get("limit", 1000)]
    return {"columns": [printed_column(column, rows, grouped, zone) for column in shown]}


def columns_of(body: dict[str, Any]) -> tuple[list[Column], list[Column], Column | None]:
    """The grouped columns, those of the answer, and the one to order by (Decisions 3 to 7 and 12)."""
    selected = body.get("select") or []
    asked = body.get("groupBy") or [one for one in selected if not Column(one["column"]).is_metric]
    bare_is_grouped = any(is_bare(one) for one in asked)

    def meaning(one: dict[str, Any]) -> Column:
        return Column("datetime", "day") if bare_is_grouped and is_bare(one) else column_of(one)

    grouped = once([meaning(one) for one in asked])
    shown = once([meaning(one) for one in selected])
    order_by = meaning(body["order"]["by"]) if "order" in body else None
    if not shown:
        return grouped, grouped + [Column(name) for name in METRICS[:3]], order_by
    return grouped, [one for one in grouped if one not in shown] + shown, order_by


def column_of(asked: dict[str, Any]) -> Column:
    name = asked["column"]
    if name == "datetime":
        return Column(name, asked.get("interval"))
    if name == "visitorGeoPoint":
        return Column(name, asked.get("precision", DEFAULT_PRECISION))
    if name == "visitorClaim":
        return Column(name, asked["claim"])
    return Column(name)


def is_bare(asked: dict[str, Any]) -> bool:
    return asked["column"] == "datetime" and "interval" not in asked


def once(columns: list[Column]) -> list[Column]:
    return list(dict.fromkeys(columns))


# What an event says about a column. None means "no value".


def values_of(event: Event, column: Column, zone: ZoneInfo) -> list[Any]:
    """All values of an event: one, but for claims."""
    if column.name == "visitorClaimProperty":
        return sorted(event.get("claims") or {})
    if column.name == "visitorClaim":
        return [value or None for value in sorted((event.get("claims") or {}).get(column.argument, []))] or [None]
    return [value_of(event, column, zone)]


def value_of(event: Event, column: Column, zone: ZoneInfo) -> Any:
    """The one value of an event; of several the smallest."""
    match column.name:
        case "datetime":
            return bucket(event["timestamp"], column.argument, zone)
        case "dayOfWeek":
            return event["timestamp"].astimezone(zone).isoweekday()
        case "hourOfDay":
            return event["timestamp"].astimezone(zone).hour
        case "page":
            return (event["page"], event.get("space", "")) if event.get("page") else None
        case "visitorGeoPoint":
            return cell_of(event, column.argument)
        case "visitorAuthenticated":
            return event.get("authenticated")
        case "visitorClaim" | "visitorClaimProperty":
            return next(iter(values_of(event, column, zone)), None)
        case "eventLinkTargetValue":
            return event.get("link_target") or None
        case "eventAskResponseRating":
            return event.get("ask_rating") or None
        case "pathIsNew":
            return event["pathIsNew"]
    return event.get(STORED_TEXT.get(column.name, column.name)) or None


def cell_of(event: Event, precision: int) -> Cell | None:
    latitude, longitude = event.get("latitude"), event.get("longitude")
    if latitude is None or longitude is None:
        return None
    index = h3.latlng_to_cell(latitude, longitude, precision)
    return Cell(*h3.cell_to_latlng(index), index)


# Filters


def passes(event: Event, filters: Sequence[dict[str, Any]], zone: ZoneInfo) -> bool:
    return all(event_passes(event, one, zone) for one in filters if not Column(one["column"]).is_metric)


def event_passes(event: Event, asked: dict[str, Any], zone: ZoneInfo) -> bool:
    operator = asked.get("operator", "in")
    column = Column("datetime") if asked["column"] == "datetime" else column_of(asked)
    if operator == "in":
        return any(matches(event, column, value, zone) for value in asked["values"])
    if operator == "notIn":
        return not any(matches(event, column, value, zone) for value in asked["values"])
    wanted = asked["values"][0]
    if column.name == "datetime":
        wanted = moment(wanted, zone)
    stored = value_of(event, column, zone)
    return stored is not None and compare(stored, operator, wanted)


def matches(event: Event, column: Column, wanted: Any, zone: ZoneInfo) -> bool:
    """Whether the event has this value (Decisions 1, 2 and 12)."""
    if column.name == "visitorGeoPoint" and isinstance(wanted, dict):
        cell = cell_of(event, h3.get_resolution(wanted["h3"]))
        return cell is not None and cell.h3 == wanted["h3"]
    values = values_of(event, column, zone) or [None]
    if wanted in (None, "") or (column.name == "eventAskResponseRating" and wanted == 0):
        return None in values
    if column.name == "datetime":
        return moment(wanted, zone) in values
    if column.name == "page":
        if wanted["page"]:
            return values == [(wanted["page"], wanted["space"])]
        return values == [None] and event.get("space", "") == wanted["space"]
    if column.name == "eventLinkTargetValue":
        return any(value is not None and json.loads(value) == wanted for value in values)
    return wanted in values


def compare(left: Any, operator: str, right: Any) -> bool:
    match operator:
        case "greaterThan":
            return bool(left > right)
        case "greaterThanOrEqual":
            return bool(left >= right)
        case "lessThan":
            return bool(left < right)
        case "lessThanOrEqual":
            return bool(left <= right)
    raise AssertionError(operator)


def group_passes(row: Row, body: dict[str, Any]) -> bool:
    """HAVING (Decision 9)."""
    for asked in body.get("where") or []:
        if Column(asked["column"]).is_metric:
            count, operator = metric(asked["column"], row.events), asked.get("operator", "in")
            if operator in ("in", "notIn"):
                if (count in asked["values"]) != (operator == "in"):
                    return False
            elif count is None or not compare(count, operator, as_moment(asked["values"][0])):
                return False
    return True


def as_moment(value: Any) -> Any:
    return moment(value, ZoneInfo("UTC")) if isinstance(value, str) else value


# Groups and their values


def group(events: Group, grouped: list[Column], zone: ZoneInfo) -> list[Row]:
    """An event counts once in the group of every combination of its values; no columns, one group."""
    groups: dict[tuple[Any, ...], Group] = {} if grouped else {(): []}
    for event in events:
        for combination in product(*(values_of(event, column, zone) for column in grouped)):
            groups.setdefault(combination, []).append(event)
    return [Row(values, members) for values, members in groups.items()]


def metric(name: str, events: Group) -> Any:
    match name:
        case "eventsCount":
            return sum(len(event.get("counted", [event])) for event in events)
        case "visitorsCount":
            return len({person["visitor"] for event in events for person in event.get("people", [event])})
        case "sessionsCount":
            return len({event["session"] for event in events})
        case "pageFeedbackRating":
            ratings = [event.get("feedback_rating") for event in events if event["event_type"] == "page_post_feedback"]
            return {rating: ratings.count(rating) for rating in ("ok", "good", "bad")}
        case "askResponseRating":
            signs = [event.get("ask_rating") for event in events]
            return {"positive": signs.count(1), "negative": signs.count(-1)}
    return internal_metric(name, events)


def shown_value(column: Column, row: Row, grouped: list[Column], zone: ZoneInfo) -> Any:
    """A metric of the group, its grouped value, or the value in its latest event (Decision 5)."""
    if column.is_metric:
        return metric(column.name, row.events)
    if column in grouped:
        return row.values[grouped.index(column)]
    if not row.events:
        return None
    return value_of(max(row.events, key=lambda event: (event["timestamp"], event["id"])), column, zone)


# Order (Decisions 7 and 12)


def in_order(
    rows: list[Row],
    order_by: Column | None,
    descending: bool,
    grouped: list[Column],
    shown: list[Column],
    zone: ZoneInfo,
) -> list[Row]:
    for column in reversed(grouped):
        rows = sorted_by(column, rows, grouped, zone, descending=False)
    if order_by is not None:
        return sorted_by(order_by, rows, grouped, zone, descending)
    times = [column for column in grouped if column.name == "datetime"]
    if times:
        return sorted_by(times[0], rows, grouped, zone, descending=False)
    metrics = [column for column in shown if column.is_metric]
    return sorted_by(metrics[0], rows, grouped, zone, descending=True) if metrics else rows


def sorted_by(column: Column, rows: list[Row], grouped: list[Column], zone: ZoneInfo, descending: bool) -> list[Row]:
    """Stable; rows without a value come last in both directions."""
    keyed = [(order_key(column, shown_value(column, row, grouped, zone)), row) for row in rows]
    having = [pair for pair in keyed if pair[0] is not None]
    having.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _key, row in having] + [row for key, row in keyed if key is None]


def order_key(column: Column, value: Any) -> Any:
    if column.name == "pageFeedbackRating":
        return value["good"] - value["bad"]
    if column.name == "askResponseRating":
        return value["positive"] - value["negative"]
    return value


# Print


def printed_column(column: Column, rows: list[Row], grouped: list[Column], zone: ZoneInfo) -> dict[str, Any]:
    name = {"column": column.name}
    if column.name == "visitorClaim":
        name["claim"] = column.argument
    return {**name, "values": [printed(column, shown_value(column, row, grouped, zone)) for row in rows]}


def printed(column: Column, value: Any) -> Any:
    if value is None:
        return PRINTED_WITHOUT_VALUE.get(column.name)
    match column.name:
        case "datetime" | "firstSeen" | "lastSeen":
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "page":
            return {"page": value[0], "space": value[1]}
        case "visitorGeoPoint":
            return value._asdict()
        case "eventLinkTargetValue":
            return json.loads(value)
    return value
