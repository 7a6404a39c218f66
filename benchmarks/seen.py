"""What Chromium says of a page: its first paint, what jumped while it was read, and what was sent for it."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Response

from benchmarks.browser import show_all, sign_in
from benchmarks.waiting import RUNS

DESKTOP, PHONE = (1440, 900), (375, 812)
OBSERVE = """
window.seen = { shift: 0 };
// Shifts add up as long as they follow each other within a second, for five at most; the worst such run counts.
let run = 0, begun = 0, last = 0;
new PerformanceObserver((list) => {
  for (const { startTime, value, hadRecentInput } of list.getEntries()) {
    if (hadRecentInput) continue;
    if (startTime - last > 1000 || startTime - begun > 5000) [run, begun] = [0, startTime];
    run += value;
    last = startTime;
    window.seen.shift = Math.max(window.seen.shift, run);
  }
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries())
    if (name === "first-contentful-paint") window.seen.paint = startTime;
}).observe({ type: "paint", buffered: true });
"""

# A small page is read to its end before it is painted.
SEEN = """
new Promise((done) => {
  const look = () => (window.seen.paint ? done(window.seen) : requestAnimationFrame(look));
  look();
})"""


STEP_PIXELS, STEP_MILLISECONDS = 100, 50
"""How a reader scrolls who is in a hurry: 2,000 pixels a second."""
AT_END = "() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Of a page and its parts in kB (10³ bytes), gzipped; ``sent`` is what came over the wire for all of it."""

    page: float
    panels: float
    font: float
    scripts: float
    sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Median milliseconds until the first contentful paint, the worst cumulative shift, and the weights."""

    paint: float
    shift: float
    weights: Weights


def signed_in(browser: Browser, server: str, email: str, password: str) -> Any:
    """The state of a browser in which somebody has signed in."""
    context = browser.new_context()
    sign_in(context.new_page(), server, email, password)
    state = context.storage_state()
    context.close()
    return state


def look_at(browser: Browser, state: Any, address: str, size: tuple[int, int]) -> Seen:
    """Visit an address again and again, each time with an empty cache, and read the page to its end."""
    visits = [_visit(browser, state, address, size) for _ in range(RUNS)]
    return Seen(
        paint=median(paint for paint, _, _ in visits),
        shift=max(shift for _, shift, _ in visits),
        weights=visits[-1][2],
    )


def _visit(browser: Browser, state: Any, address: str, size: tuple[int, int]) -> tuple[float, float, Weights]:
    width, height = size
    context = browser.new_context(storage_state=state, viewport={"width": width, "height": height})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto(address)
    while not page.evaluate(AT_END):
        page.mouse.wheel(0, STEP_PIXELS)
        page.wait_for_timeout(STEP_MILLISECONDS)
    show_all(page)
    seen = page.evaluate(SEEN)
    weights = _weights(answers)
    context.close()
    return float(seen["paint"]), float(seen["shift"]), weights


def _weights(answers: list[Response]) -> Weights:
    kinds: Counter[str] = Counter()
    sent = 0
    for answer in answers:
        if answer.url.startswith("data:"):
            continue
        kind = answer.request.resource_type
        if kind == "script" and "/plotly" in answer.url:
            kind = "plotly"
        body = answer.body()
        kinds[kind] += len(body) if kind == "font" else len(gzip.compress(body))
        sizes = answer.request.sizes()
        sent += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    return Weights(
        page=(kinds["document"] + kinds["stylesheet"] + kinds["script"]) / 1e3,
        panels=kinds["fetch"] / 1e3,
        font=kinds["font"] / 1e3,
        scripts=(kinds["script"] + kinds["plotly"]) / 1e3,
        sent=sent / 1e3,
    )
