"""Two segments side by side: each with the figures that its readers alone have."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote

import pytest

from apps.dashboard.panels import PanelView
from apps.segments.models import VisitorSegment
from tests.dashboard.conftest import Desk
from tests.dashboard.test_segments_page import rows_of, saved
from tests.insights.events import event

PRO, FREE = quote('{"plan":"pro"}'), quote('{"plan":"free"}')
NOBODY_NAMED = quote("{}")


def views(desk: Desk, address: str) -> dict[str, PanelView]:
    answer = desk.get(f"/segments?{address}")
    assert answer.status_code == 200
    return {view.panel.name: view for view in answer.context["views"]}


def test_two_segments_stand_side_by_side_with_the_figures_of_people(plans: Desk) -> None:
    segment = saved(plans)
    found = views(plans, f"left={segment.public_id}&right={FREE}&compare=off")
    assert list(found) == ["left-totals", "right-totals", "left-pages", "right-pages"]
    assert rows_of(found["left-totals"]) == [
        ("Visitors", 2),
        ("Page views", 4),
        ("Sessions", 3),
        ("Searches", 1),
        ("AI questions", 1),
        ("Helpful answers", None),
    ]
    assert rows_of(found["right-totals"]) == [
        ("Visitors", 1),
        ("Page views", 1),
        ("Sessions", 1),
        ("Searches", 0),
        ("AI questions", 0),
        ("Helpful answers", None),
    ]
    assert rows_of(found["left-pages"]) == [("/guide", 2, 3), ("/setup", 1, 1)]
    assert rows_of(found["right-pages"]) == [("/price", 1, 1)]
    assert str(found["left-pages"].panel.title) == "Pro readers · Top pages"
    assert str(found["right-pages"].panel.title) == "plan: free · Top pages"


def test_totals_are_held_against_the_period_before(plans: Desk) -> None:
    found = views(plans, f"left={saved(plans).public_id}")
    assert rows_of(found["left-totals"])[:2] == [("Visitors", 2, 1), ("Page views", 4, 1)]


def test_all_readers_and_the_anonymous_can_be_compared(plans: Desk) -> None:
    found = views(plans, f"left=all&right={NOBODY_NAMED}")
    assert rows_of(found["left-pages"]) == [("/guide", 2, 3), ("/", 1, 1), ("/price", 1, 1), ("/setup", 1, 1)]
    assert rows_of(found["right-pages"]) == [("/", 1, 1)]


def test_both_sides_are_narrowed_by_the_filters_of_the_page(plans: Desk) -> None:
    found = views(plans, f"left=all&right={PRO}&is.urlPath=/setup")
    assert rows_of(found["left-pages"]) == [("/setup", 1, 1)]
    assert rows_of(found["right-pages"]) == [("/setup", 1, 1)]
    page = html.unescape(plans.get("/segments?left=all&is.urlPath=/setup").content.decode())
    assert "Page is /setup" in page
    assert rows_of(views(plans, "left=all&from=2026-03-20&to=2026-03-20")["left-pages"]) == [("/guide", 1, 1)]


def test_every_value_of_a_list_is_wanted(desk: Desk) -> None:
    desk.holds(
        event(visitor=1, url_path="/both", claims={"role": ["admin", "dev"]}),
        event(visitor=2, url_path="/one", claims={"role": ["dev"]}),
    )
    both = quote('{"role":["dev","admin"]}')
    found = views(desk, f"left={both}")
    assert rows_of(found["left-pages"]) == [("/both", 1, 1)]


@pytest.mark.parametrize("panel", ["left-pages", "right-pages", "left-totals", "right-totals"])
def test_the_figures_are_the_apis_and_csv_is_the_table(plans: Desk, panel: str) -> None:
    address = f"left={saved(plans).public_id}&right=all"
    view = views(plans, address)[panel]
    answer = plans.client.get(view.csv_url)
    _heading, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert rows == [["" if value is None else str(value) for value in row] for row in rows_of(view)]
    found = plans.ask_api(view.requests[0].body)
    if panel.endswith("pages"):
        columns = (found["urlPath"], found["visitorsCount"], found["eventsCount"])
        assert rows_of(view) == list(zip(*columns, strict=True))
    else:
        figures = [found["visitorsCount"][0], found["eventsCount"][0], found["sessionsCount"][0]]
        assert [row[1] for row in rows_of(view)[:3]] == figures


@pytest.mark.parametrize("name", ["left-nothing", "pages", "right-pages"])
def test_csv_of_what_is_not_compared_is_404(plans: Desk, name: str) -> None:
    assert plans.get(f"/segments/{name}.csv?left=all").status_code == 404


@pytest.mark.parametrize(
    "text", ["segment_gone", "{", "[1]", '{"a":1e999}', "{" * 3000, '{"a":' * 20 + "1" + "}" * 20, "%00", "%ED%A0%80"]
)
def test_a_segment_that_is_not_there_is_told(plans: Desk, text: str) -> None:
    answer = plans.get(f"/segments?left={text if '%' in text else quote(text)}&right=all")
    assert answer.status_code == 200
    assert "A segment of this comparison is not there any more." in answer.content.decode()
    assert [view.panel.name for view in answer.context["views"]] == ["right-totals", "right-pages"]


def test_a_segment_of_another_site_is_not_there(plans: Desk) -> None:
    theirs = VisitorSegment.objects.create(site=plans.world.secrets, title="Theirs", claims={"plan": "pro"})
    page = plans.get(f"/segments?left={theirs.public_id}").content.decode()
    assert "A segment of this comparison is not there any more." in page
    assert "Theirs" not in page


def test_choices_of_the_comparison_go_into_a_form_that_needs_no_javascript(plans: Desk) -> None:
    segment = saved(plans)
    page = plans.get(f"/segments?range=7d&left={segment.public_id}&segment={segment.public_id}").content.decode()
    form = re.search(r'<form class="card filters" method="get".*?</form>', page, re.DOTALL)
    assert form is not None
    assert re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0]) == [("range", "7d")]
    offered = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', form[0])
    assert [tuple(map(html.unescape, each)) for each in offered[1:6]] == [
        ("all", "", "All readers"),
        (segment.public_id, " selected", "Pro readers"),
        ('{"plan":"pro"}', "", "plan: pro"),
        ('{"plan":"free"}', "", "plan: free"),
        ("{}", "", "Anonymous visitors"),
    ]
    assert 'data-shortcut="s"' not in page


def test_the_filter_form_of_a_comparison_narrows_it(plans: Desk) -> None:
    answer = plans.get("/segments/narrow?left=all&filter-column=urlPath&filter-value=/setup")
    assert answer["Location"] == f"{plans.home}/segments?range=30d&left=all&is.urlPath=%2Fsetup"
    assert "/setup" in plans.get("/segments/suggest?left=all&filter-column=urlPath").content.decode()


def test_the_menu_leaves_the_comparison(plans: Desk) -> None:
    page = html.unescape(plans.get("/segments?range=7d&left=all").content.decode())
    assert f'href="{plans.home}/traffic?range=7d"' in page
    assert f'href="{plans.home}/segments?range=7d"' in html.unescape(plans.get("/traffic?range=7d").content.decode())
