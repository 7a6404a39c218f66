"""Random stored events that collide in groups, and random valid aggregate bodies over all 50 columns."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import h3
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.insights.evaluator import DIMENSIONS, METRICS, STORED_TEXT
from tests.insights.events import NOW

ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/Havana",
)

EDGES = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2025-04-30T12:34:56.789Z",  # a year before NOW
        "2025-09-07T04:00:00Z",  # Santiago has no midnight
        "2025-09-27T14:00:00Z",  # Chatham goes forward
        "2025-10-04T15:30:00Z",  # Lord Howe goes forward by half an hour
        "2025-11-02T05:00:00Z",  # Havana has two midnights
        "2025-11-02T06:00:00Z",  # New York repeats an hour
        "2026-01-01T00:00:00Z",
        "2026-01-30T12:34:56.789Z",  # three months before NOW
        "2026-02-28T18:30:00Z",  # March begins in Kolkata
        "2026-03-08T05:00:00Z",  # Havana has no midnight
        "2026-03-08T07:00:00Z",  # New York skips an hour
        "2026-03-31T18:15:00Z",  # April begins in Kathmandu, at an hour edge
        "2026-03-31T12:34:56.789Z",  # 30 days before NOW
        "2026-04-04T14:00:00Z",  # Chatham goes back
        "2026-04-04T15:00:00Z",  # Lord Howe goes back by half an hour
        "2026-04-05T03:00:00Z",  # Santiago goes back at midnight
        "2026-04-23T12:34:56.789Z",  # 7 days before NOW
        "2026-04-27T00:00:00Z",  # a Monday
        "2026-04-29T12:34:56.789Z",  # 24 hours before NOW
        "2026-04-30T12:34:56.789Z",  # NOW
    )
)
STEPS = tuple(
    sign * timedelta(milliseconds=size)
    for size in (0, 1, 999, 60_000, 1_800_000, 2_700_000, 3_600_000, 5_400_000, 86_400_000)
    for sign in (1, -1)
)
moments = st.builds(lambda edge, step: edge + step, st.sampled_from(EDGES), st.sampled_from(STEPS))

CLAIM_PATHS = ("plan", "role", "unsigned.plan", "user.tags", "it's \\ odd.`path`")
CLAIM_VALUES = ("enterprise", "free", "true", "10", "Ärger", "😀")
POINTS = ((52.52, 13.405), (52.5201, 13.4052), (-43.95, -176.55), (0.0, 0.0), (89.9, 179.99), (-31.55, 159.08))
TARGETS = (
    {"kind": "page", "page": "p1", "space": "s1"},
    {"kind": "url", "url": "https://example.com/ä?q='"},
    {"kind": "url", "url": "https://example.com/"},
    {"kind": "anchor", "anchor": "top", "page": "p1"},
)

TEXTS: dict[str, tuple[str, ...]] = {
    "url": ("https://docs.acme.example/", "https://docs.acme.example/a?utm_source=x", "https://docs.acme.example/Ä"),
    "urlPath": ("/", "/a", "/%C3%84", "/a/b"),
    "displayContext": ("site", "server", "embed", "mcp"),
    "siteSection": ("", "section1", "section2"),
    "siteSpace": ("", "sitespace1", "sitespace2"),
    "siteShareKey": ("", "key1"),
    "visitorGeoCountry": ("", "DE", "US"),
    "visitorDevice": ("desktop", "tablet", "mobile", "unknown"),
    "visitorBrowser": ("chrome", "firefox", "unknown"),
    "visitorOS": ("windows", "ios", "unknown"),
    "visitorBot": ("", "googlebot", "unknown"),
    "visitorLanguage": ("", "en", "de"),
    "eventLinkTargetKind": ("page", "url", "anchor"),
    "eventLinkTargetDomain": ("", "example.com"),
    "eventLinkPosition": ("header", "footer", "content"),
    "eventAPIOperationPath": ("/users/{id}", "/pets"),
    "eventAPIOperationMethod": ("GET", "POST"),
    "eventLLMSVariant": ("standard", "full"),
    "eventMarkdownSource": ("", "page-action"),
    "eventPageNotFoundType": ("", "conditional"),
    "eventSearchQuery": ("how to", "How to", "\U0001f600", "\uffee", "'; DROP TABLE events --"),
    "eventSearchResultRecordId": ("", "record1"),
    "eventPageFeedbackRating": ("bad", "ok", "good"),
    "eventPageFeedbackComment": ("Thanks!", "back\\slash\ttab\nline"),
    "referrer": ("", "https://example.com/", "about:blank"),
    "referrerDomain": ("", "example.com"),
    "utmSource": ("", "news", "ads"),
    "utmMedium": ("", "email"),
    "utmCampaign": ("", "spring"),
    "utmTerm": ("", "docs"),
    "utmContent": ("", "top"),
    "eventAdDomain": ("ads.example",),
    "eventAdPlacement": ("aside",),
    "eventTrademarkPlacement": ("sidebar", "footer"),
}
TYPES_WITHOUT_FIELDS = ("page_view", "search_open", "agent_feedback", "ask_view", "mcp_request", "rss_request")
TYPES_WITH_FIELDS: dict[str, tuple[str, ...]] = {
    "page_view": ("eventPageNotFoundType",),
    "page_markdown_request": ("eventMarkdownSource",),
    "search_type_query": ("eventSearchQuery",),
    "search_open_result": ("eventSearchQuery", "eventSearchResultRecordId"),
    "page_post_feedback": ("eventPageFeedbackRating",),
    "page_post_feedback_comment": ("eventPageFeedbackRating", "eventPageFeedbackComment"),
    "ask_question": ("eventSearchQuery",),
    "link_click": ("eventLinkPosition", "eventLinkTargetDomain"),
    "api_client_open": ("eventAPIOperationPath", "eventAPIOperationMethod"),
    "api_client_request": ("eventAPIOperationPath", "eventAPIOperationMethod"),
    "ad_click": ("eventAdDomain", "eventAdPlacement"),
    "ad_display": ("eventAdDomain", "eventAdPlacement"),
    "trademark_click": ("eventTrademarkPlacement",),
    "llms_request": ("eventLLMSVariant",),
}
EVENT_TYPES = (*TYPES_WITHOUT_FIELDS, *list(TYPES_WITH_FIELDS)[1:], "ask_rate_response")
PLACE = ("url", "urlPath", "displayContext", "siteSection", "siteSpace", "siteShareKey")
PERSON = ("visitorGeoCountry", "visitorDevice", "visitorBrowser", "visitorOS", "visitorBot", "visitorLanguage")
ORIGIN = ("referrer", "referrerDomain", "utmSource", "utmMedium", "utmCampaign", "utmTerm", "utmContent")
REQUIRED = frozenset(("url", "urlPath", "eventType", "displayContext", "visitorDevice", "visitorBrowser", "visitorOS"))
"""Text columns that every event has a value in."""


def canonical(target: dict[str, str]) -> str:
    """A content reference as it is stored: compact, ``kind`` first, then by name."""
    rest = {name: target[name] for name in sorted(target) if name != "kind"}
    return json.dumps({"kind": target["kind"], **rest}, separators=(",", ":"), ensure_ascii=False)


def fields(columns: tuple[str, ...], **more: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Stored fields of text columns."""
    texts = {STORED_TEXT[column]: st.sampled_from(TEXTS[column]) for column in columns}
    return st.fixed_dictionaries({**texts, **more})


places = fields(PLACE, page=st.sampled_from(("", "p1", "p2")), space=st.sampled_from(("", "s1", "s2")))
claims = st.dictionaries(
    st.sampled_from(CLAIM_PATHS),
    st.lists(st.sampled_from(CLAIM_VALUES), min_size=1, max_size=3, unique=True).map(sorted),
    max_size=3,
)
points = st.sampled_from(({}, *({"latitude": latitude, "longitude": longitude} for latitude, longitude in POINTS)))
people = st.builds(
    lambda person, point: {**person, **point},
    fields(
        PERSON,
        visitor=st.sampled_from((1, 2, 2**64 - 1)),
        authenticated=st.sampled_from((None, True, False)),
        claims=claims,
    ),
    points,
)
origins = fields(ORIGIN)
acts = st.one_of(
    *(st.just({"event_type": name}) for name in TYPES_WITHOUT_FIELDS[1:]),
    *(fields(columns, event_type=st.just(name)) for name, columns in TYPES_WITH_FIELDS.items()),
    fields(("eventSearchQuery",), event_type=st.just("ask_rate_response"), ask_rating=st.sampled_from((1, -1))),
    st.builds(
        lambda act, target: {**act, "link_kind": target["kind"], "link_target": canonical(target)},
        fields(TYPES_WITH_FIELDS["link_click"], event_type=st.just("link_click")),
        st.sampled_from(TARGETS),
    ),
)


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 24 stored events without a site, made of a few places, people, origins and acts."""
    pools = [draw(st.lists(pool, min_size=3, max_size=5)) for pool in (places, people, origins, acts)]
    times = draw(st.lists(moments, min_size=2, max_size=8, unique=True))
    size = draw(st.sampled_from((24, 18, 12, 24, 18, 1, 0)))
    ids = draw(st.permutations(range(1, size + 1)))
    return [
        {
            **{name: value for pool in pools for name, value in draw(st.sampled_from(pool)).items()},
            "id": number,
            "batch": 1,
            "received": NOW.replace(microsecond=0),
            "timestamp": draw(st.sampled_from(times)),
            "session": draw(st.sampled_from((10, 11, 2**63))),
        }
        for number in ids
    ]


# Bodies


def column_called(name: str) -> SearchStrategy[dict[str, Any]]:
    """A column in the published form with any of its arguments."""
    if name == "datetime":
        intervals = st.sampled_from(({}, *({"interval": each} for each in ("hour", "day", "week", "month"))))
        return intervals.map(lambda interval: {"column": name, **interval})
    if name == "visitorGeoPoint":
        precisions = st.sampled_from(({}, *({"precision": each} for each in (0, 1, 4, 5, 6, 9, 15))))
        return precisions.map(lambda precision: {"column": name, **precision})
    if name == "visitorClaim":
        return st.sampled_from((*CLAIM_PATHS, "unknown")).map(lambda claim: {"column": name, "claim": claim})
    return st.just({"column": name})


dimensions = st.sampled_from(DIMENSIONS).flatmap(column_called)
few = st.lists(dimensions, max_size=2)
any_column = st.one_of(dimensions, st.sampled_from(METRICS).flatmap(column_called))

rfc3339 = st.builds(
    lambda moment, offset: (moment + offset).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + _printed(offset),
    moments,
    st.sampled_from((timedelta(0), timedelta(hours=-5), timedelta(hours=5, minutes=45))),
)
NOTHING = (None, "")
CELLS = tuple(h3.latlng_to_cell(*point, precision) for point in POINTS[:4] for precision in (0, 5, 9))
VALUES: dict[str, SearchStrategy[Any]] = {
    **{
        name: st.sampled_from(values if name in REQUIRED else (*values, "never", *NOTHING))
        if name in ("url", "urlPath") or name.startswith(("utm", "site", "referrer"))
        else st.sampled_from(values if name in REQUIRED else (*values, *NOTHING))
        for name, values in TEXTS.items()
    },
    "eventType": st.sampled_from(EVENT_TYPES),
    "datetime": rfc3339,
    "dayOfWeek": st.integers(1, 7),
    "hourOfDay": st.integers(0, 23),
    "page": st.one_of(
        st.sampled_from(NOTHING),
        st.fixed_dictionaries({"page": st.sampled_from((None, "p1", "p2")), "space": st.sampled_from(("s1", "s2"))}),
    ),
    "visitorGeoPoint": st.one_of(
        st.none(), st.sampled_from(CELLS).map(lambda index: {"latitude": 0.5, "longitude": 1, "h3": index})
    ),
    "visitorAuthenticated": st.sampled_from((True, False, None)),
    "visitorClaimProperty": st.sampled_from((*CLAIM_PATHS, *NOTHING)),
    "visitorClaim": st.sampled_from((*CLAIM_VALUES, *NOTHING)),
    "eventLinkTargetValue": st.sampled_from((*TARGETS, None)),
    "eventAskResponseRating": st.sampled_from((-1, 0, 1, None)),
    "eventsCount": st.sampled_from((0, 1, 2, 2.5, 3)),
    "visitorsCount": st.sampled_from((0, 1, 2, 3)),
    "sessionsCount": st.sampled_from((0, 1, 2, 1e9)),
}
COMPARABLE = {
    **{name: VALUES[name] for name in ("datetime", "dayOfWeek", "hourOfDay", *METRICS[:3])},
    "eventAskResponseRating": st.sampled_from((-1, 1)),
}


def filter_of(name: str) -> SearchStrategy[dict[str, Any]]:
    """A filter on a column, with any operator that it takes."""
    column = st.just({"column": name}) if name in ("datetime", "visitorGeoPoint") else column_called(name)
    listed = st.builds(
        lambda column, operator, values: {**column, **operator, "values": values},
        column,
        st.sampled_from(({}, {"operator": "in"}, {"operator": "notIn"})),
        st.lists(VALUES[name], max_size=3),
    )
    if name not in COMPARABLE:
        return listed
    compared = st.builds(
        lambda column, operator, value: {**column, "operator": operator, "values": [value]},
        column,
        st.sampled_from(("greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual")),
        COMPARABLE[name],
    )
    return st.one_of(listed, compared)


filters = st.sampled_from((*DIMENSIONS, *METRICS[:3])).flatmap(filter_of)


def _printed(offset: timedelta) -> str:
    if not offset:
        return "Z"
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


ALWAYS = {"from": "2025-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
ranges: SearchStrategy[Any] = st.one_of(
    st.sampled_from(("last24Hours", "last7Days", "last30Days", "last3Months", "lastYear", "lastYear")),
    *[st.just(ALWAYS)] * 6,
    moments.map(lambda start: {"from": start.strftime("%Y-%m-%dT%H:%M:%S"), "to": "2026-12-01T00:00:00"}),
    rfc3339.map(lambda end: {"from": "2025-01-01T00:00:00", "to": end}),
)


def bodies() -> SearchStrategy[dict[str, Any]]:
    """A valid body of the aggregate operation."""
    return st.fixed_dictionaries(
        {
            "range": ranges,
            "groupBy": st.one_of(st.lists(dimensions, min_size=2, max_size=3), st.lists(dimensions, max_size=2)),
        },
        optional={
            "select": st.lists(any_column, max_size=4),
            "where": st.one_of(st.just([]), st.lists(filters, max_size=1), st.lists(filters, max_size=2)),
            "order": st.fixed_dictionaries({"by": any_column, "direction": st.sampled_from(("asc", "desc"))}),
            "limit": st.sampled_from((1, 3, 5, 1000)),
            "timezone": st.sampled_from(ZONES),
        },
    )
