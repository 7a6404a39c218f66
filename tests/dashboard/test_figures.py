"""Figures: what is drawn, and what the pointer reads. The colours are those of the style sheet."""

from __future__ import annotations

import gzip
import re
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from itertools import combinations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import iptocc
import pytest
from django.utils.translation import override

from apps.dashboard.buckets import Bucket
from apps.dashboard.figures import Part, bars, hours, lines, stacked, world
from apps.dashboard.figures.countries import three_letters
from apps.dashboard.tables import Series
from apps.events.places import country_code
from apps.insights.moments import Interval
from tests.conftest import lacking, require

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "static" / "vendor" / "plotly" / "plotly-insights.min.js"
TOKENS = (ROOT / "static" / "css" / "base.css").read_text()
BERLIN = ZoneInfo("Europe/Berlin")


def days(first: datetime, *whole: bool) -> tuple[Bucket, ...]:
    return tuple(Bucket(first + timedelta(days=index), each) for index, each in enumerate(whole))


APRIL = days(datetime(2026, 4, 9, 22, tzinfo=UTC), True, True, False)
MARCH = days(datetime(2026, 3, 10, 23, tzinfo=UTC), True, True, True, True)


def compared(*, now: tuple[int, ...], before: tuple[int, ...]) -> dict[str, Any]:
    return lines(
        ["Visitors"],
        Series(APRIL, (now,)),
        interval=Interval.DAY,
        zone=BERLIN,
        before=Series(MARCH[: len(before)], (before,)),
    )


def test_an_earlier_period_is_a_thin_pale_line_under_the_others() -> None:
    pale, solid, *_ = compared(now=(5, 7, 2), before=(4, 6, 9))["data"]
    assert (pale["y"], pale["opacity"], pale["line"]) == ([4, 6, 9], 0.55, {"width": 1.25, "dash": "solid"})
    assert (solid["y"], solid["line"]) == ([5, 7, None], {"width": 2, "dash": "solid"})
    # Drawn where the same bucket of this period is.
    assert pale["x"] == ["2026-04-10T00:00:00", "2026-04-11T00:00:00", "2026-04-12T00:00:00"]


def widths(*values: tuple[int, ...]) -> list[int]:
    figure = lines(["Line"] * len(values), Series(APRIL, values), interval=Interval.DAY, zone=BERLIN)
    solid = [trace for trace in figure["data"] if trace.get("line", {}).get("dash") == "solid"]
    return [trace["line"]["width"] for trace in solid]


def test_a_line_under_another_of_the_same_figures_is_seen_at_both_sides_of_it() -> None:
    assert widths((5, 7, 2), (5, 7, 2), (1, 2, 2)) == [5, 2, 2]
    assert widths((5, 7, 2), (5, 7, 2), (5, 7, 2)) == [8, 5, 2]
    assert widths((5, 7, 2), (6, 7, 2), (1, 1, 1)) == [5, 2, 2]
    assert widths((5, 7, 2), (6, 8, 3), (0, 0, 0)) == [2, 2, 2]
    assert widths((0, 0, 0), (0, 0, 0)) == [2, 2]


def test_the_pointer_reads_an_earlier_number_with_its_own_date() -> None:
    *_, now, before = compared(now=(5, 7, 2), before=(4, 6, 9))["data"]
    assert (now["name"], now["hovertemplate"]) == ("Visitors", "%{y:,d}")
    assert before["text"] == ["Visitors, Wed 11 Mar 2026", "Visitors, Thu 12 Mar 2026", "Visitors, Fri 13 Mar 2026"]
    assert before["hovertemplate"] == "%{y:,d}<extra>%{text}</extra>"


@pytest.mark.parametrize(("before", "drawn"), [((4, 6), [4, 6]), ((4, 6, 9, 1000), [4, 6, 9])])
def test_an_earlier_period_of_another_length_is_drawn_as_far_as_both_go(
    before: tuple[int, ...], drawn: list[int]
) -> None:
    figure = compared(now=(5, 7, 2), before=before)
    assert figure["data"][0]["y"] == drawn
    assert len(figure["data"][0]["x"]) == len(figure["data"][-1]["text"]) == len(drawn)
    assert figure["layout"]["yaxis"]["range"] == [0, pytest.approx(max(7, *drawn) * 1.08)]


def test_an_earlier_period_that_was_higher_still_fits() -> None:
    assert compared(now=(5, 7, 2), before=(400, 0, 0))["layout"]["yaxis"]["range"] == [0, pytest.approx(432)]


def test_six_lines_have_six_colours_and_no_cloud_below_them() -> None:
    series = Series(APRIL, ((1, 2, 3),) * 6)
    figure = lines(["Visitors", "Page views"] * 3, series, interval=Interval.DAY, zone=BERLIN)
    found = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert [trace["meta"] for trace in found] == [f"series-{number}" for number in (1, 2, 3, 4, 5, 6)]
    assert {trace.get("fill", "none") for trace in figure["data"]} == {"none"}


def test_a_line_alone_is_filled_down_to_zero() -> None:
    figure = lines(["Visitors"], Series(APRIL, ((1, 2, 3),)), interval=Interval.DAY, zone=BERLIN)
    assert figure["data"][0]["fill"] == "tozeroy"
    assert figure["layout"]["yaxis"]["zeroline"]


def test_shares_are_written_in_percent() -> None:
    share = lines(["Share"], Series(APRIL, ((0.25, 0.5, 1),)), interval=Interval.DAY, zone=BERLIN, is_share=True)
    assert share["data"][-1]["hovertemplate"] == "%{y:.1%}"
    assert (share["layout"]["yaxis"]["tickformat"], share["layout"]["yaxis"]["range"]) == (".0%", [0, 1.02])


def countries(values: dict[str, int]) -> dict[str, Any]:
    trace: dict[str, Any] = world(values, label="Visitors", links={"DE": "?country=DE"})["data"][0]
    return trace


def test_a_country_says_its_name_and_every_digit_and_leads_to_its_filter() -> None:
    trace = countries({"DE": 12345, "US": 7000})
    assert (trace["locations"], trace["text"]) == (["DEU", "USA"], ["Germany", "United States"])
    assert trace["customdata"] == [["12,345", "?country=DE"], ["7,000", ""]]
    assert trace["hovertemplate"] == "%{text}<br>Visitors: %{customdata[0]}<extra></extra>"
    with override("de"):
        assert countries({"DE": 1})["text"] == ["Deutschland"]


def test_numbers_of_like_size_colour_a_country_by_their_size() -> None:
    trace = countries({"DE": 290, "US": 10})
    assert (trace["z"], trace["zmin"], trace["zmax"]) == ([290, 10], 0, 290)


def test_numbers_of_very_unlike_size_colour_a_country_by_their_digits() -> None:
    trace = countries({"DE": 10_000, "US": 100, "FR": 10})
    assert (trace["z"], trace["zmin"], trace["zmax"]) == ([4.0, 2.0, 1.0], 1.0, 4.0)


def test_what_is_no_country_and_what_is_zero_are_not_on_the_map() -> None:
    assert countries({"": 9, "ZZ1": 5, "FR": 0, "DE": 3})["locations"] == ["DEU"]
    assert countries({}).get("locations", []) == []


def test_the_map_cannot_be_moved_and_shows_no_frame() -> None:
    layout = world({"DE": 1}, label="Visitors")["layout"]
    geo = layout["geo"]
    assert layout["dragmode"] is False
    assert (geo["projection"]["type"], geo["showframe"], geo["lataxis"]["range"]) == (
        "natural earth1",
        False,
        [-57, 84],
    )


def test_every_country_that_an_address_can_have_has_three_letters() -> None:
    step = 16_384
    answered = {
        country_code(iptocc.country_code(str(IPv4Address(address + 1)))) for address in range(0, 2**32, step)
    } - {""}
    assert len(answered) > 200
    assert answered - set(three_letters()) == set()


def test_three_letters_are_those_of_today() -> None:
    codes = three_letters()
    assert [codes[code] for code in ("DE", "FR", "MM", "YE", "CD", "TL", "GB", "ME", "RS", "XK")] == [
        *("DEU", "FRA", "MMR", "YEM", "COD", "TLS", "GBR", "MNE", "SRB", "XKK")
    ]


def test_a_week_has_a_cell_for_each_hour_zero_where_nothing_was() -> None:
    figure = hours({(1, 14): 1234, (7, 23): 2}, label="Visitors", links={(1, 14): "?day=1&hour=14"})
    trace = figure["data"][0]
    assert [len(row) for row in trace["z"]] == [24] * 7
    assert (trace["z"][0][14], trace["z"][6][23], trace["z"][3][3], trace["zmax"]) == (1234, 2, 0, 1234)
    assert trace["customdata"][0][14] == ["Monday, 14:00–15:00", "1,234", "?day=1&hour=14"]
    assert trace["customdata"][6][23] == ["Sunday, 23:00–24:00", "2", ""]
    assert figure["layout"]["yaxis"]["ticktext"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert figure["layout"]["xaxis"]["ticktext"] == ["00", "03", "06", "09", "12", "15", "18", "21"]


def test_a_week_may_begin_on_sunday_and_in_another_language() -> None:
    with override("de"):
        figure = hours({(7, 0): 5}, label="Besucher", first_weekday=7)
    assert figure["data"][0]["z"][0][0] == 5
    assert figure["data"][0]["customdata"][0][0][0] == "Sonntag, 00:00–01:00"
    assert figure["layout"]["yaxis"]["ticktext"] == ["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"]


def test_parts_are_stacked_in_their_order_and_a_cut_bucket_is_hatched() -> None:
    parts = (Part("Good", "rating-good"), Part("Bad", "rating-bad"))
    figure = stacked(Series(APRIL, ((5, 7, 2), (1, 0, 4))), parts, interval=Interval.DAY, zone=BERLIN)
    good, bad = figure["data"]
    assert (good["y"], good["name"], good["meta"]) == ([5, 7, 2], "Good", "rating-good")
    assert (bad["y"], bad["name"], bad["meta"]) == ([1, 0, 4], "Bad", "rating-bad")
    assert good["marker"]["pattern"]["shape"] == ["", "", "/"]
    assert (figure["layout"]["barmode"], figure["layout"]["yaxis"]["range"]) == ("stack", [0, pytest.approx(7.56)])


def test_bars_keep_their_order_and_say_every_digit() -> None:
    figure = bars(["/guide", "2024"], [12345, 3], label="Views", links=["?page=guide", ""])
    trace, axis = figure["data"][0], figure["layout"]["yaxis"]
    assert (trace["orientation"], trace["y"], trace["x"]) == ("h", ["/guide", "2024"], [12345, 3])
    assert (trace["text"], trace["hovertext"]) == (["12.3k", "3"], ["12,345", "3"])
    assert trace["customdata"] == ["?page=guide", ""]
    assert (axis["type"], axis["range"]) == ("category", [1.5, -0.5])


def test_bars_may_stand() -> None:
    figure = bars(["Desktop", "Mobile"], [8, 3], label="Visitors", horizontal=False)
    trace = figure["data"][0]
    assert (trace["orientation"], trace["x"], trace["y"]) == ("v", ["Desktop", "Mobile"], [8, 3])
    assert figure["layout"]["yaxis"]["range"] == [0, pytest.approx(8.64)]


def test_a_long_name_is_cut_beside_its_bar_and_whole_for_the_pointer() -> None:
    name = "/api/reference/endpoints/members"
    figure = bars([name], [1], label="Views")
    assert figure["layout"]["yaxis"]["ticktext"] == ["/api/reference/endpoint…"]
    assert figure["data"][0]["y"] == [name]


def test_groups_of_one_name_keep_a_bar_each() -> None:
    places = bars(["None", "None"], [5, 4], label="Views")["data"][0]["y"]
    assert places == ["None", "None\u200b"]


def test_a_name_cannot_put_a_link_into_a_figure() -> None:
    figure = bars(["<a href='https://x.example'>go</a>"], [1], label="Views")
    assert figure["data"][0]["y"] == ["&lt;a href='https://x.example'&gt;go&lt;/a&gt;"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["&lt;a href='https://x.exam…"]


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_lines_and_ratings_stand_out_from_the_surface(scheme: int) -> None:
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", TOKENS.split("@media screen")[scheme]))
    names = [*(f"series-{number}" for number in range(1, 7)), "rating-good", "rating-ok", "rating-bad"]
    low = [name for name in names if contrast(colours[name], colours["surface"]) < 3]
    assert low == []
    assert all(colours[one] != colours[other] for one, other in combinations(names[:6], 2))


def test_the_library_is_smaller_than_450_kb_as_it_is_sent() -> None:
    assert len(gzip.compress(BUNDLE.read_bytes(), 9)) < 450_000


def test_the_library_is_made_of_the_locked_packages(tmp_path: Path) -> None:
    node = require("node")
    if not (ROOT / "node_modules" / "plotly.js").is_dir():
        lacking("the npm packages are not installed: make test does it")
    subprocess.run([node, "bundles/plotly/build.js", str(tmp_path)], cwd=ROOT, check=True, timeout=180)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {name: (BUNDLE.parent / name).read_bytes() for name in ("plotly-insights.min.js", "LICENSES")}
