"""The Events page: what arrived, what was refused, and nothing of another site."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from apps.events.latest import PAGE_ROWS
from apps.events.records import Reason, RefusalCount, RefusedEvent
from apps.sites.models import Site
from tests.dashboard.conftest import NOW, Desk
from tests.insights.events import event


def rows(page: str, caption: str) -> list[list[str]]:
    """The cells' texts of the table with a caption."""
    table = page.partition(f">{caption}</caption>")[2].partition("</table>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row)] for row in found]


def refuse(site: Site, reason: Reason, *, minutes: int, events: int = 1, place: str = "") -> None:
    at = NOW - timedelta(minutes=minutes)
    RefusalCount.objects.create(site=site, minute=at.replace(second=0), reason=reason, requests=1, events=events)
    RefusedEvent.objects.create(
        site=site, refused_at=at, reason=reason, place=place, event_type="page_view", host="a.example", path="/x"
    )


@pytest.fixture
def visited_desk(desk: Desk) -> Desk:
    desk.holds(
        event("2026-04-30T12:20:00Z", url_path="/old", referrer_domain="www.example.org", country="DE"),
        event("2026-04-30T12:25:00Z", url_path="/found", event_type="search_type_query", query="<b>bold</b>"),
        event("2026-04-30T12:26:00Z", url_path="/crawled", bot="gptbot"),
        event("2026-04-01T12:00:00Z", url_path="/long-ago"),
    )
    return desk


def test_the_latest_events_stand_there_newest_first(visited_desk: Desk) -> None:
    page = visited_desk.get("/events").content.decode()
    assert rows(page, "Latest events") == [
        ["30 Apr, 12:26:00", "Page view", "/crawled", "", "gptbot", "", ""],
        ["30 Apr, 12:25:00", "Search typed", "/found", "&lt;b&gt;bold&lt;/b&gt;", "Chrome · Linux", "", ""],
        ["30 Apr, 12:20:00", "Page view", "/old", "", "Chrome · Linux", "Germany", "www.example.org"],
    ]


def test_times_are_those_of_the_site(visited_desk: Desk) -> None:
    Site.objects.filter(pk=visited_desk.site.pk).update(time_zone="Asia/Kolkata")
    page = visited_desk.get("/events").content.decode()
    assert rows(page, "Latest events")[0][0] == "30 Apr, 17:56:00"


@pytest.mark.parametrize(
    ("address", "paths"),
    [
        ("who=bots", ["/crawled"]),
        ("who=people", ["/found", "/old"]),
        ("type=search_type_query", ["/found"]),
        ("type=page_view&who=people", ["/old"]),
        ("type=ask_view", []),
        ("type=nothing&who=nobody&page=x", ["/crawled", "/found", "/old"]),
        ("page=999999999999999999999", ["/crawled", "/found", "/old"]),
        ("page=2", []),
    ],
)
def test_the_address_narrows_the_events(visited_desk: Desk, address: str, paths: list[str]) -> None:
    page = visited_desk.get(f"/events?{address}").content.decode()
    assert [row[2] for row in rows(page, "Latest events")] == paths
    assert ("No such event came" in page) == (not paths)


def test_pages_lead_to_each_other_and_keep_the_choice(desk: Desk) -> None:
    desk.holds(*(event("2026-04-30T12:00:00Z", url_path=f"/{number}") for number in range(PAGE_ROWS + 2)))
    first = desk.get("/events?type=page_view").content.decode()
    assert len(rows(first, "Latest events")) == PAGE_ROWS
    assert 'href="?type=page_view&amp;page=2"' in first
    second = desk.get("/events?type=page_view&page=2").content.decode()
    assert [row[2] for row in rows(second, "Latest events")] == ["/1", "/0"]
    assert 'href="?type=page_view"' in second
    # Only the first page is looked at as events come in.
    assert "every 5s" in first
    assert "every 5s" not in second


def test_htmx_gets_the_events_alone(visited_desk: Desk) -> None:
    part = visited_desk.get("/events?who=bots", **{"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="latest" hx-get="?who=bots"')
    assert "<html" not in part
    assert [row[2] for row in rows(part, "Latest events")] == ["/crawled"]


def test_events_of_another_site_are_not_there(desk: Desk) -> None:
    desk.store.insert([{**event("2026-04-30T12:20:00Z", url_path="/secret"), "site": desk.world.secrets.pk}])
    refuse(desk.world.secrets, Reason.HOSTNAME, minutes=1)
    page = desk.get("/events").content.decode()
    assert "/secret" not in page
    assert "Nothing was refused in the last 7 days." in page


def test_refusals_are_counted_by_reason_and_the_last_ones_listed(desk: Desk) -> None:
    refuse(desk.site, Reason.INVALID, minutes=5, events=10, place="events.3.type")
    refuse(desk.site, Reason.INVALID, minutes=3, events=2)
    refuse(desk.site, Reason.HOSTNAME, minutes=1, place="events.0.location.url")
    RefusalCount.objects.create(
        site=desk.site, minute=NOW - timedelta(days=8), reason=Reason.TOO_LARGE, requests=1, events=1
    )
    page = desk.get("/events").content.decode()
    assert rows(page, "Refused events by reason") == [
        ["Invalid field", "2", "12", "30 Apr, 12:27"],
        ["Not on a host of the site", "1", "1", "30 Apr, 12:29"],
    ]
    assert rows(page, "Refused events, newest first") == [
        ["30 Apr, 12:29:00", "Not on a host of the site", "events.0.location.url", "Page view", "a.example/x"],
        ["30 Apr, 12:27:00", "Invalid field", "", "Page view", "a.example/x"],
        ["30 Apr, 12:25:00", "Invalid field", "events.3.type", "Page view", "a.example/x"],
    ]
    one = desk.get("/events?reason=hostname").content.decode()
    assert len(rows(one, "Refused events, newest first")) == 1
    assert "All reasons" in one


def test_more_refusals_than_a_page_shows_are_on_the_next(desk: Desk) -> None:
    for number in range(26):
        refuse(desk.site, Reason.INVALID, minutes=26 - number, place=f"events.{number}")
    first = desk.get("/events?reason=invalid").content.decode()
    assert 'href="?reason=invalid&amp;refused=2#refused"' in first
    second = desk.get("/events?reason=invalid&refused=2").content.decode()
    assert [row[2] for row in rows(second, "Refused events, newest first")] == ["events.0"]
