"""The script in a real browser, on a site of another origin; what it counts is read back from store and API."""

from __future__ import annotations

import pytest

from apps.core.clock import utc_now
from tests.browser.visit import QUIET_SECONDS, Visit


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
        ("/second", f"{site}/third#part"),
        ("/third", f"{site}/second/?tab=a"),
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
    visit.page.evaluate("""() => {
      document.querySelector("meta").remove();
      history.pushState({}, "", "/lost");
      document.querySelector("h1").textContent = "404 - Not found";
    }""")
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
        ("anchor", '{"kind":"anchor","anchor":"details"}', "", "content"),
        ("page", '{"kind":"page","page":"/reference"}', "", "sidebar"),
        ("url", '{"kind":"url","url":"https://example.com/tool?a=b"}', "example.com", "header"),
    ]


def test_a_search_is_its_opening_the_finished_query_and_the_opened_result(visit: Visit) -> None:
    visit.page.clock.install(time=utc_now())
    visit.open("/")
    search = visit.page.get_by_label("Search")
    search.click()
    with visit.one_moment():
        search.press_sequentially("install", delay=10)
    kinds = ("search_open", "search_type_query", "search_open_result")
    visit.kept("query", kinds=kinds, at_least=2)
    with visit.one_moment():
        search.press_sequentially(" now", delay=10)
        visit.page.click("#result")
    assert visit.kept("toString(event_type)", "query", "result_record", kinds=kinds, at_least=4) == [
        ("search_open", "", ""),
        ("search_open_result", "install now", "/found.html"),
        ("search_type_query", "install", ""),
        ("search_type_query", "install now", ""),
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
    assert visit.kept(*columns, "query", "ask_rating", "response_id", at_least=10) == [
        ("agent_feedback", "", "", 0, ""),
        ("api_client_open", "get/pets/{id}", "", 0, ""),
        ("api_client_request", "get/pets/{id}", "", 0, ""),
        ("ask_question", "", "How?", 0, ""),
        ("ask_rate_response", "", "How?", -1, "r1"),
        ("ask_view", "", "", 0, ""),
        ("page_markdown_request", "page-action", "", 0, ""),
        ("page_post_feedback", "good", "", 0, ""),
        ("page_post_feedback_comment", "goodClear.", "", 0, ""),
        ("page_view", "", "", 0, ""),
    ]
    plans = visit.ask(select=[{"column": "eventType"}], where=[{"column": "visitorClaimProperty", "values": ["plan"]}])
    assert plans["eventType"] == ["agent_feedback"]


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
    visit.page.get_by_label("Search").fill("how to")
    visit.page.click("#result")
    visit.kept("url", at_least=5)
    visit.page.click("#inner")
    rows = visit.kept("toString(event_type)", "url_path", "query", "result_record", "link_position", at_least=7)
    assert rows == [
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
    rows = visit.kept("id", "visitor", "session", at_least=4)
    assert len({visitor for _id, visitor, _session in rows}) == 1
    sessions = [session for _id, _visitor, session in rows]
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3]
