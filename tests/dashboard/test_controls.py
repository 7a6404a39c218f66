"""Controls: what narrows a page stands in its address, is seen on the page, and is removed by one click."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import pytest

from apps.dashboard.reports import REPORTS
from apps.segments.models import VisitorSegment
from tests.dashboard.conftest import Desk
from tests.dashboard.test_every_panel import part
from tests.dashboard.test_every_panel import values as values_of
from tests.dashboard.test_panels import rows_of, view_of
from tests.dashboard.traffic import busy
from tests.insights.events import event


def hrefs(page: str, title: str) -> list[str]:
    """Where the links of that title lead."""
    return [html.unescape(found) for found in re.findall(rf'href="([^"]*)" title="{title}"', page)]


def chips(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<span class="chip">([^<]*)<', page)]


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        ("is.visitorGeoCountry=US", [("/guide", 1, 1)]),
        ("not.visitorGeoCountry=US", [("/", 1, 1), ("/guide", 1, 1)]),
        ("is.visitorGeoCountry=US&is.visitorGeoCountry=DE", [("/guide", 2, 2), ("/", 1, 1)]),
        ("is.visitorGeoCountry=DE&is.urlPath=/", [("/", 1, 1)]),
        ("is.referrerDomain=", [("/guide", 1, 1)]),
        ("is.visitorGeoCountry=JP", []),
    ],
)
def test_filters_of_the_address_narrow_every_panel(
    busy_desk: Desk, address: str, rows: list[tuple[object, ...]]
) -> None:
    assert rows_of(view_of(busy_desk, "pages", address)) == rows


def test_the_api_request_of_a_narrowed_panel_is_narrowed_too(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "pages", "is.visitorGeoCountry=US")
    assert busy_desk.ask_api(view.request_json) == {"urlPath": ["/guide"], "visitorsCount": [1], "eventsCount": [1]}


def test_what_narrows_the_page_is_seen_on_it_and_goes_with_one_click(busy_desk: Desk) -> None:
    address = "range=7d&is.visitorGeoCountry=US&is.visitorGeoCountry=DE&not.urlPath=/"
    page = busy_desk.get(f"/traffic?{address}").content.decode()
    assert chips(page) == ["Country is United States or Germany", "Page is not /"]
    assert hrefs(page, "Remove") == [
        "?range=7d&not.urlPath=%2F",
        "?range=7d&is.visitorGeoCountry=US&is.visitorGeoCountry=DE",
    ]


@pytest.mark.parametrize(
    "strange",
    [
        "is.nothing=1",
        "is.visitorDevice=toaster",
        "is.visitorClaim=x",
        "is.urlPath.x=1",
        "is.datetime=1",
        "not.=",
        "is.x",
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out_and_told(busy_desk: Desk, strange: str) -> None:
    name = strange.partition("=")[0]
    page = busy_desk.get(f"/traffic?{strange}").content.decode()
    if "=" in strange:
        assert f"Left out, since there is no such filter: {name}." in html.unescape(page)
    assert chips(page) == []


def test_a_click_on_a_row_narrows_the_page_to_it(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "countries", "is.urlPath=/guide")
    assert view.answer is not None
    assert view.answer.table is not None
    links = [row.cells[0].link for row in view.answer.table.rows]
    assert links == [
        "?range=30d&is.urlPath=%2Fguide&is.visitorGeoCountry=DE",
        "?range=30d&is.urlPath=%2Fguide&is.visitorGeoCountry=US",
    ]


def test_a_saved_segment_narrows_to_readers_whose_claims_contain_its_own(desk: Desk) -> None:
    desk.holds(
        event(visitor=1, url_path="/a", claims={"plan": ["pro"], "role": ["admin", "dev"]}),
        event(visitor=2, url_path="/b", claims={"plan": ["pro"]}),
        event(visitor=3, url_path="/c"),
    )
    saved = VisitorSegment.objects.create(site=desk.site, title="Admins", claims={"plan": "pro", "role": ["admin"]})
    view = view_of(desk, "pages", f"segment={saved.public_id}")
    assert rows_of(view) == [("/a", 1, 1)]
    page = desk.get(f"/traffic?segment={saved.public_id}").content.decode()
    assert chips(page) == ["Segment Admins"]
    # The chip names it: the menu beside it need not.
    assert re.findall(r'data-shortcut="s">([^<]*)<', page) == ["Segment"]
    assert re.findall(r'data-shortcut="s">([^<]*)<', desk.get("/traffic").content.decode()) == ["All readers"]


def test_a_segment_of_another_site_is_not_there(busy_desk: Desk) -> None:
    other = VisitorSegment.objects.create(site=busy_desk.world.secrets, title="Theirs", claims={"plan": "pro"})
    page = busy_desk.get(f"/traffic?segment={other.public_id}").content.decode()
    assert "That segment is not there any more" in page
    assert "Theirs" not in page


def test_figures_are_held_against_the_same_days_a_year_before_or_nothing(desk: Desk) -> None:
    desk.holds(
        event("2026-04-20T10:00:00Z", visitor=1),
        event("2025-04-20T10:00:00Z", visitor=2),
        event("2025-04-21T10:00:00Z", visitor=3),
    )
    assert rows_of(view_of(desk, "totals", "compare=year"))[0] == ("Visitors", 1, 2)
    assert rows_of(view_of(desk, "totals", "compare=off"))[0] == ("Visitors", 1)
    # The month before is empty, and was before the year's figures: nothing to compare with.
    assert rows_of(view_of(desk, "totals"))[0] == ("Visitors", 1, None)


def test_what_nobody_did_before_is_new_where_somebody_else_was_there(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "totals", "is.visitorGeoCountry=DE")
    assert view.answer is not None
    assert [total.change.way.value for total in view.answer.totals[:2]] == ["new", "new"]


@pytest.mark.parametrize(
    ("before", "now", "way", "percent"),
    [(0, 1, "new", 0), (0, 0, "same", 0), (2, 1, "down", 50), (1, 2, "up", 100), (1, 1, "same", 0)],
)
def test_changes_are_right_from_nothing_to_something_and_from_nothing_to_nothing(
    desk: Desk, before: int, now: int, way: str, percent: int
) -> None:
    # Somebody searched in the month before: so there is a counterpart, though nothing was read.
    desk.holds(event("2026-03-15T09:00:00Z", visitor=9, event_type="search_open"))
    desk.holds(*(event("2026-03-15T10:00:00Z", visitor=number) for number in range(before)))
    desk.holds(*(event("2026-04-15T10:00:00Z", visitor=number) for number in range(now)))
    view = view_of(desk, "totals")
    assert view.answer is not None
    change = view.answer.totals[0].change
    assert (change.way.value, change.percent) == (way, percent)


def test_the_interval_is_the_readers_choice(busy_desk: Desk) -> None:
    assert len(rows_of(view_of(busy_desk, "readers", "range=30d&interval=month"))) == 2
    assert len(rows_of(view_of(busy_desk, "readers", "range=7d&interval=hour"))) == 169
    page = busy_desk.get("/traffic?range=12m&interval=hour").content.decode()
    assert "This range cannot be drawn by that interval" in page


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        ("range=24h", ["hour", "day"]),
        ("range=7d", ["hour", "day", "week"]),
        # From the last day of March on, and 12 months: two months, and 53 weeks.
        ("range=30d", ["hour", "day", "week", "month"]),
        ("range=12m", ["day", "week", "month"]),
        ("from=2026-04-20&to=2026-04-20", ["hour"]),
        ("from=2026-04-20&to=2026-04-26", ["hour", "day"]),
        ("from=2026-04-19&to=2026-04-20", ["hour", "day", "week"]),
        # What an address asks for is drawn, and stands in the form.
        ("range=24h&interval=month", ["hour", "day", "month"]),
        # Not over yet, and not begun.
        ("from=2026-04-30&to=2026-05-09", ["hour", "day", "week", "month"]),
        ("from=2026-05-01&to=2026-05-01", ["hour"]),
    ],
)
def test_intervals_are_offered_that_give_at_least_two_buckets(desk: Desk, address: str, offered: list[str]) -> None:
    controls = desk.get(f"/traffic?{address}").context["controls"]
    assert [each.value for each in controls.intervals] == offered
    assert len([each for each in controls.intervals if each.is_chosen]) == 1


def test_the_time_zone_is_the_readers_choice(desk: Desk) -> None:
    desk.holds(event("2026-04-20T23:30:00Z", visitor=1))
    rows = rows_of(view_of(desk, "readers", "from=2026-04-20&to=2026-04-21&tz=Europe/Berlin&interval=day"))
    assert [row[:2] for row in rows] == [("2026-04-20T00:00:00+02:00", 0), ("2026-04-21T00:00:00+02:00", 1)]
    assert "There is no such time zone" in desk.get("/traffic?tz=Mars/Olympus").content.decode()


def test_choices_go_with_the_reader_to_the_next_report(busy_desk: Desk) -> None:
    page = html.unescape(busy_desk.get("/traffic?range=7d&is.urlPath=/guide&compare=off").content.decode())
    assert f'href="{busy_desk.home}/search?range=7d&compare=off&is.urlPath=%2Fguide"' in page


def narrowed(desk: Desk, pairs: Iterable[tuple[str, str]]) -> str:
    """Where the filter form leads."""
    answer = desk.client.get(f"{desk.home}/traffic/narrow", pairs)
    assert answer.status_code == 302
    return str(answer["Location"]).removeprefix(f"{desk.home}/traffic")


def test_the_filter_form_adds_what_was_ticked_or_typed_to_the_address(busy_desk: Desk) -> None:
    ticked = {"range": "7d", "filter-column": "visitorGeoCountry", "filter-value": ["US", "DE"], "filter-search": "x"}
    assert narrowed(busy_desk, ticked) == "?range=7d&is.visitorGeoCountry=US&is.visitorGeoCountry=DE"
    typed = {"is.urlPath": "/a", "filter-column": "urlPath", "filter-sign": "not", "filter-search": "/a"}
    assert narrowed(busy_desk, typed) == "?range=30d&not.urlPath=%2Fa"
    claim = {"filter-column": "visitorClaim.plan", "filter-search": "pro"}
    assert narrowed(busy_desk, claim) == "?range=30d&is.visitorClaim.plan=pro"
    assert narrowed(busy_desk, {"filter-column": "nothing", "filter-search": "x"}) == "?range=30d"


@pytest.mark.parametrize(
    ("typed", "narrowed_to"), [("germany", "DE"), ("ger", "DE"), ("de", "DE"), ("United States", "US"), ("n", "n")]
)
def test_who_types_the_name_of_a_value_means_that_value(busy_desk: Desk, typed: str, narrowed_to: str) -> None:
    asked = {"range": "30d", "filter-column": "visitorGeoCountry", "filter-search": typed}
    assert narrowed(busy_desk, asked) == f"?range=30d&is.visitorGeoCountry={narrowed_to}"


def test_what_was_ticked_stays_while_another_value_is_searched(busy_desk: Desk) -> None:
    asked = {"filter-column": "visitorGeoCountry", "filter-search": "united", "filter-value": "DE"}
    found = busy_desk.client.get(f"{busy_desk.home}/traffic/suggest", asked).context["suggestions"]
    assert [(each.value, each.is_chosen) for each in found] == [("DE", True), ("US", False)]


def test_without_javascript_the_filter_form_leads_to_the_values_of_the_column_and_they_to_the_page(
    busy_desk: Desk,
) -> None:
    path = f"{busy_desk.home}/traffic/narrow"
    asked = {"range": "7d", "compare": "off", "filter-column": "visitorGeoCountry", "filter-sign": "not"}
    answer = busy_desk.client.get(path, asked | {"range": "30d", "filter-search": " "})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert re.findall(r'<input type="checkbox" name="filter-value" value="([^"]*)">', page) == ["DE", "US"]
    form = page.partition('<form class="card panel form"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    assert sent == {"range": "30d", "compare": "off", "filter-column": "visitorGeoCountry"}
    assert '<option value="not" selected>' in form
    assert narrowed(busy_desk, [*asked.items(), ("filter-value", "DE"), ("filter-search", "")]) == (
        "?range=7d&compare=off&not.visitorGeoCountry=DE"
    )


@pytest.mark.parametrize("page", ["overview", "segments", "explore"])
def test_every_page_with_a_filter_form_offers_values_without_javascript(busy_desk: Desk, page: str) -> None:
    answer = busy_desk.get(f"/{page}/narrow?range=30d&filter-column=visitorGeoCountry")
    assert answer.status_code == 200
    assert "Germany" in answer.content.decode()


def test_values_are_suggested_with_how_many_readers_have_them(busy_desk: Desk) -> None:
    path = f"{busy_desk.home}/traffic/suggest"
    asked = {"range": "30d", "filter-column": "visitorGeoCountry", "filter-search": ""}
    offered = [(each.value, each.count) for each in busy_desk.client.get(path, asked).context["suggestions"]]
    # As the panels of the page count: neither the bot from there, nor who opened the search alone.
    assert offered == [("DE", "1"), ("US", "1")]
    typed = busy_desk.client.get(path, asked | {"filter-search": "germ"}).context["suggestions"]
    assert [each.label for each in typed] == ["Germany"]
    assert "No reader in this range" in busy_desk.client.get(path, asked | {"filter-search": "zz"}).content.decode()


EVERYBODY = "All visitors of this range are counted, people and agents."


@pytest.mark.parametrize(
    ("report", "panel", "values", "says_so"),
    [
        ("traffic", "pages", [("/guide", "3"), ("/old/guide", "1"), ("/setpu", "1"), ("/setup", "1")], False),
        ("broken", "urls", [("/old/guide", "1"), ("/setpu", "1")], False),
        ("agents", "pages", [("/guide", "2"), ("/", "1")], False),
        # Overview is about both; people alone are three readers of the guide.
        (
            "overview",
            "pages",
            [("/guide", "5"), ("/", "3"), ("/old/guide", "1"), ("/setpu", "1"), ("/setup", "1")],
            True,
        ),
    ],
)
def test_values_are_counted_as_the_page_does_or_the_menu_says_how(
    desk: Desk, report: str, panel: str, values: list[tuple[str, str]], says_so: bool
) -> None:
    busy(desk)
    for way in ("suggest", "narrow"):
        answer = desk.get(f"/{report}/{way}?range=30d&filter-column=urlPath")
        assert [(each.value, each.count) for each in answer.context["suggestions"]] == values
        assert (EVERYBODY in answer.content.decode()) is says_so
    if not says_so:
        asked = REPORTS[report].panel(panel)
        assert asked is not None
        rows = values_of(part(desk, REPORTS[report], asked, "range=30d").answer)
        assert sorted(str(row[0]) for row in rows) == sorted(value for value, _count in values)


def test_lines_are_split_by_the_values_of_a_column(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "readers", "by=visitorGeoCountry&interval=month")
    assert view.answer is not None
    assert view.answer.table is not None
    assert view.answer.table.headings == ("Time", "Germany", "United States")
    assert [row[1:] for row in rows_of(view)] == [(0, 0), (1, 1)]
    assert [request.label for request in view.requests] == ["Country", "Germany", "United States"]
