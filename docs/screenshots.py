"""``python -m docs.screenshots``: pictures of the pages of the demo site, in ``docs/images``.

Each page that reports something is taken in three looks, down to where a reader would scroll no further. The demo is
made in a folder of its own, so the dates are those of today.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import django
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page

from benchmarks.browser import chromium, show_all, sign_in
from benchmarks.service import ROOT, serving

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 4_000_000
"""Of all pictures together: they are in everybody's clone."""
HEIGHT = 2_400
"""Pixels from the top of a page; what lies below is cut off."""
COLOURS = 256
"""Of a picture: pages have few, and so a third of the size shows the same."""
NOT_OURS = ("CLICKHOUSE_URL", "DATABASE_URL", "REDIS_URL", "DEMO_PASSWORD", "SECRET_KEY")
"""Settings that would lead to the caller's own data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a reader has it: the end of the file's name, the colours and the width."""

    name: str
    scheme: Literal["light", "dark"]
    width: int
    window: int


LOOKS = (
    Look(name="light", scheme="light", width=1440, window=900),
    Look(name="dark", scheme="dark", width=1440, window=900),
    Look(name="phone", scheme="light", width=375, window=812),
)


def main() -> None:
    for name in NOT_OURS:
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="insights-screenshots-") as folder:
        os.environ["DATA_DIR"] = folder
        environment = {**os.environ, "HOST": "127.0.0.1"}
        # What it prints is a sign-in and an address of a service that ends with this.
        demo = [sys.executable, "manage.py", "demo"]
        subprocess.run(demo, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        pages = _pages()
        with serving({}) as service, chromium() as browser:
            server = f"http://127.0.0.1:{service.port}"
            made = {picture for look in LOOKS for picture in _taken(browser, server, look, pages)}
    for look in LOOKS:
        for old in set(IMAGES.glob(f"*-{look.name}.png")) - made:
            old.unlink()
    size = sum(picture.stat().st_size for picture in IMAGES.iterdir())
    print(f"{len(made)} pictures; {IMAGES.relative_to(ROOT)} has {size / 1e6:.1f} MB.")
    if size > MOST_BYTES:
        sys.exit(f"That is more than {MOST_BYTES / 1e6:.0f} MB.")


def _pages() -> dict[str, str]:
    """The name and the path of each page that is pictured; Share and Settings report nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from apps.dashboard.frames import PLACES, SETTINGS, SHARE
    from apps.sites.models import Site

    site = Site.objects.select_related("organization").get()
    return {place.name: place.url(site) for place in PLACES if place.name not in (SHARE, SETTINGS)}


def _taken(browser: Browser, server: str, look: Look, pages: dict[str, str]) -> Iterator[Path]:
    from apps.dashboard.demo import EMAIL, PASSWORD

    context = browser.new_context(
        viewport={"width": look.width, "height": look.window},
        color_scheme=look.scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    sign_in(page, server, EMAIL, PASSWORD)
    for name, path in pages.items():
        page.goto(server + path)
        show_all(page)
        yield _take(page, look, IMAGES / f"{name}-{look.name}.png")
    context.close()


def _take(page: Page, look: Look, picture: Path) -> Path:
    height = min(HEIGHT, int(page.evaluate("document.documentElement.scrollHeight")))
    seen: FloatRect = {"x": 0, "y": 0, "width": look.width, "height": height}
    page.screenshot(path=picture, full_page=True, clip=seen, animations="disabled")
    with Image.open(picture) as taken:
        small = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1e3:.0f} kB", flush=True)
    return picture


if __name__ == "__main__":
    main()
