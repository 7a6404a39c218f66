"""The Explore page: any figures by any columns, as the API gives them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from apps.dashboard.panels import PanelView
from tests.dashboard.conftest import Desk
from tests.dashboard.traffic import busy
from tests.insights.events import event


def view_of(desk: Desk, address: str = "") -> PanelView:
    """The panel that the page shows, with its requests."""
    answer = desk.get(f"/explore?{address}")
    assert answer.status_code == 200
    view = answer.context["asked"]
    assert isinstance(view, PanelView)
    return view


def rows_of(view: PanelView) -> list[tuple[object, ...]]:
    assert view.answer is not None
    assert view.answer.table is not None, view.answer.problem
    return [tuple(cell.value for cell in row.cells) for row in view.answer.table.rows]


def headings(view: PanelView) -> tuple[str, ...]:
    assert view.answer is not None
    assert view.answer.table is not None
    return view.answer.table.headings


def notes(desk: Desk, address: str) -> list[str]:
    page = desk.get(f"/explore?{address}").content.decode()
    return [html.unescape(note) for note in re.findall(r'<p class="note" role="status">([^<]*)</p>', page)]


def figure(view: PanelView) -> dict[str, Any]:
    assert view.answer is not None
    assert view.answer.figure is not None
    return dict(view.answer.figure)


def bodies(view: PanelView) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in view.requests]


def test_without_a_choice_it_shows_visitors_by_page(busy_desk: Desk) -> None:
    view = view_of(busy_desk)
    assert headings(view) == ("Page", "Visitors")
    assert rows_of(view) == [("/guide", 3), ("/", 1)]
    assert view.panel.title == "Visitors by Page"


def test_any_figures_by_any_columns_in_any_order_are_the_one_request_that_is_shown(busy_desk: Desk) -> None:
    view = view_of(
        busy_desk,
        "measure=eventsCount&measure=visitorsCount&column=visitorGeoCountry&column=eventType"
        "&order=visitorsCount&direction=asc&rows=10&is.urlPath=/guide",
    )
    assert headings(view) == ("Country", "Event", "Events", "Visitors")
    assert sorted(rows_of(view), key=str) == [
        ("Germany", "Page view", 1, 1),
        ("United States", "Page view", 2, 2),
        ("Unknown", "Search opened", 1, 1),
    ]
    assert rows_of(view)[-1] == ("United States", "Page view", 2, 2)
    assert bodies(view) == [
        {
            "range": "last30Days",
            "timezone": "UTC",
            "where": [{"column": "urlPath", "values": ["/guide"]}],
            "select": [{"column": "eventsCount"}, {"column": "visitorsCount"}],
            "groupBy": [{"column": "visitorGeoCountry"}, {"column": "eventType"}],
            "order": {"by": {"column": "visitorsCount"}, "direction": "asc"},
            "limit": 10,
        }
    ]
    answer = busy_desk.ask_api(view.request_json)
    figures = list(zip(answer["eventsCount"], answer["visitorsCount"], strict=True))
    assert [row[2:] for row in rows_of(view)] == figures


@pytest.mark.parametrize(
    ("address", "columns"),
    [
        ("column=urlPath&measure=sessionsCount", ["sessionsCount"]),
        ("column=page&column=visitorBot", ["visitorsCount"]),
        ("column=datetime&column=hourOfDay&interval=day&tz=Asia/Kolkata", ["visitorsCount"]),
        ("column=visitorClaim.plan&column=visitorClaimProperty", ["visitorsCount"]),
        ("column=visitorAuthenticated&column=eventLinkTargetValue&column=eventAskResponseRating", ["visitorsCount"]),
        ("column=dayOfWeek&order=dayOfWeek", ["visitorsCount"]),
        ("column=", ["visitorsCount"]),
        ("column=url&column=referrerChannel&not.visitorBot=", ["visitorsCount"]),
    ],
)
def test_a_table_holds_the_figures_that_the_api_gives_for_its_request(
    desk: Desk, address: str, columns: list[str]
) -> None:
    view = view_of(busy(desk), address)
    answer = desk.answer_of_api(view.request_json)["columns"]
    found = [each["values"] for each in answer if each["column"] in columns]
    assert [row[-len(columns) :] for row in rows_of(view)] == list(zip(*found, strict=True))
    assert len(rows_of(view)) > 0


def test_ratings_are_counted_by_their_parts(desk: Desk) -> None:
    view = view_of(
        busy(desk), "measure=pageFeedbackRating.bad&measure=pageFeedbackRating.good&measure=askResponseRating.positive"
    )
    assert headings(view) == ("Page", "Pages rated bad", "Pages rated good", "Helpful answers")
    assert {row[0]: row[1:] for row in rows_of(view)}["/guide"] == (1, 0, 1)
    assert "In the order of: good ratings less bad." in notes(desk, "measure=pageFeedbackRating.bad")


def test_two_claims_stand_beside_each_other(desk: Desk) -> None:
    desk.holds(
        event(visitor=1, claims={"plan": ["pro"], "team": ["red"]}),
        event(visitor=2, claims={"plan": ["pro"], "team": ["blue"]}),
        event(visitor=3, claims={"plan": ["pro"], "team": ["blue"]}),
    )
    view = view_of(desk, "column=visitorClaim.plan&column=visitorClaim.team")
    assert headings(view) == ("plan", "team", "Visitors")
    assert rows_of(view) == [("pro", "blue", 2), ("pro", "red", 1)]


def test_without_columns_it_is_one_row_of_totals(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "column=&column=&measure=eventsCount&measure=visitorsCount")
    assert rows_of(view) == [(5, 3)]


def test_lines_are_zero_where_nothing_was_and_are_held_against_the_period_before(desk: Desk) -> None:
    desk.holds(event("2026-04-21T10:00:00Z", visitor=1), event("2026-04-19T10:00:00Z", visitor=2))
    view = view_of(desk, "column=datetime&picture=line&from=2026-04-20&to=2026-04-21&interval=day")
    assert rows_of(view) == [("2026-04-20T00:00:00+00:00", 0, 0), ("2026-04-21T00:00:00+00:00", 1, 1)]
    assert [trace["type"] for trace in figure(view)["data"]] == ["scatter"] * len(figure(view)["data"])
    now, before = view.requests
    assert desk.ask_api(now.body) == {"datetime": ["2026-04-21T00:00:00Z"], "visitorsCount": [1]}
    assert desk.ask_api(before.body) == {"datetime": ["2026-04-19T00:00:00Z"], "visitorsCount": [1]}


def test_lines_are_split_by_a_second_column(busy_desk: Desk) -> None:
    view = view_of(
        busy_desk,
        "column=visitorGeoCountry&column=datetime&picture=line&from=2026-04-20&to=2026-04-22&interval=day"
        "&measure=eventsCount",
    )
    assert headings(view) == ("Time", "Germany", "United States", "Unknown")
    assert [row[1:] for row in rows_of(view)] == [(2, 0, 0), (0, 0, 0), (0, 2, 1)]
    assert busy_desk.ask_api(view.requests[1].body)["eventsCount"] == [2]
    assert bodies(view)[1]["where"] == [{"column": "visitorGeoCountry", "values": ["DE"]}]


def test_bars_are_of_the_rows_and_lead_to_them(busy_desk: Desk) -> None:
    drawn = figure(view_of(busy_desk, "picture=bar&range=7d&from=2026-04-01&to=2026-04-30"))["data"][0]
    assert (drawn["type"], drawn["x"]) == ("bar", [3, 1])
    assert drawn["customdata"][0] == "?from=2026-04-01&to=2026-04-30&picture=bar&is.urlPath=%2Fguide"


def test_bars_of_days_are_all_days_in_their_order(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "picture=bar&column=dayOfWeek&measure=eventsCount")
    drawn = figure(view)["data"][0]
    assert drawn["y"] == [2, 0, 3, 0, 0, 0, 0]
    assert rows_of(view) == [("Wednesday", 3), ("Monday", 2)]


def test_bars_of_hours_are_all_hours_however_many_rows_the_table_has(desk: Desk) -> None:
    """The hour 0 has one event, the hour 23 has three, all others two."""
    hours = [0, *(hour for hour in range(1, 23) for _time in range(2)), 23, 23, 23]
    desk.holds(*(event(f"2026-04-20T{hour:02}:00:00Z", visitor=number) for number, hour in enumerate(hours, start=1)))
    address = "picture=bar&column=hourOfDay&measure=eventsCount&rows=10"
    view = view_of(desk, address)
    assert figure(view)["data"][0]["y"] == [1, *[2] * 22, 3]
    assert [row[1] for row in rows_of(view)] == [3, *[2] * 9]
    assert "The first 10 rows; there are more." in desk.get(f"/explore?{address}").content.decode()
    assert desk.ask_api(view.requests[0].body)["eventsCount"] == [3, *[2] * 22, 1]


def test_bars_over_time_have_every_bucket(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "picture=bar&column=datetime&from=2026-04-20&to=2026-04-22&interval=day")
    assert [row[1] for row in rows_of(view)] == [1, 0, 2]
    assert figure(view)["data"][0]["y"] == [1, 0, 2]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("urlPath", [[3, 1], [4, 1]]),
        ("dayOfWeek", [[1, 0, 2, 0, 0, 0, 0], [2, 0, 3, 0, 0, 0, 0]]),
        ("datetime&interval=day&from=2026-04-20&to=2026-04-22", [[1, 0, 2], [2, 0, 3]]),
    ],
)
def test_bars_of_several_figures_stand_beside_each_other(busy_desk: Desk, column: str, values: list[list[int]]) -> None:
    view = view_of(busy_desk, f"picture=bar&column={column}&measure=visitorsCount&measure=eventsCount")
    drawn = figure(view)
    length = "x" if column == "urlPath" else "y"
    assert [(trace["name"], trace["meta"], trace[length]) for trace in drawn["data"]] == [
        ("Visitors", "series-1", values[0]),
        ("Events", "series-2", values[1]),
    ]
    assert drawn["layout"]["barmode"] == "group"
    # The axis is long enough for both.
    assert drawn["layout"][f"{length}axis"]["range"] == [0, pytest.approx(max(values[1]) * 1.08)]
    assert view.answer is not None
    assert view.answer.legend == (("Visitors", "series-1"), ("Events", "series-2"))


@pytest.mark.parametrize(
    "address", ["picture=heatmap&column=urlPath&column=visitorOS", "picture=line&column=urlPath&column=datetime"]
)
def test_a_picture_that_has_room_for_one_figure_says_which(busy_desk: Desk, address: str) -> None:
    words = "The picture is of one figure: Events."
    both = f"{address}&measure=eventsCount&measure=visitorsCount"
    assert words in busy_desk.get(f"/explore?{both}").content.decode()
    assert words not in busy_desk.get(f"/explore?{address}&measure=eventsCount").content.decode()


def test_a_heatmap_has_a_cell_for_each_pair(busy_desk: Desk) -> None:
    view = view_of(busy_desk, "picture=heatmap&column=urlPath&column=visitorGeoCountry&measure=eventsCount")
    drawn = figure(view)["data"][0]
    assert figure(view)["layout"]["yaxis"]["ticktext"] == ["/guide", "/"]
    assert figure(view)["layout"]["xaxis"]["ticktext"] == ["Germany", "United States", "Unknown"]
    assert drawn["z"] == [[1, 2, 1], [1, 0, 0]]
    answer = busy_desk.ask_api(view.requests[-1].body)
    assert answer["eventsCount"] == [2, 1, 1, 1]
    assert [row[-1] for row in rows_of(view)] == [2, 1, 1, 1]


def test_a_heatmap_over_time_runs_from_the_left(busy_desk: Desk) -> None:
    view = view_of(
        busy_desk, "picture=heatmap&column=datetime&column=urlPath&from=2026-04-20&to=2026-04-22&interval=day"
    )
    assert figure(view)["data"][0]["z"] == [[1, 0, 2], [1, 0, 0]]
    assert figure(view)["layout"]["yaxis"]["ticktext"] == ["/guide", "/"]


@pytest.mark.parametrize("columns", ["column=dayOfWeek&column=hourOfDay", "column=hourOfDay&column=dayOfWeek"])
def test_days_by_hours_are_the_week(busy_desk: Desk, columns: str) -> None:
    drawn = figure(view_of(busy_desk, f"picture=heatmap&{columns}&measure=eventsCount"))["data"][0]
    assert (len(drawn["z"]), len(drawn["z"][0])) == (7, 24)
    assert (drawn["z"][0][10], drawn["z"][2][9]) == (2, 3)


@pytest.mark.parametrize(
    ("address", "note"),
    [
        ("picture=line", "Lines run over time: choose the column Time for them. This is the table."),
        ("picture=line&column=datetime&column=url&column=urlPath", "Lines are split by one column at most. "),
        ("picture=bar&column=urlPath&column=url", "Bars are of exactly one column. This is the table."),
        ("picture=bar&column=", "Bars are of exactly one column. This is the table."),
        ("picture=heatmap", "A heatmap is of exactly two columns. This is the table."),
        ("picture=heatmap&column=datetime&column=url&interval=hour", "A heatmap that fine has too many cells"),
        ("picture=heatmap&column=datetime&column=hourOfDay&interval=hour", "A heatmap that fine has too many cells"),
        ("picture=pie", "There is no such picture, so this is the table."),
        ("measure=madeUp", "Left out, since there is no such choice: madeUp."),
        ("measure=searchRunsCount", "Left out, since there is no such choice: searchRunsCount."),
        ("column=entryPage", "Left out, since there is no such choice: entryPage."),
        ("column=visitorClaim", "Left out, since there is no such choice: visitorClaim."),
        ("column=urlPath.x", "Left out, since there is no such choice: urlPath.x."),
        (f"column=visitorClaim.{'x' * 1025}", "Left out, since there is no such choice: visitorClaim.xxx"),
        (
            "column=url&column=urlPath&column=page&column=visitorOS",
            "No more than 3 figures and 3 columns are shown at once.",
        ),
        ("order=sessionsCount", "Rows are ordered by a figure or column that is shown"),
        ("order=%00", "Rows are ordered by a figure or column that is shown"),
        ("rows=0", "From 10 to 1000 rows are shown."),
        ("rows=1001", "From 10 to 1000 rows are shown."),
        ("rows=%D9%A1%D9%A0", "From 10 to 1000 rows are shown."),
        ("range=forever", "There is no such range"),
    ],
)
def test_choices_that_make_no_sense_are_told_and_the_table_is_shown(busy_desk: Desk, address: str, note: str) -> None:
    assert any(each.startswith(note) for each in notes(busy_desk, address))
    view = view_of(busy_desk, address)
    assert rows_of(view)
    assert view.answer is not None
    assert view.answer.figure is None


@pytest.mark.parametrize(
    "address", ["picture=line&column=datetime&column=urlPath", "picture=heatmap&column=url&column=urlPath", "column="]
)
def test_a_site_without_events_says_so(desk: Desk, address: str) -> None:
    page = desk.get(f"/explore?{address}").content.decode()
    assert "No event of this range is counted here." in page


def test_the_form_shows_what_was_chosen_and_works_without_javascript(busy_desk: Desk) -> None:
    address = "range=7d&measure=eventsCount&measure=sessionsCount&column=visitorClaim.plan&rows=77&picture=bar"
    page = busy_desk.get(f"/explore?{address}&is.urlPath=/guide").content.decode()
    form = re.search(r'<form class="card choices" method="get".*?</form>', page, re.DOTALL)
    assert form is not None
    assert re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0]) == [
        ("range", "7d"),
        ("is.urlPath", "/guide"),
    ]
    chosen = re.findall(r'<option(?: value="([^"]*)")? selected>([^<]*)<', form[0])
    assert [label for _value, label in chosen] == [
        "Events",
        "Sessions",
        "plan",
        "Usual order",
        "Automatic: 9–1, Z–A",
        "77",
        "Bars",
    ]


@pytest.mark.parametrize(
    ("address", "automatic"),
    [
        ("column=urlPath", "Automatic: 9–1, Z–A"),
        ("column=urlPath&order=visitorsCount&direction=asc", "Automatic: 9–1, Z–A"),
        ("column=urlPath&order=urlPath", "Automatic: 1–9, A–Z"),
        ("column=datetime", "Automatic: 1–9, A–Z"),
    ],
)
def test_the_form_says_which_direction_is_taken_without_a_choice(busy_desk: Desk, address: str, automatic: str) -> None:
    page = busy_desk.get(f"/explore?{address}").content.decode()
    select = re.search(r'<select name="direction".*?</select>', page, re.DOTALL)
    assert select is not None
    assert re.findall(r">([^<]+)</option>", select[0]) == [
        automatic,
        "Descending: 9–1, Z–A",
        "Ascending: 1–9, A–Z",
    ]


def test_an_empty_form_is_understood_as_it_is_sent(busy_desk: Desk) -> None:
    sent = (
        "measure=visitorsCount&measure=&measure=&column=urlPath&column=&column=&order=&direction=&rows=25&picture=table"
    )
    answer = busy_desk.get(f"/explore?{sent}")
    assert answer.context["scope"].address.encoded == "range=30d"
    assert answer.context["scope"].notes == ()


def test_a_click_on_a_row_narrows_and_keeps_the_choices(busy_desk: Desk) -> None:
    page = html.unescape(busy_desk.get("/explore?range=30d&column=visitorGeoCountry&picture=bar").content.decode())
    link = "?range=30d&column=visitorGeoCountry&picture=bar&is.visitorGeoCountry=US"
    assert f'<a class="cell-link" href="{link}">United States</a>' in page
    assert rows_of(view_of(busy_desk, link[1:])) == [("United States", 2)]


def test_the_controls_keep_the_choices_and_the_menu_leaves_them(busy_desk: Desk) -> None:
    page = html.unescape(busy_desk.get("/explore?range=30d&column=url&tz=Asia/Tokyo").content.decode())
    assert 'href="?range=7d&tz=Asia%2FTokyo&column=url"' in page
    assert f'href="{busy_desk.home}/traffic?range=30d&tz=Asia%2FTokyo"' in page
    traffic = html.unescape(busy_desk.get("/traffic?range=7d").content.decode())
    assert f'href="{busy_desk.home}/explore?range=7d"' in traffic


def test_what_share_links_cannot_show_is_not_offered_for_sharing(busy_desk: Desk) -> None:
    button = ">Share</a>"
    assert busy_desk.get("/traffic").content.decode().count(button) == 2
    assert busy_desk.get("/explore").content.decode().count(button) == 1
    assert busy_desk.get("/segments?left=all").content.decode().count(button) == 1


def test_the_filter_form_narrows_and_suggests_here_too(busy_desk: Desk) -> None:
    wanted = "column=url&filter-column=visitorGeoCountry&filter-value=DE"
    answer = busy_desk.get(f"/explore/narrow?{wanted}")
    assert answer["Location"] == f"{busy_desk.home}/explore?range=30d&column=url&is.visitorGeoCountry=DE"
    assert "Germany" in busy_desk.get(f"/explore/suggest?{wanted}").content.decode()


def test_the_request_stands_beside_the_figures_and_gives_them(busy_desk: Desk) -> None:
    page = busy_desk.get("/explore?column=visitorGeoCountry").content.decode()
    section = re.search(r'<section class="card panel width-third screen" id="request">.*?</section>', page, re.DOTALL)
    assert section is not None
    body, curl = (html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", section[0], re.DOTALL))
    assert busy_desk.ask_api(body) == {"visitorGeoCountry": ["US", "DE", None], "visitorsCount": [2, 1, 1]}
    assert curl.startswith("curl http://testserver/v1/orgs/")
    assert 'popovertarget="request-result"' not in page


@pytest.mark.parametrize(
    "address",
    [
        "column=urlPath&column=visitorGeoCountry&rows=10",
        "column=datetime&picture=line",
        "picture=heatmap&column=urlPath&column=visitorOS",
    ],
)
def test_csv_holds_the_rows_of_the_table(busy_desk: Desk, address: str) -> None:
    busy_desk.holds(*(event(visitor=1, url_path=f"/{number:02}") for number in range(12)))
    answer = busy_desk.get(f"/explore/result.csv?{address}")
    heading, *rows = csv.reader(io.StringIO(answer.content.decode()))
    view = view_of(busy_desk, address)
    assert tuple(heading) == headings(view)
    assert rows == [[str(value) for value in row] for row in rows_of(view)]
    assert view.csv_url in html.unescape(busy_desk.get(f"/explore?{address}").content.decode()).replace("&amp;", "&")


def test_names_from_the_web_are_escaped(desk: Desk) -> None:
    desk.holds(event(url_path="/<script>alert(1)</script>", country="DE"))
    for address in ("picture=bar", "picture=heatmap&column=urlPath&column=visitorGeoCountry"):
        page = desk.get(f"/explore?{address}").content.decode()
        assert "<script>alert" not in page
        assert "\\u003Cscript\\u003Ealert" not in page


@pytest.mark.parametrize("path", ["", "/result.csv", "/narrow", "/suggest"])
def test_a_stranger_gets_404_and_who_is_not_signed_in_the_sign_in(busy_desk: Desk, path: str) -> None:
    stranger = Client()
    stranger.force_login(busy_desk.world.cy)
    address = f"{busy_desk.home}/explore{path}"
    assert busy_desk.client.get(address).status_code in (200, 302)
    assert stranger.get(address).status_code == 404
    assert Client().get(address)["Location"].startswith("/accounts/login/?next=/sites/")
