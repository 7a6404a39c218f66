"""A share link in a real browser: made, opened by somebody without an account, and shown in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from apps.organizations.models import Membership, Role
from tests.browser.conftest import Reader
from tests.browser.documentation import Documentation

SECRET = "a quiet morning"


@dataclass
class Stranger:
    """Somebody without an account in a browser of their own, and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        # What is there for information is no complaint: that a field has the focus before another asks for it.
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Stranger]:
    cache.clear()
    context = browser.new_context()
    found = Stranger(page=context.new_page())
    found.page.on("console", found.hear)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()


def make_link(reader: Reader, **fields: str) -> list[str]:
    """Ben makes a link on the Share page: the codes that are shown this once."""
    Membership.objects.filter(user=reader.world.ben).update(role=Role.EDITOR)
    reader.sign_in()
    page = reader.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Share a report").click()
    for label, value in ({"Title": "For the board", "Narrowed to": "range=7d"} | fields).items():
        page.locator("#new").get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("#fresh")).to_contain_text("Copy it now")
    return page.locator("#fresh code").all_inner_texts()


def test_a_stranger_gets_in_with_the_right_password_only(reader: Reader, stranger: Stranger) -> None:
    (url,) = make_link(reader, Password=SECRET)
    page = stranger.page
    page.goto(url)
    page.get_by_label("Password").fill("a loud evening")
    page.get_by_role("button", name="Open the report").click()
    expect(page.get_by_text("That is not the password.")).to_be_visible()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_url(url)
    expect(page.locator("#panel-totals dd").first).to_have_text("7")
    expect(page.locator("#panel-readers .js-plotly-plot")).to_have_count(1)
    page.locator("#panel-countries").evaluate("each => each.scrollIntoView()")
    expect(page.locator("#panel-countries")).to_contain_text("Germany")
    # The browser itself reports the answer to the wrong password.
    assert [each for each in stranger.complaints if "422" not in each] == []


def test_the_report_shows_in_a_frame_on_the_listed_host_alone(
    reader: Reader, stranger: Stranger, documentation: Documentation
) -> None:
    url, line = make_link(reader, **{"Hosts that may show it in a frame": "localhost"})
    documentation.head = line
    page = stranger.page
    page.goto(documentation.address.replace("127.0.0.1", "localhost"))
    expect(page.frame_locator("iframe").locator("#panel-totals dd").first).to_have_text("7")
    assert stranger.complaints == []
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(documentation.address)
    expect(page.locator("iframe")).to_be_visible()
    assert url not in "".join(frame.content() for frame in page.frames[1:])
