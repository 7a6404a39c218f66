"""Debian's Chromium, and pages that are whole: what pictures, measurements and tests of pages have in common."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Arguments under which Chromium asks nobody but the page for anything."""
PATIENCE_SECONDS = 30.0
WAITING = "[aria-busy='true'], [data-figure]:not(:has(.main-svg))"
"""Panels that have not loaded, and figures that are not drawn."""
BRING_INTO_SIGHT = """
waiting => {
  const left = [...document.querySelectorAll(waiting)].filter((each) => each.checkVisibility());
  left[0]?.scrollIntoView({ block: "center" });
  return left.length;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A fresh Chromium; ends the program with a sentence where there is none."""
    path = shutil.which("chromium")
    if path is None:
        sys.exit("Chromium is needed. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


def sign_in(page: Page, server: str, email: str, password: str) -> None:
    """Sign in as a person does; the page is then the list of sites."""
    page.goto(f"{server}/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server}/")


def show_all(page: Page) -> None:
    """Bring into sight whatever waits for that, until every panel has loaded and every figure is drawn.

    The page is then at its top again. Raises ``TimeoutError`` where a panel does not come within ``PATIENCE_SECONDS``.
    """
    ends = time.monotonic() + PATIENCE_SECONDS
    while left := page.evaluate(BRING_INTO_SIGHT, WAITING):
        if time.monotonic() > ends:
            raise TimeoutError(f"{left} panels of {page.url} did not come.")
        page.wait_for_timeout(50)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.fonts.ready.then(() => true)")
