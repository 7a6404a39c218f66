"""How the script's events arrive: late, large, refused, or from a page that is left."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.api import tracking
from apps.core.clock import utc_now
from tests.browser.visit import Visit


def test_events_without_a_connection_come_later_with_their_own_time(visit: Visit) -> None:
    visit.page.clock.install(time=utc_now())
    visit.open("/")
    visit.page.clock.run_for(1000)
    visit.kept("url")
    visit.page.context.set_offline(True)
    visit.page.evaluate("insights.track('search_open')")
    visit.page.clock.run_for(200_000)
    visit.page.evaluate("insights.track('ask_view')")
    visit.page.clock.run_for(100_000)
    visit.page.context.set_offline(False)
    rows = visit.kept("toString(event_type)", "timestamp", at_least=2)
    # The browser's clock has run 301 s ahead: the first is too old, the second 100 s before the browser's now.
    assert [kind for kind, _moment in rows] == ["ask_view", "page_view"]
    assert 195 < (rows[0][1] - rows[1][1]).total_seconds() < 260


LARGE = """() => {
  insights.identify({ team: "\u754c".repeat(1500) });
  for (let number = 0; number < 20; number++) insights.track("ask_view");
}"""
"""Events of 5 kB each: 64 kB is all that a browser sends for pages that have ended."""


def test_more_than_a_browser_sends_for_an_ended_page_is_sent_while_the_page_is_there(visit: Visit) -> None:
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate(LARGE)
    assert len(visit.kept("id", kinds=("ask_view",), at_least=20)) == 20


def test_of_more_than_a_browser_sends_for_an_ended_page_the_first_arrive(visit: Visit) -> None:
    visit.page.clock.install(time=utc_now())
    visit.open("/")
    visit.kept("url")
    with visit.one_moment():
        visit.page.evaluate(LARGE)
        visit.page.goto("about:blank")
    assert len(visit.kept("id", kinds=("ask_view",), at_least=10)) >= 10


def test_what_is_refused_is_sent_again_only_where_that_can_help(visit: Visit) -> None:
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate("insights.track('no_such_type')")
    assert visit.answers(2) == [204, 422]
    visit.page.evaluate("insights.track('no_such_type'); insights.track('ask_view')")
    assert visit.kept("toString(event_type)", at_least=2) == [("ask_view",), ("page_view",)]
    assert visit.answers(5) == [204, 204, 422, 422, 422]
    visit.statuses.clear()
    visit.bodies.clear()


def test_one_event_with_a_wrong_time_is_sent_again_without_it(visit: Visit) -> None:
    visit.page.clock.install(time=utc_now())
    visit.open("/")
    visit.page.clock.run_for(1000)
    visit.kept("url")
    visit.page.context.set_offline(True)
    visit.page.evaluate("insights.track('ask_view')")
    visit.page.clock.run_for(20_000)
    visit.page.evaluate("Date.prototype.toISOString = () => '2020-01-01T00:00:00.000Z'")
    visit.page.context.set_offline(False)
    assert visit.kept("toString(event_type)", at_least=2) == [("ask_view",), ("page_view",)]
    assert visit.answers(3) == [204, 204, 422]
    visit.statuses.clear()


def test_what_a_page_counted_last_is_sent_when_it_is_left(visit: Visit) -> None:
    visit.open("/")
    expect(visit.page.get_by_label("Search")).to_be_visible()
    visit.page.get_by_label("Search").fill("unfinished")
    visit.page.goto("about:blank")
    assert visit.kept("toString(event_type)", "query", at_least=3) == [
        ("page_view", ""),
        ("search_open", ""),
        ("search_type_query", "unfinished"),
    ]


def test_what_is_under_way_when_a_page_is_left_is_not_sent_again(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    track = tracking.track

    def slow(*given: Any, **more: Any) -> int:
        number = track(*given, **more)
        time.sleep(1)
        return number

    monkeypatch.setattr(tracking, "track", slow)
    for number, path in enumerate(("/one", "/two", "/three"), start=1):
        visit.open(path)
        visit.kept("url_path", at_least=number)
    visit.page.go_back()
    visit.kept("url_path", at_least=4)
    visit.page.wait_for_timeout(1_500)
    assert [path for (path,) in visit.kept("url_path")] == ["/one", "/three", "/two", "/two"]
