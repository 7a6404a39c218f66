"""A second opinion on visits, searches and the other internal columns: plain Python, written from docs/columns.md.

A visit or search is a row: the event whose published values it has, and what it is made of under keys of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import floor
from typing import Any

Event = dict[str, Any]
Rows = list[Event]

OF_EVENTS = ("pathIsNew", "askGoal", "openedResult", "pathsCount", "firstSeen", "lastSeen")
OF_VISITS = ("entryPage", "exitPage", "visitsCount", "singleViewVisitsCount", "viewsPerVisit", "visitSeconds")
OF_SEARCHES = ("finishedSearchQuery", "searchRunsCount", "clickedSearchRunsCount", "unclickedSearchRunsCount")
INTERNAL_DIMENSIONS = ("pathIsNew", "askGoal", "openedResult", "entryPage", "exitPage", "finishedSearchQuery")
INTERNAL_METRICS = tuple(name for name in (*OF_EVENTS, *OF_VISITS, *OF_SEARCHES) if name not in INTERNAL_DIMENSIONS)


def in_turn(event: Event) -> tuple[datetime, int]:
    return event["timestamp"], event["id"]


def named_in(body: dict[str, Any]) -> set[str]:
    columns = [*body.get("select", []), *body.get("groupBy", []), *body.get("where", [])]
    return {one["column"] for one in columns} | ({body["order"]["by"]["column"]} if "order" in body else set())


def rows_of(body: dict[str, Any], events: Rows, known: Rows, start: datetime) -> Rows:
    """What the body counts: of ``events``, which it keeps; ``known`` are all that the site ever had."""
    names = named_in(body)
    if names & set(OF_VISITS):
        return visits(events)
    if names & set(OF_SEARCHES):
        return searches(events)
    if "pathIsNew" in names:
        events = [{**event, "pathIsNew": is_new(event, known, start)} for event in events]
    return [
        {
            **event,
            "askGoal": event.get("goal") or None,
            "openedResult": event.get("result_record") or event.get("result_page") or None,
        }
        for event in events
    ]


def is_new(event: Event, known: Rows, start: datetime) -> bool:
    return not any(
        other["url_path"] == event["url_path"]
        and other["event_type"] == "page_view"
        and not other.get("page")
        and other["display_context"] == "site"
        and other["timestamp"] < start
        for other in known
    )


def sessions(events: Rows) -> list[Rows]:
    ordered = sorted(events, key=lambda event: (event["session"], *in_turn(event)))
    return [list(members) for _session, members in groupby(ordered, key=lambda event: event["session"])]


def visits(events: Rows) -> Rows:
    return [
        {
            **views[0],
            "entryPage": views[0]["url_path"],
            "exitPage": views[-1]["url_path"],
            "length": views[-1]["timestamp"] - views[0]["timestamp"],
            "counted": views,
            "people": views,
        }
        for views in sessions([event for event in events if event["event_type"] == "page_view"])
    ]


def text_of(event: Event) -> str:
    return str(event.get("query", "")).strip()


def continues(before: Event, event: Event) -> bool:
    if before["event_type"] != "search_type_query" or event["event_type"] != "search_type_query":
        return False
    one, other = text_of(before).lower(), text_of(event).lower()
    soon = event["timestamp"] - before["timestamp"] <= timedelta(seconds=30)
    return soon and (one.startswith(other) or other.startswith(one))


def searches(events: Rows) -> Rows:
    return [row for session in sessions([one for one in events if is_of_a_search(one)]) for row in of_session(session)]


def is_of_a_search(event: Event) -> bool:
    if event["event_type"] == "search_type_query":
        return text_of(event) != ""
    return bool(event["event_type"] == "search_open_result")


def of_session(events: Rows) -> Rows:
    """The searches of one session."""
    opened_first: dict[str, Rows] = {}
    runs: list[tuple[Rows, Rows]] = []
    before: Event | None = None
    for event in events:
        if event["event_type"] == "search_open_result":
            if runs:
                runs[-1][1].append(event)
            elif text_of(event):
                opened_first.setdefault(text_of(event).lower(), []).append(event)
        elif before is not None and continues(before, event):
            runs[-1][0].append(event)
        else:
            runs.append(([event], []))
        before = event
    alone = [search(opened[-1], [], opened) for opened in opened_first.values()]
    return alone + [search(typed[-1], typed, opened) for typed, opened in runs]


def search(last: Event, typed: Rows, opened: Rows) -> Event:
    return {
        **last,
        "finishedSearchQuery": text_of(last),
        "clicked": bool(opened),
        "counted": typed,
        "people": [*typed, *opened],
    }


def half_up(value: Fraction, digits: int) -> float:
    return floor(value * 10**digits + Fraction(1, 2)) / 10**digits


def internal_metric(name: str, rows: Rows) -> Any:
    times = [row["timestamp"] for row in rows]
    match name:
        case "firstSeen":
            return min(times, default=None)
        case "lastSeen":
            return max(times, default=None)
        case "pathsCount":
            return len({row.get("url_path", "") for row in rows})
        case "visitsCount" | "searchRunsCount":
            return len(rows)
        case "singleViewVisitsCount":
            return sum(len(row["counted"]) == 1 for row in rows)
        case "viewsPerVisit":
            return half_up(Fraction(sum(len(row["counted"]) for row in rows), len(rows)), 4) if rows else 0
        case "visitSeconds":
            milliseconds = sum(row["length"] // timedelta(milliseconds=1) for row in rows)
            return half_up(Fraction(milliseconds, len(rows) * 1000), 3) if rows else 0
        case "clickedSearchRunsCount":
            return sum(row["clicked"] for row in rows)
        case "unclickedSearchRunsCount":
            return sum(not row["clicked"] for row in rows)
    raise AssertionError(name)
