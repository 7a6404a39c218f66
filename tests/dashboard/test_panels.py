"""Panels: their figures are the API's, in words and numbers for people."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from apps.dashboard.labels import channel, country, language, referrer, technology
from apps.dashboard.measures import SESSIONS, VIEWS, Ratio, Unit
from apps.dashboard.panels import PanelView
from apps.dashboard.reports import TRAFFIC
from apps.dashboard.tables import Change, Way, cell_of, change_of
from apps.events.channels import CHANNELS
from tests.dashboard.conftest import Desk
from tests.insights.events import event

RANKED = ("pages", "sources", "channels", "countries", "languages", "devices", "browsers", "systems")
ADDRESSES = ("range=30d", "range=12m", "from=2026-04-20&to=2026-04-21")


def view_of(desk: Desk, panel: str, address: str = "range=30d") -> PanelView:
    """A panel as htmx gets it."""
    answer = desk.get(f"/traffic/{panel}?{address}", **{"HX-Request": "true"})
    assert answer.status_code == 200
    view = answer.context["view"]
    assert isinstance(view, PanelView)
    return view


def rows_of(view: PanelView) -> list[tuple[object, ...]]:
    assert view.answer is not None
    assert view.answer.table is not None
    return [tuple(cell.value for cell in row.cells) for row in view.answer.table.rows]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", RANKED)
def test_a_ranked_panel_holds_the_figures_that_the_api_gives_for_its_request(
    busy_desk: Desk, name: str, address: str
) -> None:
    view = view_of(busy_desk, name, address)
    answer = busy_desk.ask_api(view.request_json)
    assert [row[1:] for row in rows_of(view)] == list(zip(answer["visitorsCount"], answer["eventsCount"], strict=True))
    assert len(rows_of(view)) > 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_line_holds_the_figures_of_the_api_and_zero_elsewhere(busy_desk: Desk, address: str) -> None:
    view = view_of(busy_desk, "readers", f"{address}&compare=off")
    answer = busy_desk.ask_api(view.request_json)
    moments = [datetime.fromisoformat(text) for text in answer["datetime"]]
    expected = dict(zip(moments, zip(answer["visitorsCount"], answer["eventsCount"], strict=True), strict=True))
    drawn = {datetime.fromisoformat(str(row[0])): row[1:] for row in rows_of(view)}
    assert {moment: drawn[moment] for moment in expected} == expected
    assert {row for moment, row in drawn.items() if moment not in expected} == {(0, 0)}


def test_the_totals_are_those_of_the_api(busy_desk: Desk) -> None:
    answer = busy_desk.ask_api(view_of(busy_desk, "totals").request_json)
    assert answer == {"visitorsCount": [2], "eventsCount": [3], "sessionsCount": [2]}
    assert rows_of(view_of(busy_desk, "totals")) == [
        ("Visitors", 2, 1),
        ("Page views", 3, 1),
        ("Sessions", 2, 1),
        ("Views per session", 1.5, 1.0),
    ]


def test_a_mean_that_reads_as_it_did_has_not_changed(desk: Desk) -> None:
    for month, views in ("03", 547), ("04", 543):
        desk.holds(*(event(f"2026-{month}-15T09:00:00Z", visitor=each % 500 + 1) for each in range(views)))
    answer = view_of(desk, "totals").answer
    assert answer is not None
    (mean,) = [each for each in answer.totals if each.label == "Views per session"]
    assert (mean.cell.shown, mean.before.shown, mean.change) == ("1.09", "1.09", Change(Way.SAME))


def test_totals_say_how_they_changed_since_the_previous_period(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "totals")
    assert view.answer is not None
    assert [(total.label, total.change) for total in view.answer.totals] == [
        ("Visitors", Change(Way.UP, 100)),
        ("Page views", Change(Way.UP, 200)),
        ("Sessions", Change(Way.UP, 100)),
        ("Views per session", Change(Way.UP, 50)),
    ]


@pytest.mark.parametrize(
    ("before", "now", "shown", "way", "amount"),
    [
        (0.265, 0.274, ("26%", "27%"), "up", "1 point"),
        (0.266, 0.274, ("27%", "27%"), "same", "0 points"),
        (0.5449, 0.536, ("54%", "54%"), "same", "0 points"),
        (0.36, 0.424, ("36%", "42%"), "up", "6 points"),
        (0.029, 0.0344, ("2.9%", "3.4%"), "up", "0.5 points"),
        (0.1, 0.0996, ("10%", "10.0%"), "same", "0 points"),
        (0.104, 0.087, ("10%", "8.7%"), "down", "1.3 points"),
        (0.04, 0, ("4.0%", "0%"), "down", "4 points"),
        (0.0004, 0.0002, ("0.0%", "0.0%"), "same", "0 points"),
    ],
)
def test_points_are_those_between_the_shares_that_are_shown(
    before: float, now: float, shown: tuple[str, str], way: str, amount: str
) -> None:
    share = Ratio((VIEWS,), (SESSIONS,), "Share", unit=Unit.PERCENT)
    assert tuple(cell_of(share, value, ZoneInfo("UTC")).shown for value in (before, now)) == shown
    change = change_of(now, before, is_share=True)
    assert (change.way.value, change.amount) == (way, amount)


def test_the_curl_line_of_a_panel_carries_its_body_to_the_api(busy_desk: Desk) -> None:
    curl = view_of(busy_desk, "pages").curl
    assert curl.startswith(f"curl http://testserver/v1/orgs/{busy_desk.world.acme.public_id}/sites/")
    body = re.search(r"-d '(.*)'\Z", curl, re.S)
    assert body is not None
    assert busy_desk.ask_api(body[1])["urlPath"] == ["/guide", "/"]


def test_pages_sources_and_countries_are_written_for_people(busy_desk: Desk) -> None:
    assert rows_of(view_of(busy_desk, "pages")) == [("/guide", 2, 2), ("/", 1, 1)]
    # Equal figures: no value comes last.
    assert rows_of(view_of(busy_desk, "sources")) == [("www.example.org", 1, 2), ("Direct", 1, 1)]
    assert rows_of(view_of(busy_desk, "countries")) == [("Germany", 1, 2), ("United States", 1, 1)]


def test_channels_leave_out_who_came_from_a_page_of_the_site(desk: Desk) -> None:
    url = "https://docs.acme.example/guide"
    desk.holds(
        event(visitor=1, url=url, referrer_domain="chatgpt.com"),
        event(visitor=1, url=url, referrer_domain="docs.acme.example"),
        event(visitor=2, url=url, referrer_domain="docs.acme.example"),
        event(visitor=3, url=url),
    )
    assert rows_of(view_of(desk, "channels")) == [("AI assistants", 1, 1), ("Direct", 1, 1)]


def test_every_channel_has_a_name_for_people() -> None:
    assert all(channel(name) not in (name, "") for name in CHANNELS)


def test_the_longest_bar_is_full_and_the_others_are_in_proportion(busy_desk: Desk) -> None:
    page = busy_desk.get("/traffic/pages").content.decode()
    assert re.findall(r'<rect width="([0-9.]+)%"', page) == ["100.0", "50.0"]


def test_panels_below_the_fold_load_by_themselves_and_are_linked_without_javascript(busy_desk: Desk) -> None:
    page = busy_desk.get().content.decode()
    for panel, *_tabs in TRAFFIC.cards:
        waits = f'hx-get="{busy_desk.home}/traffic/{panel.name}?range=30d"' in page
        assert waits == panel.late or panel.group
    link = re.search(r'<noscript><a href="([^"]+/countries[^"]*)">', page)
    assert link is not None
    assert "Germany" in busy_desk.client.get(link[1]).content.decode()


def test_what_htmx_asks_for_is_the_panel_without_the_page(busy_desk: Desk) -> None:
    part = busy_desk.get("/traffic/countries", **{"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Germany" in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_a_panel_shows_nine_rows_and_its_page_all_of_them(desk: Desk) -> None:
    desk.holds(*(event(visitor=1, url_path=f"/{number:02}") for number in range(12)))
    assert len(rows_of(view_of(desk, "pages"))) == 9
    assert "All rows" in desk.get("/traffic?plain=1").content.decode()
    page = desk.get("/traffic/pages").content.decode()
    assert "/11" in page
    assert "All rows" not in page


def test_the_pale_line_of_the_period_before_stands_in_the_legend(busy_desk: Desk) -> None:
    entry = re.compile(
        r'<li class="earlier">Before<span class="earlier-days">: \d+ \w+ \d{4} – \d+ \w+ \d{4}</span></li>'
    )
    for report in ("/traffic/readers", "/overview/readers", "/explore?column=datetime&picture=line"):
        and_ = "&" if "?" in report else "?"
        assert len(entry.findall(busy_desk.get(report).content.decode())) == 1, report
        assert not entry.search(busy_desk.get(f"{report}{and_}compare=off").content.decode()), report


@pytest.mark.parametrize("panel", ["pages", "campaign-sources"])
def test_all_rows_are_offered_where_there_are_more_than_are_shown(desk: Desk, panel: str) -> None:
    for number in range(9):
        desk.holds(event(visitor=1, url_path=f"/{number}", utm_source=f"from-{number}"))
    assert "All rows" not in desk.get(f"/traffic/{panel}", **{"HX-Request": "true"}).content.decode()
    desk.holds(event(visitor=1, url_path="/9", utm_source="from-9"))
    part = desk.get(f"/traffic/{panel}", **{"HX-Request": "true"}).content.decode()
    assert "All rows" in part
    # What is shown, and the request that gives exactly that, have nine rows all the same.
    assert part.count('<th scope="row">') == 9
    assert "&quot;limit&quot;: 9" in part


def test_csv_of_pages_reads_as_written_here(busy_desk: Desk) -> None:
    text = busy_desk.get("/traffic/pages.csv").content.decode()
    assert text == "Page,Visitors,Views\r\n/guide,2,2\r\n/,1,1\r\n"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", " =1"])
def test_csv_never_hands_a_spreadsheet_a_formula(desk: Desk, evil: str) -> None:
    desk.holds(event(referrer_domain=evil))
    _heading, row = csv.reader(io.StringIO(desk.get("/traffic/sources.csv").content.decode()))
    assert row == [f"'{evil}", "1", "1"]


def test_names_from_the_web_are_escaped_in_the_page(desk: Desk) -> None:
    desk.holds(event(url_path="/<script>alert(1)</script>"))
    page = desk.get("/traffic?plain=1").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_values_are_named_in_words() -> None:
    assert [referrer(""), referrer("chatgpt.com")] == ["Direct", "chatgpt.com"]
    assert [country("DE"), country(None), country("ZX")] == ["Germany", "Unknown", "ZX"]
    assert [language("pt"), language(None), language("xx")] == ["Portuguese", "Unknown", "xx"]
    assert [technology("ie"), technology("macos"), technology("chrome"), technology("unknown")] == [
        "Internet Explorer",
        "macOS",
        "Chrome",
        "Unknown",
    ]
