"""Events as lines of JSON, in the form in which they can be imported again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from apps.core.hashing import keyed_hash64
from apps.events.models import Event
from apps.events.store import Row, Statement, get_store
from apps.sites.models import Site

PAGE_ROWS = 5_000
_NAMES = tuple(Event.fields())
_HASHES = ("visitor", "session")
_LOCATION = {
    "siteSection": "site_section",
    "siteSpace": "site_space",
    "siteShareKey": "site_share_key",
    "space": "space",
    "revision": "revision",
    "page": "page",
}


def events_of(site: Site, visitor_id: str) -> Iterator[bytes]:
    """Each event of a visitor as a line, in the order of arrival.

    A line is an event as the tracking API takes it. Of the session only a hash is kept: it stands for the id. What
    was derived when the event came, and cannot be derived again, is beside it under ``stored``, which imports ignore.
    """
    visitor = keyed_hash64(bytes(site.hash_key), b"visitor", visitor_id)
    for row in _rows(site.pk, visitor):
        yield msgspec.json.encode(_wire(row, visitor_id)) + b"\n"


def _rows(site: int, visitor: int) -> Iterator[Row]:
    sql = (
        f"SELECT {', '.join(_NAMES)} FROM events"  # noqa: S608  # our own names
        " WHERE site = {site:UInt32} AND visitor = {visitor:UInt64} AND id > {after:UInt64}"
        " ORDER BY id LIMIT {rows:UInt32}"
    )
    after = 0
    while True:
        parameters = {"site": site, "visitor": visitor, "after": after, "rows": PAGE_ROWS}
        page = [
            dict(zip(_NAMES, values, strict=True))
            for values in zip(*get_store().query(Statement(sql=sql, parameters=parameters)), strict=True)
        ]
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = page[-1]["id"]


def _wire(row: Row, visitor_id: str) -> dict[str, Any]:
    session = {
        "visitorId": visitor_id,
        "sessionId": f"{row['session']:016x}",
        "language": row["language"] or None,
        "referrer": row["referrer"],
    }
    if row["authenticated"] is not None:
        session["visitorAuthClaims"] = json.loads(row["claims_json"] or "{}")
    return {
        "type": row["event_type"],
        "timestamp": printed(row["timestamp"]),
        "session": session,
        "location": {
            "url": row["url"],
            "displayContext": row["display_context"],
            **{name: row[field] or None for name, field in _LOCATION.items()},
        },
        **_own(row),
        "stored": {name: _told(row[name]) for name in _NAMES if name not in ("site", *_HASHES)},
    }


def _own(row: Row) -> dict[str, Any]:
    """What only the event's type has: the other way round than ``WireEvent.details``."""
    kind = row["event_type"]
    own: dict[str, Any] = {}
    if kind in ("search_type_query", "search_open_result", "ask_question", "ask_rate_response"):
        own["query"] = row["query"]
    if kind == "page_markdown_request":
        own["markdownSource"] = row["markdown_source"] or None
    elif kind == "search_open_result":
        own["result"] = {
            "spaceId": row["result_space"] or None,
            "pageId": row["result_page"] or None,
            "recordId": row["result_record"] or None,
        }
    elif kind == "page_post_feedback":
        own["feedback"] = {"rating": row["feedback_rating"]}
    elif kind == "page_post_feedback_comment":
        own["feedback"] = {"rating": row["feedback_rating"], "comment": row["feedback_comment"]}
    elif kind == "ask_question":
        own["goal"] = row["goal"] or None
    elif kind == "ask_rate_response":
        own |= {"rating": row["ask_rating"], "responseId": row["response_id"]}
    elif kind == "link_click":
        own["link"] = {"target": json.loads(row["link_target"]), "position": row["link_position"]}
    elif kind in ("api_client_open", "api_client_request"):
        own["operation"] = {"path": row["api_path"], "method": row["api_method"]}
    elif kind in ("ad_click", "ad_display"):
        own["ad"] = {"domain": row["ad_domain"], "zoneId": row["ad_zone"], "placement": row["ad_placement"]}
    elif kind == "trademark_click":
        own["placement"] = row["trademark_placement"]
    elif kind == "llms_request":
        own["llmsVariant"] = row["llms_variant"]
    return own


def _told(value: Any) -> Any:
    return printed(value) if isinstance(value, datetime) else value


def printed(value: datetime) -> str:
    """A moment to the millisecond, as the tracking API takes it."""
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
