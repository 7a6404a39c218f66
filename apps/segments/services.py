"""The segments of a site's visitors: saved ones first, then those that its events show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from apps.events.claims import read_claims
from apps.events.store import Statement, get_store
from apps.segments.claim_sets import title_of, without
from apps.segments.filters import SegmentFilter
from apps.segments.models import VisitorSegment
from apps.sites.models import Site

WINDOW = timedelta(days=30)
MOST_VALUES = 200
"""A claim with more values than this tells people apart, not groups."""
MOST_DETECTED = 10_000
REGISTERED = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")
"""Claims about a token, not about a visitor. Source: RFC 7519, 4.1."""
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_WHERE = (
    "site = {site:UInt32}"
    " AND timestamp >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')"
    " AND timestamp < fromUnixTimestamp64Milli({end:Int64}, 'UTC')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Visitors that share claims, with what they did in the last 30 days. The counts are exact.

    ``public_id`` is a saved one's; a detected one has none.
    """

    public_id: str = ""
    title: str
    claims: Mapping[str, Any]
    events: int
    visitors: int
    sessions: int

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "claims": self.claims,
            "events": self.events,
            "visitors": self.visitors,
            "sessions": self.sessions,
        }


def list_segments(site: Site, *, now: datetime, wanted: SegmentFilter | None = None) -> list[Segment]:
    """The site's saved segments by title, then the detected ones by visitors, descending.

    ``wanted``, a valid filter of the site's segments, leaves out others. Raises ``Unavailable`` (503) when the event
    store does not answer.
    """
    window = {"site": site.pk, "start": _milliseconds(now - WINDOW), "end": _milliseconds(now)}
    if wanted is None:
        return [*_saved(list(site.segments.all()), window), *_detected(window)]
    detected = _detected(window) if wanted.detects else []
    return [*_saved(list(wanted.qs), window), *(each for each in detected if wanted.finds(each.title, each.claims))]


def _milliseconds(moment: datetime) -> int:
    """Rounded up, so that half-open windows hold the same moments before and after."""
    return -int(-moment.timestamp() * 1000 // 1)


def _saved(segments: Sequence[VisitorSegment], window: Mapping[str, int]) -> list[Segment]:
    """Counts of all saved segments, in one statement."""
    if not segments:
        return []
    parameters: dict[str, Any] = dict(window)
    conditions = [_contains(segment.claims, f"s{index}", parameters) for index, segment in enumerate(segments)]
    tests = ", ".join(f"{condition} AS s{index}" for index, condition in enumerate(conditions))
    figures = ", ".join(
        f"countIf(s{index}), uniqExactIf(visitor, s{index}), uniqExactIf(session, s{index})"
        for index in range(len(segments))
    )
    sql = f"SELECT {figures} FROM (SELECT visitor, session, {tests} FROM events WHERE {_WHERE})"  # noqa: S608  # no input is in it
    counts = [column[0] for column in get_store().query(Statement(sql=sql, parameters=parameters))]
    return [
        Segment(
            public_id=segment.public_id,
            title=segment.title,
            claims=segment.claims,
            events=counts[3 * index],
            visitors=counts[3 * index + 1],
            sessions=counts[3 * index + 2],
        )
        for index, segment in enumerate(segments)
    ]


def _contains(claims: Mapping[str, Any], prefix: str, parameters: dict[str, Any]) -> str:
    """SQL that is true where an event has each wanted value at its dotted path, alone or in an array."""
    wanted = read_claims(msgspec.json.encode(claims)).values
    tests = []
    for number, (path, values) in enumerate(wanted.items()):
        place, texts = f"{prefix}_path{number}", f"{prefix}_values{number}"
        parameters |= {place: path, texts: list(values)}
        tests.append(f"hasAll(claims[{{{place}:String}}], {{{texts}:Array(String)}})")
    return f"({' AND '.join(tests)})" if tests else "true"


def _detected(window: Mapping[str, int]) -> list[Segment]:
    """The distinct claim sets, compared by their dotted paths and values after dropping what tells people apart."""
    dropped = _dropped_paths(window)
    sql = f"""
SELECT min(claims_json), count() AS events, uniqExact(visitor) AS visitors, uniqExact(session) AS sessions
FROM events
WHERE {_WHERE}
GROUP BY mapSort(mapFilter((path, texts) -> NOT has({{dropped:Array(String)}}, toString(path)), claims)) AS kept
ORDER BY visitors DESC, sessions DESC, events DESC, toString(kept)
LIMIT {MOST_DETECTED}
"""  # noqa: S608  # no input is in it
    columns = get_store().query(Statement(sql=sql, parameters={**window, "dropped": dropped}))
    gone = frozenset(dropped)
    return [_named(without(json.loads(text or "{}"), gone), *counts) for text, *counts in zip(*columns, strict=True)]


def _named(claims: dict[str, Any], events: int, visitors: int, sessions: int) -> Segment:
    return Segment(title=title_of(claims), claims=claims, events=events, visitors=visitors, sessions=sessions)


def _dropped_paths(window: Mapping[str, int]) -> list[str]:
    """Dotted paths of registered claims, of claims with e-mail addresses and of those with too many values."""
    sql = f"""
SELECT path
FROM (
    SELECT toString(pair.1) AS path, arrayJoin(pair.2) AS text
    FROM (SELECT arrayJoin(claims) AS pair FROM events WHERE {_WHERE})
)
GROUP BY path
HAVING length(groupUniqArray({MOST_VALUES + 1})(text)) > {MOST_VALUES}
    OR max(match(text, {{email:String}}))
    OR splitByChar('.', path)[1] IN {{registered:Array(String)}}
ORDER BY path
"""  # noqa: S608  # no input is in it
    parameters = {**window, "email": _EMAIL, "registered": list(REGISTERED)}
    columns = get_store().query(Statement(sql=sql, parameters=parameters))
    return list(columns[0]) if columns else []
