"""The demo's traffic: lifelike, repeatable, and accepted by the ordinary path."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from apps.events.demo.machines import MACHINES
from apps.events.demo.people import BROWSERS, COUNTRIES, addresses
from apps.events.demo.sitemap import PAGE_AT, PAGES
from apps.events.demo.traffic import events
from apps.events.demo.words import SEARCHES
from apps.events.enrichment import Caller, SiteFacts, enrich
from apps.events.schema import decode_event

NOW = datetime(2026, 3, 20, 15, 30, tzinfo=UTC)
TYPES = {
    "page_view",
    "page_markdown_request",
    "search_open",
    "search_type_query",
    "search_open_result",
    "page_post_feedback",
    "page_post_feedback_comment",
    "agent_feedback",
    "ask_question",
    "ask_view",
    "ask_rate_response",
    "link_click",
    "api_client_open",
    "api_client_request",
    "ad_click",
    "ad_display",
    "trademark_click",
    "llms_request",
    "mcp_request",
    "rss_request",
}


@pytest.fixture(scope="module")
def traffic() -> list[dict[str, Any]]:
    """A tenth of the demo."""
    return list(events(seed=7, now=NOW, size=20_000))


@pytest.fixture(scope="module")
def rows(traffic: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same events as they would be stored."""
    site = SiteFacts(pk=1, hash_key=b"k" * 32, visitor_auth=False)
    caller = Caller(ip=None, user_agent="", trusted=True)
    return [enrich(decode_event(msgspec.json.encode(event)), site=site, caller=caller, now=NOW) for event in traffic]


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def is_machine(event: dict[str, Any]) -> bool:
    return event["session"]["userAgent"] in {machine.agent for machine in MACHINES}


def test_the_same_seed_and_moment_give_the_same_events(traffic: list[dict[str, Any]]) -> None:
    again = list(events(seed=7, now=NOW, size=20_000))
    assert json.dumps(again) == json.dumps(traffic)
    assert json.dumps(list(events(seed=8, now=NOW, size=1_000))) != json.dumps(
        list(events(seed=7, now=NOW, size=1_000))
    )


def test_the_number_of_events_is_as_asked_and_all_20_types_occur(traffic: list[dict[str, Any]]) -> None:
    assert 19_900 < len(traffic) < 20_100
    assert {event["type"] for event in traffic} == TYPES


def test_events_come_by_time_within_the_90_days_before_now(traffic: list[dict[str, Any]]) -> None:
    moments = [moment(event) for event in traffic]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=90) <= moments[0] < NOW - timedelta(days=88)
    assert NOW - timedelta(hours=2) < moments[-1] < NOW


def test_every_network_is_in_a_country_of_readers() -> None:
    found = addresses()
    assert {country.code for country in COUNTRIES} <= set(found)
    assert {machine.country for machine in MACHINES} <= set(found)


def test_enrichment_finds_the_countries_the_readers_come_from(
    traffic: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    sessions = {
        event["session"]["sessionId"]: row["country"]
        for event, row in zip(traffic, rows, strict=True)
        if not is_machine(event)
    }
    share = {code: number / len(sessions) for code, number in Counter(sessions.values()).items()}
    assert set(share) <= {country.code for country in COUNTRIES}
    assert 0.22 < share["US"] < 0.34
    assert 0.05 < share["DE"] < 0.12


def test_enrichment_reads_browser_system_and_device_of_every_agent(
    traffic: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    said = {b.agent: (b.device, b.browser, b.system, "") for b in BROWSERS}
    seen = {
        event["session"]["userAgent"]: (row["device"], row["browser"], row["os"], row.get("bot", ""))
        for event, row in zip(traffic, rows, strict=True)
        if not is_machine(event)
    }
    assert seen == said


def test_enrichment_names_every_machine(traffic: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    seen = {
        event["session"]["userAgent"]: row["bot"] for event, row in zip(traffic, rows, strict=True) if is_machine(event)
    }
    assert seen == {machine.agent: machine.bot for machine in MACHINES}
    assert 0.16 < sum(is_machine(event) for event in traffic) / len(traffic) < 0.22


def test_a_typed_search_grows_by_letters_to_a_whole_term(traffic: list[dict[str, Any]]) -> None:
    terms = {term for term, _weight, _found in SEARCHES}
    typed: dict[str, list[str]] = defaultdict(list)
    for event in traffic:
        if event["type"] == "search_open":
            typed[event["session"]["sessionId"]].append("")
        elif event["type"] == "search_type_query" and event["location"]["displayContext"] == "site":
            run = typed[event["session"]["sessionId"]]
            assert event["query"].startswith(run[-1])
            assert len(run[-1]) < len(event["query"]) <= len(run[-1]) + 3
            run.append(event["query"])
    finished = [run[-1] for run in typed.values() if run[-1] in terms]
    assert len(finished) > 0.98 * len(typed) > 0


def test_weekends_and_nights_are_quiet_and_the_launch_is_not(traffic: list[dict[str, Any]]) -> None:
    people = [moment(event) for event in traffic if not is_machine(event)]
    by_day = Counter(at.date() for at in people)
    weekdays = [number for day, number in by_day.items() if day.weekday() < 5]
    weekends = [number for day, number in by_day.items() if day.weekday() >= 5]
    assert sum(weekends) / len(weekends) < 0.6 * sum(weekdays) / len(weekdays)
    assert max(by_day.values()) > 2 * sum(weekdays) / len(weekdays)
    german = [moment(event).hour for event in traffic if event["session"]["language"] == "de-DE"]
    assert sum(8 <= hour < 17 for hour in german) > 5 * sum(hour < 6 for hour in german) > 0


def test_visitors_return_and_read_several_pages(traffic: list[dict[str, Any]]) -> None:
    views = [event["session"] for event in traffic if event["type"] == "page_view" and not is_machine(event)]
    visitors = {session["visitorId"] for session in views}
    sessions = {session["sessionId"] for session in views}
    assert 1.2 < len(sessions) / len(visitors) < 3
    assert 2.5 < len(views) / len(sessions) < 5


def test_some_addresses_are_broken_and_one_began_this_week(traffic: list[dict[str, Any]]) -> None:
    lost = [event for event in traffic if event["type"] == "page_view" and event["location"]["page"] is None]
    assert 0.002 < len(lost) / len(traffic) < 0.02
    fresh = [moment(event) for event in lost if "/guides/upgrade-to-v3" in event["location"]["url"]]
    assert fresh
    assert min(fresh) > NOW - timedelta(days=7)


def test_searches_and_links_lead_to_pages_of_the_site() -> None:
    assert len(PAGES) == len({page.id for page in PAGES}) == len(PAGE_AT) == 61
    assert {found for _term, _weight, found in SEARCHES if found} <= set(PAGE_AT)


def test_opened_results_are_told_as_the_script_tells_them(traffic: list[dict[str, Any]]) -> None:
    opened = [event["result"] for event in traffic if event["type"] == "search_open_result"]
    # Paths of the site's pages, and a few addresses elsewhere.
    records = [result["recordId"] for result in opened]
    elsewhere = [record for record in records if record not in PAGE_AT]
    assert {record.rpartition("/")[0] for record in elsewhere} == {"https://github.com/acme/acme/issues"}
    assert 0 < len(elsewhere) < 0.15 * len(records)


def test_a_part_of_the_visitors_is_signed_in(rows: list[dict[str, Any]]) -> None:
    share = sum(row["authenticated"] is True for row in rows) / len(rows)
    assert 0.08 < share < 0.22
    assert any(row.get("claims", {}).get("unsigned.beta") == ["true"] and row["authenticated"] is False for row in rows)
    assert any(row.get("claims", {}).get("features") == ["audit-log", "sso"] for row in rows)
