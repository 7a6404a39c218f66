"""The script in a real browser, on a site of another origin; what it counts is read back from store and API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from apps.api import tracking
from apps.api.caches import forget_all
from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.events.writer import close_writer
from tests.api.published import PACKAGE, document
from tests.browser.documentation import Documentation
from tests.conftest import lacking
from tests.people import World, token_of

PATIENCE = 8.0
QUIET_SECONDS = 1.3
"""Longer than the script waits for a page to settle and for events to gather."""


@pytest.fixture(scope="module")
def _writer(_engine: EventStore) -> Iterator[None]:
    yield
    close_writer()


@dataclass
class Visit:
    """A reader on the documentation site, and all that the script sent to the service."""

    page: Page
    site: Documentation
    world: World
    store: EventStore
    service: str
    bodies: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def watch(self) -> None:
        self.page.context.on("request", self._sent)
        self.page.context.on("response", self._answered)

    def _sent(self, request: Request) -> None:
        if request.url.endswith("/insights/events"):
            self.bodies.append(request.post_data or "")

    def _answered(self, response: Response) -> None:
        if response.url.endswith("/insights/events"):
            self.statuses.append(response.status)

    def open(self, path: str = "/", attributes: str = "", head: str = "") -> None:
        self.site.attributes, self.site.head = attributes, head
        self.page.goto(self.site.address + path)

    def kept(self, *columns: str, kinds: tuple[str, ...] = (), at_least: int = 1) -> list[tuple[Any, ...]]:
        """Columns of the stored events, once there are so many; ``kinds`` names the types that count."""
        where = f"WHERE event_type IN ({', '.join(repr(kind) for kind in kinds)})" if kinds else ""
        statement = Statement(sql=f"SELECT {', '.join(columns)} FROM events {where} ORDER BY id")
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = list(zip(*self.store.query(statement), strict=True))
            if len(rows) >= at_least or time.monotonic() > deadline:
                return rows
            self.page.wait_for_timeout(50)

    def ask(self, **body: Any) -> dict[str, list[Any]]:
        """The API's answer by column."""
        path = f"/v1/orgs/{self.world.acme.public_id}/sites/{self.world.docs.public_id}/insights/events/aggregate"
        bearer = {"Authorization": f"Bearer {token_of(self.world.ben, self.world.acme)}"}
        answer = self.page.request.post(self.service + path, data={"range": "last24Hours", **body}, headers=bearer)
        assert answer.status == 200
        return {each["column"]: each["values"] for each in answer.json()["columns"]}

    def complaints(self) -> list[str]:
        """What the published schema of events says against what was sent."""
        schemas = document()["components"]["schemas"]
        # As published only its format says that "" is no URL, and formats are not checked.
        sound = {**schemas, "URL": {"type": "string", "pattern": "^https?://", "maxLength": 2048}}
        schema = {"$ref": "#/components/schemas/SiteInsightsEvent", "components": {"schemas": sound}}
        validator = Draft202012Validator(schema)
        events = [event for body in self.bodies for event in json.loads(body)["events"]]
        return [error.message for event in events for error in validator.iter_errors(event)]


@pytest.fixture
def visit(
    live_server: LiveServer,
    page: Page,
    world: World,
    store: EventStore,
    documentation: Documentation,
    _writer: None,
) -> Iterator[Visit]:
    """A reader before the site's first page. Every event must be accepted, and be one of the published schema."""
    forget_all()
    ids = f'data-org="{world.acme.public_id}" data-site="{world.docs.public_id}"'
    documentation.script = f'src="{live_server.url}/insights.js" {ids}'
    documentation.title = "Welcome"
    found = Visit(page=page, site=documentation, world=world, store=store, service=live_server.url)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    found.watch()
    yield found
    page.wait_for_timeout(50)
    assert errors == []
    assert set(found.statuses) <= {204}
    if not PACKAGE.is_dir():
        lacking("the npm packages are not installed: make test does it")
    assert found.complaints() == []


def test_the_first_page_is_counted_with_all_that_it_tells(visit: Visit) -> None:
    head = """<meta name="insights:page" content="p1"><meta name="insights:claims" content='{"plan": "pro"}'>"""
    visit.open("/guide/?utm_source=news", 'data-space="sp1" data-section="se1" data-page="other"', head)
    columns = ("toString(event_type)", "url_path", "page", "space", "site_section", "utm_source", "browser", "language")
    assert visit.kept(*columns) == [("page_view", "/guide", "p1", "sp1", "se1", "news", "chrome", "en")]
    claim = {"column": "visitorClaim", "claim": "plan"}
    assert visit.ask(select=[claim, {"column": "visitorsCount"}], groupBy=[claim])["visitorClaim"] == ["pro"]
    assert visit.page.context.cookies() == []


def test_moving_within_a_single_page_site_counts_each_page_once(visit: Visit) -> None:
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate("history.pushState({}, '', '/second/?tab=a')")
    visit.kept("url", at_least=2)
    visit.page.evaluate("history.replaceState({}, '', '/second/?tab=b')")
    visit.page.evaluate("history.pushState({}, '', '/third#part')")
    visit.kept("url", at_least=3)
    visit.page.go_back()
    rows = visit.kept("page", "referrer", at_least=4)
    site = visit.site.address
    assert rows == [
        ("/", ""),
        ("/second", f"{site}/"),
        ("/third", f"{site}/second/?tab=a"),
        ("/second", f"{site}/third#part"),
    ]
    assert visit.ask(select=[{"column": "visitorsCount"}, {"column": "sessionsCount"}]) == {
        "visitorsCount": [1],
        "sessionsCount": [1],
    }


def test_missing_pages_are_found_by_the_question_for_broken_urls(visit: Visit) -> None:
    visit.open("/gone")
    visit.kept("url", at_least=1)
    visit.open("/marked", head='<meta name="insights:not-found">')
    visit.kept("url", at_least=2)
    visit.page.evaluate("document.querySelector('meta').remove()")
    visit.page.evaluate("history.pushState({}, '', '/lost')")
    visit.page.evaluate("document.querySelector('h1').textContent = '404 - Not found'")
    visit.kept("url", at_least=3)
    visit.site.title = "404 Not Found"
    visit.open("/status/404")  # a page about the status, served with 200
    visit.kept("url", at_least=4)
    broken = visit.ask(
        select=[{"column": "url"}, {"column": "eventsCount"}],
        where=[{"column": "eventType", "values": ["page_view"]}, {"column": "page", "values": [None]}],
        groupBy=[{"column": "url"}],
    )
    site = visit.site.address
    assert sorted(broken["url"]) == [f"{site}/gone", f"{site}/lost", f"{site}/marked"]


def test_links_are_counted_with_their_target_and_position(visit: Visit) -> None:
    visit.open("/")
    for link in ("#outbound", "#inner", "#anchor"):
        visit.page.click(link)
    columns = ("link_kind", "link_target", "link_domain", "link_position")
    assert visit.kept(*columns, kinds=("link_click",), at_least=3) == [
        ("url", '{"kind":"url","url":"https://example.com/tool?a=b"}', "example.com", "header"),
        ("page", '{"kind":"page","page":"/reference"}', "", "sidebar"),
        ("anchor", '{"kind":"anchor","anchor":"details"}', "", "content"),
    ]


def test_a_search_is_its_opening_the_finished_query_and_the_opened_result(visit: Visit) -> None:
    visit.open("/")
    search = visit.page.get_by_label("Search")
    search.click()
    search.press_sequentially("install", delay=10)
    kinds = ("search_open", "search_type_query", "search_open_result")
    visit.kept("query", kinds=kinds, at_least=2)
    search.press_sequentially(" now", delay=10)
    visit.page.click("#result")
    assert visit.kept("toString(event_type)", "query", "result_record", kinds=kinds, at_least=4) == [
        ("search_open", "", ""),
        ("search_type_query", "install", ""),
        ("search_type_query", "install now", ""),
        ("search_open_result", "install now", "/found.html"),
    ]


def test_ratings_comments_questions_and_try_outs_are_counted(visit: Visit) -> None:
    visit.open("/")
    page = visit.page
    page.get_by_role("button", name="Helpful").click()
    page.get_by_label("Comment").fill(" Clear. ")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_role("button", name="Open").click()
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_label("Question").fill("How?")
    page.get_by_role("button", name="Ask it").click()
    page.get_by_role("button", name="Wrong").click()
    page.evaluate("insights.identify({plan: 'team'}); insights.track('agent_feedback')")
    columns = (
        "toString(event_type)",
        "concat(feedback_rating, feedback_comment, markdown_source, api_method, api_path)",
    )
    rows = visit.kept(*columns, "query", "ask_rating", "response_id", at_least=10)
    assert rows[1:] == [
        ("page_post_feedback", "good", "", 0, ""),
        ("page_post_feedback_comment", "goodClear.", "", 0, ""),
        ("page_markdown_request", "page-action", "", 0, ""),
        ("api_client_open", "get/pets/{id}", "", 0, ""),
        ("api_client_request", "get/pets/{id}", "", 0, ""),
        ("ask_view", "", "", 0, ""),
        ("ask_question", "", "How?", 0, ""),
        ("ask_rate_response", "", "How?", -1, "r1"),
        ("agent_feedback", "", "", 0, ""),
    ]
    plans = visit.ask(select=[{"column": "eventType"}], where=[{"column": "visitorClaimProperty", "values": ["plan"]}])
    assert plans["eventType"] == ["agent_feedback"]


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
    assert [kind for kind, _moment in rows] == ["page_view", "ask_view"]
    assert 195 < (rows[1][1] - rows[0][1]).total_seconds() < 215


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
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate(LARGE)
    visit.page.goto("about:blank")
    assert len(visit.kept("id", kinds=("ask_view",), at_least=10)) >= 10


def test_what_is_refused_is_sent_again_only_where_that_can_help(visit: Visit) -> None:
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate("insights.track('no_such_type')")
    visit.page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert visit.statuses == [204, 422]
    visit.page.evaluate("insights.track('no_such_type'); insights.track('ask_view')")
    assert visit.kept("toString(event_type)", at_least=2) == [("page_view",), ("ask_view",)]
    visit.page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert sorted(visit.statuses) == [204, 204, 422, 422, 422]
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
    assert visit.kept("toString(event_type)", at_least=2) == [("page_view",), ("ask_view",)]
    visit.page.wait_for_timeout(100)
    assert visit.statuses == [204, 422, 204]
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


@pytest.mark.parametrize("wish", ["globalPrivacyControl", "doNotTrack"])
def test_readers_who_do_not_want_it_are_not_counted(visit: Visit, wish: str) -> None:
    visit.page.add_init_script(f"Object.defineProperty(navigator, '{wish}', {{ get: () => '1' }})")
    visit.open("/")
    visit.page.click("#outbound")
    visit.page.evaluate("insights.track('ask_view')")
    visit.page.wait_for_timeout(QUIET_SECONDS * 1000)
    assert visit.bodies == []
    assert visit.page.evaluate("localStorage.length + sessionStorage.length") == 0
    visit.open("/", "data-ignore-dnt")
    assert visit.kept("toString(event_type)") == [("page_view",)]


def test_a_browser_can_be_left_out_by_a_link_and_taken_in_again(visit: Visit) -> None:
    said: list[str] = []
    visit.page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
    visit.open("/first?insights-opt-out=1;domain=acme.example")
    visit.kept("url_path")
    visit.open("/guide?insights-opt-out=1")
    visit.open("/other", "data-ignore-dnt")
    visit.page.evaluate("insights.track('ask_view')")
    visit.page.wait_for_timeout(QUIET_SECONDS * 1000)
    (cookie,) = visit.page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["sameSite"]) == ("insights-opt-out", "1", "Lax")
    assert len(visit.bodies) == 1
    visit.open("/guide?insights-opt-out=0")
    visit.open("/other")
    assert visit.kept("url_path", at_least=3) == [("/first",), ("/guide",), ("/other",)]
    assert visit.page.context.cookies() == []
    assert said == [f"This browser is {word}counted here." for word in ("", "not ", "")]


@pytest.mark.parametrize(
    ("attributes", "visitors", "local", "session"),
    [("", 1, 1, 0), ('data-storage="session"', 1, 0, 1), ('data-storage="none"', 2, 0, 0)],
)
def test_ids_are_kept_where_the_site_says(
    visit: Visit, attributes: str, visitors: int, local: int, session: int
) -> None:
    visit.open("/", attributes)
    visit.kept("url")
    visit.open("/again", attributes)
    rows = visit.kept("visitor", "session", at_least=2)
    assert (len(rows), len({visitor for visitor, _session in rows})) == (2, visitors)
    assert visit.page.evaluate("[localStorage.length, sessionStorage.length]") == [local, session]


def test_a_link_is_counted_on_its_page_also_where_a_router_heard_of_the_click_first(visit: Visit) -> None:
    router = """<script>
      addEventListener("click", async (event) => {
        const link = event.target.closest("a");
        if (!link || link.origin != location.origin) return;
        await null;
        history.pushState({}, "", link.href);
      }, true);
    </script>"""
    visit.open("/", head=router)
    visit.kept("url")
    visit.page.get_by_label("Search").press_sequentially("how to")
    visit.page.click("#result")
    visit.kept("url", at_least=5)
    visit.page.click("#inner")
    rows = visit.kept("toString(event_type)", "url_path", "query", "result_record", "link_position", at_least=7)
    assert sorted(rows) == [
        ("link_click", "/found.html", "", "", "sidebar"),
        ("page_view", "/", "", "", ""),
        ("page_view", "/found.html", "", "", ""),
        ("page_view", "/reference", "", "", ""),
        ("search_open", "/", "", "", ""),
        ("search_open_result", "/", "how to", "/found.html", ""),
        ("search_type_query", "/", "how to", "", ""),
    ]


def test_a_page_has_time_to_settle_also_where_a_router_moves_the_focus(visit: Visit) -> None:
    visit.open("/")
    visit.kept("url")
    visit.page.evaluate("""() => {
      history.pushState({}, "", "/gone-by-script");
      document.querySelector("#inner").focus();
      setTimeout(() => (document.querySelector("h1").textContent = "Page not found"), 100);
    }""")
    assert visit.kept("url_path", "page", at_least=2) == [("/", "/"), ("/gone-by-script", "")]


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
    assert [path for (path,) in visit.kept("url_path")] == ["/one", "/two", "/three", "/two"]


def test_a_session_ends_half_an_hour_after_its_last_event(visit: Visit) -> None:
    visit.page.clock.install(time=utc_now())
    visit.open("/")
    visit.page.clock.run_for(1000)
    for number, minutes in enumerate((29, 29, 31), start=1):
        # Each waits for the one before: requests that are under way together may be stored in any order.
        assert len(visit.kept("id", at_least=number)) == number
        visit.page.clock.fast_forward(minutes * 60_000)
        visit.page.evaluate("insights.track('ask_view')")
        visit.page.clock.run_for(1000)
    rows = visit.kept("visitor", "session", at_least=4)
    assert len({visitor for visitor, _session in rows}) == 1
    sessions = [session for _visitor, session in rows]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]
