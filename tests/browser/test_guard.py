"""What the reader of the other tests would notice."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Reader

PAGE = "<!doctype html><title>A page</title>"


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'", []),
        ("default-src 'self'", []),
        ("default-src 'none'; script-src 'self' 'unsafe-inline'", ["'self' 'unsafe-inline'"]),
        ("default-src 'unsafe-inline'", ["'unsafe-inline'"]),
        ("img-src 'self'", ["no policy"]),
        ("", ["no policy"]),
    ],
)
def test_a_page_that_lets_scripts_in_is_noticed_in_any_tab(reader: Reader, policy: str, told: list[str]) -> None:
    address = f"{reader.server}/page"
    headers = {"content-type": "text/html"} | ({"content-security-policy": policy} if policy else {})
    reader.page.context.route(address, lambda route: route.fulfill(body=PAGE, headers=headers))
    reader.page.goto(address)
    reader.page.context.new_page().goto(address)
    assert reader.loose == [f"{address}: {each}" for each in told] * 2
    reader.loose.clear()
