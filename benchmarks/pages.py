"""``python -m benchmarks.pages``: what a reader waits for, page by page, with a year of traffic behind it.

A year of one large site and fifty small ones is made inside the engine and counted, as for ``benchmarks.rollups``; then
a real server answers, first a plain client, then Chromium.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.browser import chromium
from benchmarks.machine import description
from benchmarks.prepared import RANGES
from benchmarks.seen import DESKTOP, PHONE, STEP_MILLISECONDS, STEP_PIXELS, Weights, look_at, signed_in
from benchmarks.service import ROOT, serving
from benchmarks.states import markdown
from benchmarks.traffic import SMALL_SITE_EVENTS, SMALL_SITES, set_up
from benchmarks.waiting import AT_ONCE, RUNS, wait_for

REPORT = ROOT / "docs" / "performance-pages.md"
SPEED = 1_000 * STEP_PIXELS // STEP_MILLISECONDS
EMAIL, PASSWORD = "reader@example.com", "a reader of benchmarks"
FIRST_BYTE_MS, PANELS_MS, PAGE_KB, SCRIPTS_KB, SHIFT = 300, 1_500, 60, 500, 0.1
"""The aims, at ten million events: of any page for 30 days, of Traffic for 12 months, of any page, of its scripts,
and what is called good of a shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A page to be measured; ``choice`` is its range, empty where the page has none."""

    name: str
    title: str
    choice: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One page. Times in milliseconds, medians; shifts as Chromium counts them, the worst of the runs."""

    address: Address
    panels: int
    first_byte: float
    everything: float
    weights: Weights
    paint: float
    shift: float
    phone_paint: float
    phone_shift: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="of the large site (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"also write {REPORT.relative_to(ROOT)}")
    parser.add_argument("--remark", default="", help="a sentence to read before the figures")
    parser.add_argument("--folder", type=Path, help="where the data is made and removed (default: the system's)")
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    measured = measure(options.events, options.folder)
    text = "\n".join(report(measured, options.events, busy, options.remark)) + "\n"
    print(text)
    if options.write:
        REPORT.write_text(text)


def measure(size: int, parent: Path | None) -> list[Measured]:
    """Every page of the large site with ``size`` events, on a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="insights-pages-", dir=parent) as folder:
        _run(folder, "benchmarks.traffic", "--data-dir", folder, "--events", str(size))
        _run(folder, "benchmarks.prepared", "fill")
        addresses = _addresses(Path(folder))
        with serving({"DATA_DIR": folder}) as service, chromium() as browser:
            server = f"http://127.0.0.1:{service.port}"
            state = signed_in(browser, server, EMAIL, PASSWORD)
            found = []
            for address in addresses:
                _tell(f"{address.title} {address.choice}")
                panels, first_byte, everything = wait_for(service, state, address.path)
                desktop = look_at(browser, state, server + address.path, DESKTOP)
                phone = look_at(browser, state, server + address.path, PHONE)
                found.append(
                    Measured(
                        address=address,
                        panels=panels,
                        first_byte=first_byte,
                        everything=everything,
                        weights=desktop.weights,
                        paint=desktop.paint,
                        shift=desktop.shift,
                        phone_paint=phone.paint,
                        phone_shift=phone.shift,
                    )
                )
            return found


def _run(folder: str, module: str, *arguments: str) -> None:
    _tell(" ".join((module, *arguments)))
    environment = {**os.environ, "DATA_DIR": folder}
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _addresses(folder: Path) -> list[Address]:
    """A reader of the large site is made; each page of it, and each range of it where it has ranges."""
    set_up(folder)
    from apps.dashboard.frames import PLACES
    from apps.organizations.models import Membership, Role, User
    from apps.sites.models import Site

    site = Site.objects.select_related("organization").get(title="Large")
    reader = User.objects.create_user(EMAIL, PASSWORD)
    Membership.objects.create(organization=site.organization, user=reader, role=Role.READER)
    pages = [
        (place, choice)
        for choice in RANGES
        for place in PLACES
        # What has no ranges is measured once.
        if place.is_report or choice == next(iter(RANGES))
    ]
    return [
        Address(
            name=place.name,
            title=str(place.title),
            choice=choice if place.is_report else "",
            path=place.url(site) + (f"?range={choice}" if place.is_report else ""),
        )
        for place, choice in pages
    ]


def report(measured: Sequence[Measured], size: int, busy: float, remark: str) -> Iterator[str]:
    """Markdown."""
    yield from _heading(size, busy)
    if remark:
        yield from ("", f"**{remark}**")
    yield from ("", "## Against the aims", "")
    yield from markdown(("aim", "met", "measured"), list(_aims(measured)))
    yield from ("", "## Waiting", "")
    head = ("page", "late panels", "first byte", "all panels", "first paint", "shift", "on a phone", "shift there")
    yield from markdown(head, [_waiting_row(each) for each in measured])
    yield from ("", "## Weight", "")
    weights = ("page", "page", "late panels", "font", "scripts", "all, as sent")
    yield from markdown(weights, [_weight_row(each) for each in measured])


def _heading(size: int, busy: float) -> Iterator[str]:
    yield f"""# Performance of pages

Made by `python -m benchmarks.pages --write` (`make bench-pages` prints the same for your machine); do not edit.

Measured on {datetime.now(UTC):%Y-%m-%d} with {size:,} events of one site in a year, beside {SMALL_SITES} sites with \
{SMALL_SITE_EVENTS:,} each, on {description()}.
The load average of the machine was {busy:.1f} when it began: above 0.5, other work slowed it down.

*First byte*: from the request to the answer's head, of a client on the same machine. *All panels*: from the request
for the page until the last of the panels that load by themselves has come, {AT_ONCE} asked at once, as a browser asks.
Both in milliseconds, medians of {RUNS} after one that is not counted. *First paint*: Chromium's first contentful paint
in milliseconds, the median of {RUNS} visits with an empty cache, {DESKTOP[0]} pixels wide and on a phone of {PHONE[0]}.
*Shift*: Chromium's cumulative layout shift while the page is scrolled to its end, {SPEED:,} pixels a second, the worst
of these visits; up to 0.1 is good.

Weights are in kB (10³ bytes), gzipped. *Page*: the document, the style sheets and all scripts but Plotly's; *late
panels*: what comes later by itself; *scripts*: all of them, with Plotly; *all, as sent*: what this server put on the
wire for all of it, which is more where it does not compress."""


def _aims(measured: Sequence[Measured]) -> Iterator[tuple[str, str, str]]:
    month = max((each for each in measured if each.address.choice != "12m"), key=lambda each: each.first_byte)
    heavy = max(measured, key=lambda each: each.weights.page)
    scripts = max(measured, key=lambda each: each.weights.scripts)
    shift = max(measured, key=lambda each: max(each.shift, each.phone_shift))
    worst = max(shift.shift, shift.phone_shift)
    year = next(each for each in measured if (each.address.name, each.address.choice) == ("traffic", "12m"))
    aims = {
        f"first byte of any page under {FIRST_BYTE_MS} ms for 30 days": (
            month.first_byte < FIRST_BYTE_MS,
            f"{month.first_byte:,.0f} ms, {_title(month)}",
        ),
        f"all panels of Traffic under {PANELS_MS:,} ms for 12 months": (
            year.everything < PANELS_MS,
            f"{year.everything:,.0f} ms",
        ),
        f"page without Plotly under {PAGE_KB} kB gzipped": (
            heavy.weights.page < PAGE_KB,
            f"{heavy.weights.page:,.1f} kB, {_title(heavy)}",
        ),
        f"scripts with Plotly under {SCRIPTS_KB} kB gzipped": (
            scripts.weights.scripts < SCRIPTS_KB,
            f"{scripts.weights.scripts:,.1f} kB, {_title(scripts)}",
        ),
        f"cumulative layout shift of any page at most {SHIFT}": (worst <= SHIFT, f"{worst:.3f}, {_title(shift)}"),
    }
    for aim, (met, figure) in aims.items():
        yield aim, "yes" if met else "no", figure


def _waiting_row(each: Measured) -> tuple[str, ...]:
    times = (each.first_byte, each.everything, each.paint)
    first_byte, everything, paint = (f"{time:,.0f}" for time in times)
    shifts = f"{each.shift:.3f}", f"{each.phone_paint:,.0f}", f"{each.phone_shift:.3f}"
    return _title(each), str(each.panels), first_byte, everything, paint, *shifts


def _weight_row(each: Measured) -> tuple[str, ...]:
    weights = each.weights
    figures = (weights.page, weights.panels, weights.font, weights.scripts, weights.sent)
    return _title(each), *(f"{figure:,.1f}" for figure in figures)


def _title(each: Measured) -> str:
    return f"{each.address.title}, {RANGES[each.address.choice]}" if each.address.choice else each.address.title


if __name__ == "__main__":
    main()
