"""What a reader sees in a real browser. The fixture fails each test on a complaint or a request to another host."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Reader


def test_a_reader_signs_in_and_sees_the_figures_of_the_api(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    page.locator("#panel-pages").get_by_role("button", name="API request").click()
    body = page.locator("#request-pages pre code").first
    expect(body).to_be_visible()
    answer = reader.ask_api(body.inner_text())
    page.keyboard.press("Escape")
    expect(body).to_be_hidden()
    rows = page.locator("#panel-pages tbody tr")
    shown = [tuple(re.split(r"\s+", row.strip())) for row in rows.all_inner_texts()]
    columns = (answer["urlPath"], answer["visitorsCount"], answer["eventsCount"])
    assert shown == [tuple(str(value) for value in row) for row in zip(*columns, strict=True)]
    assert len(shown) == 9
    assert page.locator("#panel-totals dd").first.inner_text() == "7"


def test_the_line_over_time_is_drawn_and_answers_the_pointer(reader: Reader) -> None:
    reader.sign_in()
    figure = reader.page.locator("#panel-readers .figure")
    expect(figure.locator(".scatterlayer .trace path.js-line:visible").first).to_be_visible()
    figure.hover(position={"x": 300, "y": 120})
    expect(figure.locator(".hoverlayer")).to_contain_text("Visitors")


def test_panels_below_the_fold_load_when_they_come_near(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 1280, "height": 500})
    reader.sign_in()
    countries = reader.page.locator("#panel-countries")
    expect(countries).to_have_attribute("aria-busy", "true")
    reader.page.locator("#panel-countries").evaluate("each => each.scrollIntoView()")
    expect(countries).to_contain_text("Germany")


def test_another_range_is_one_click_and_in_the_address(reader: Reader) -> None:
    reader.sign_in()
    reader.page.get_by_role("link", name="7 d", exact=True).click()
    expect(reader.page).to_have_url(f"{reader.traffic}?range=7d")
    expect(reader.page.get_by_role("link", name="7 d", exact=True)).to_have_attribute("aria-current", "true")


def test_dates_of_ones_own_are_chosen_from_the_menu_by_keyboard(reader: Reader) -> None:
    reader.sign_in()
    page = reader.page
    summary = page.locator(".range summary").first
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2026-01-31")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{reader.traffic}?from=2026-01-01&to=2026-01-31")
    expect(summary).to_contain_text("1 Jan 2026 – 31 Jan 2026")


def test_the_figure_changes_its_colours_with_the_system(reader: Reader) -> None:
    reader.page.emulate_media(color_scheme="light")
    reader.sign_in()
    line = reader.page.locator("#panel-readers .scatterlayer .trace path.js-line:visible").first
    expect(line).to_have_css("stroke", "rgb(15, 133, 123)")
    reader.page.emulate_media(color_scheme="dark")
    expect(line).to_have_css("stroke", "rgb(79, 195, 181)")


def test_without_javascript_every_panel_is_a_table_or_a_link_to_one(reader: Reader, browser: Browser) -> None:
    reader.sign_in()
    context = browser.new_context(java_script_enabled=False, storage_state=reader.page.context.storage_state())
    page = context.new_page()
    page.goto(reader.traffic)
    page.locator("#panel-readers summary").click()
    assert page.locator("#panel-readers tbody tr").count() in (30, 31)
    page.locator("section", has_text="Countries").get_by_role("link", name="Show this table").click()
    expect(page.locator("#panel-countries")).to_contain_text("Germany")
    page.goto(reader.traffic)
    page.get_by_role("link", name="Show all figures of this page as tables").click()
    expect(page.locator("#panel-pages tbody tr")).to_have_count(9)
    context.close()
