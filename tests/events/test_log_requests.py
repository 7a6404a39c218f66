"""Which requests are events, and which."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.logs.formats import Request
from apps.events.logs.requests import Skipped, event_of

KEY = b"k" * 32
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def told(target: str = "/guide", status: int = 200, method: str = "GET", **more: Any) -> dict[str, Any] | Skipped:
    request = {"address": "203.0.113.9", "moment": NOON, "user_agent": "Firefox/140.0"} | more
    return event_of(
        Request(method=method, target=target, status=status, **request), base="https://docs.acme.example", key=KEY
    )


def kind(*arguments: Any, **more: Any) -> tuple[Any, ...]:
    """Type, page and context of the event, or why there is none."""
    event = told(*arguments, **more)
    if isinstance(event, Skipped):
        return (event,)
    location = event["location"]
    variant = event.get("llmsVariant")
    return (event["type"], location.get("page"), location["displayContext"], *([variant] if variant else []))


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/", "/"),
        ("/guide", "/guide"),
        ("/guide/", "/guide"),
        ("/guide/index.html?utm_source=x", "/guide"),
        ("/guide.html", "/guide.html"),
        ("/releases/v1.2", "/releases/v1.2"),
        ("/download.php", "/download.php"),
        ("/news/rss-explained", "/news/rss-explained"),
        ("/mcp", "/mcp"),
    ],
)
def test_a_document_is_a_page_view_with_the_script_s_page_id(target: str, page: str) -> None:
    assert kind(target) == ("page_view", page, "site")


@pytest.mark.parametrize(
    ("target", "event"),
    [
        ("/guide.md", ("page_markdown_request", "/guide", "server")),
        ("/guide/index.md?plain=1", ("page_markdown_request", "/guide", "server")),
        ("/README.MDX", ("page_markdown_request", "/README", "server")),
        ("/index.md", ("page_markdown_request", "/", "server")),
        ("/llms.txt", ("llms_request", None, "server", "standard")),
        ("/docs/llms-full.txt", ("llms_request", None, "server", "full")),
        ("/blog/rss.xml", ("rss_request", None, "server")),
        ("/feed/", ("rss_request", None, "server")),
        ("/index.xml", ("rss_request", None, "server")),
        ("/changelog.atom", ("rss_request", None, "server")),
    ],
)
def test_markdown_llms_txt_and_feeds_are_requests_to_the_server(target: str, event: tuple[Any, ...]) -> None:
    assert kind(target) == event
    assert kind(target, 304) == event
    assert kind(target, 404) == (Skipped.FAILED,)


@pytest.mark.parametrize("target", ["/mcp", "/docs/mcp/", "/~gitbook/mcp"])
def test_a_post_to_mcp_is_a_request_of_an_agent(target: str) -> None:
    assert kind(target, 200, "POST") == ("mcp_request", None, "mcp")
    assert kind(target, 202, "POST") == ("mcp_request", None, "mcp")
    assert kind(target, 401, "POST") == (Skipped.FAILED,)


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_document_is_a_page_view_without_a_page(status: int) -> None:
    assert kind("/gone", status) == ("page_view", None, "site")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        *(((f"/assets/x.{end}",), Skipped.ASSET) for end in ("css", "js", "PNG", "woff2", "json", "xml", "pdf", "txt")),
        (("/assets/x.css?v=1", 404), Skipped.ASSET),
        (("/guide", 200, "HEAD"), Skipped.METHOD),
        (("/guide", 200, "POST"), Skipped.METHOD),
        (("/guide", 301), Skipped.REDIRECT),
        (("/guide", 302), Skipped.REDIRECT),
        (("/guide", 206), Skipped.FAILED),
        (("/guide", 403), Skipped.FAILED),
        (("/guide", 500), Skipped.FAILED),
        (("/insights.js",), Skipped.SERVICE),
        (("/pixel.gif?org=1",), Skipped.SERVICE),
        (("/docs/~gitbook/__evt?o=1", 204, "POST"), Skipped.SERVICE),
        (("/v1/orgs/o/sites/s/insights/events", 204, "POST"), Skipped.SERVICE),
    ],
)
def test_what_is_no_reading_is_left_out_with_its_reason(arguments: tuple[Any, ...], reason: Skipped) -> None:
    assert kind(*arguments) == (reason,)


@pytest.mark.parametrize(
    ("target", "host", "url"),
    [
        ("/a?b=c", "", "https://docs.acme.example/a?b=c"),
        ("/a", "other.example", "https://other.example/a"),
        ("http://proxy.example/a?b", "", "https://docs.acme.example/a?b"),
        ("http://proxy.example", "", "https://docs.acme.example/"),
        ("/a%20b/\u00c3\u00a9 <x>", "", "https://docs.acme.example/a%20b/%C3%A9%20%3Cx%3E"),
    ],
)
def test_an_address_is_always_one_that_can_be_stored(target: str, host: str, url: str) -> None:
    event = told(target, host=host)
    assert isinstance(event, dict)
    assert event["location"]["url"] == url


def session(**more: Any) -> dict[str, Any]:
    event = told(**more)
    assert isinstance(event, dict)
    found: dict[str, Any] = event["session"]
    return found


def test_a_visitor_is_one_address_and_agent_on_one_day_of_utc() -> None:
    ada = session()["visitorId"]
    assert session(target="/other", moment=NOON.replace(hour=23))["visitorId"] == ada
    others = [session(moment=NOON.replace(day=24)), session(address="203.0.113.8"), session(user_agent="Chrome")]
    assert len({ada, *(other["visitorId"] for other in others)}) == 4
    assert session()["sessionId"] == ada
    assert "203.0.113.9" not in ada


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        ("https://example.com/x", "https://example.com/x"),
        ("android-app://com.example/", "android-app://com.example/"),
        ("example.com", ""),
        ("https://example.com/a b", ""),
        ("https://example.com/" + "x" * 2048, ""),
    ],
)
def test_a_referrer_that_is_none_costs_no_event(referrer: str, kept: str) -> None:
    assert session(referrer=referrer)["referrer"] == kept
