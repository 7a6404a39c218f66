"""A reader below a path of the host: signing in, a report with all its panels, and the script on a documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browser.documentation import serve_documentation
from tests.browser.visit import PATIENCE
from tests.reliability.below import BASE, EMAIL, PASSWORD, Below, Visitor, served_below


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Below]:
    with served_below(tmp_path_factory.mktemp("below")) as found:
        yield found


def test_a_report_loads_all_its_panels_below_the_path(below: Below, page: Page) -> None:
    complaints: list[str] = []
    asked: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def see(request: Request) -> None:
        if request.url.startswith("http"):
            asked.append(request.url)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", see)
    page.goto(f"{below.address}/")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{below.address}/**")
    page.get_by_role("link", name="Docs").first.click()
    page.get_by_role("link", name="Traffic").click()
    page.wait_for_url(f"{below.host}{below.site}/traffic**")
    for _ in range(20):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(100)
    expect(page.locator("section.panel[aria-busy=true]")).to_have_count(0)
    expect(page.locator("#panel-pages")).to_contain_text("/1")
    page.get_by_role("link", name="Search").click()
    expect(page.locator("#panel-searches")).to_contain_text("over time")
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert complaints == []
    assert len([address for address in asked if "/traffic/" in address]) > 8
    assert [address for address in asked if not address.startswith(f"{below.address}/")] == []


def test_the_script_counts_through_the_path_that_it_came_from(below: Below, page: Page) -> None:
    with serve_documentation() as documentation:
        documentation.script = (
            f'src="{below.address}/insights.js" data-org="{below.organization_id}" data-site="{below.site_id}"'
        )
        with page.expect_response(
            lambda response: response.url.endswith("/insights/events"), timeout=PATIENCE * 1_000
        ) as sent:
            page.goto(f"{documentation.address}/counted-here")
    path = f"/v1/orgs/{below.organization_id}/sites/{below.site_id}/insights/events"
    assert (sent.value.url, sent.value.status) == (below.address + path, 204)
    question = {"range": "last24Hours", "groupBy": [{"column": "urlPath"}], "select": [{"column": "eventsCount"}]}
    answer = below.service.post(
        f"{BASE}{path}/aggregate",
        json.dumps(question).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {below.token}"},
    )
    assert "/counted-here" in json.loads(answer.body)["columns"][0]["values"]


def test_a_shared_report_opens_in_a_frame_below_the_path(below: Below, page: Page) -> None:
    visitor = Visitor(below)
    visitor.sign_in()
    made = visitor.post(f"{below.site}/share", title="Shared", report="traffic", embed_hosts="docs.acme.example")
    assert made.status == 201
    [address] = set(re.findall(rf"{below.host}[/\w]*/share/[\w-]{{20,}}", made.text))
    assert address.startswith(f"{below.address}/share/")
    page.goto(address)
    expect(page.locator("#panel-pages")).to_contain_text("/1")
    assert BASE in page.url
