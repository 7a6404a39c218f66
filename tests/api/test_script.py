"""/insights.js and /pixel.gif as they are served, and that documentation and small form follow the source."""

from __future__ import annotations

import gzip
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from apps.api.caches import forget_all
from apps.core.clock import utc_now
from apps.events.store import EventStore, Statement
from apps.sites.models import IngestPolicy, Site
from tests.api.calls import Caller
from tests.conftest import lacking, require
from tests.people import World

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "static" / "js" / "insights.js").read_text()
GUIDE = (ROOT / "docs" / "script.md").read_text()
GZIP = {"accept-encoding": "gzip, deflate, br"}
PAGE = "https://docs.acme.example/guide/start/?utm_source=news#top"


def told(pattern: str, heading: str) -> set[str]:
    """The first cells of the tables below a heading of the guide, where they match."""
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(rf"^\| `{pattern}` \|", section, re.MULTILINE))


def test_the_script_is_smaller_than_3_kb_as_it_is_served(anybody: Caller) -> None:
    response = anybody.get("/insights.js", headers=GZIP)
    assert (response.status_code, response["Content-Encoding"]) == (200, "gzip")
    assert len(response.content) < 3000
    plain = anybody.get("/insights.js")
    assert "Content-Encoding" not in plain
    assert gzip.decompress(response.content) == plain.content


def test_the_script_may_be_loaded_by_any_origin_and_is_asked_for_again_cheaply(anybody: Caller) -> None:
    response = anybody.get("/insights.js", headers=GZIP)
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=604800"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Accept-Encoding" in response["Vary"]
    assert "Cookie" not in response["Vary"]
    again = anybody.get("/insights.js", headers=GZIP | {"if-none-match": response["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", response["ETag"])
    assert anybody.get("/insights.js", headers={"if-none-match": response["ETag"]}).status_code == 200
    assert anybody.post("/insights.js").status_code == 405


def test_the_small_script_is_made_of_the_source() -> None:
    npm = require("npm")
    if not (ROOT / "node_modules" / "terser").is_dir():
        lacking("the npm packages are not installed: make test does it")
    made = subprocess.run([npm, "run", "--silent", "minify"], cwd=ROOT, capture_output=True, check=True, timeout=180)
    assert made.stdout.strip() == (ROOT / "static" / "js" / "insights.min.js").read_bytes().strip()


def test_every_attribute_is_in_the_guide() -> None:
    options = set(re.findall(r'\boption\("([a-z-]+)"\)', SOURCE))
    assert {"org", "storage"} <= options
    assert told("data-([a-z-]+)", "Attributes of the script") == options
    names = set(re.findall(r'\btold\("([a-z-]+)"\)', SOURCE))
    assert {"page", "claims"} <= names
    assert told("([a-z]+|s[a-z]+-(?:key|space))", "Attributes of the script") == names


def test_every_hook_is_in_the_guide() -> None:
    clicks = re.search(r"CLICKS = \{(.*?)\n  \};", SOURCE, re.DOTALL)
    assert clicks
    hooks = set(re.findall(r'^    "?([a-z-]+)"?:', clicks[1], re.MULTILINE))
    hooks |= set(re.findall(r"\[data-insights-([a-z-]+)\]", SOURCE))
    hooks |= set(re.findall(r'\bon\(\w+, "([a-z-]+)"\)', SOURCE))
    assert {"rating", "search", "comment"} <= hooks
    assert told("data-insights-([a-z-]+)", "What it counts") == hooks


def pixel(caller: Caller, world: World, query: str = "", **headers: str) -> tuple[int, str, str]:
    path = f"/pixel.gif?org={world.acme.public_id}&site={world.docs.public_id}{query}"
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    response = caller.get(path, headers=agent | {name.replace("_", "-"): value for name, value in headers.items()})
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response["Content-Type"], response.content.decode("latin-1")


def kept(store: EventStore, *columns: str) -> list[tuple[object, ...]]:
    found = store.query(Statement(sql=f"SELECT {', '.join(columns)} FROM events ORDER BY id"))
    return list(zip(*found, strict=True))


def test_the_pixel_counts_the_page_that_shows_it(anybody: Caller, world: World, store: EventStore) -> None:
    status, kind, body = pixel(anybody, world, referer=PAGE, accept_language="de-AT,de;q=0.9")
    assert (status, kind, body[:6]) == (200, "image/gif", "GIF89a")
    columns = ("toString(event_type)", "url", "page", "utm_source", "browser", "os", "language")
    row = ("page_view", PAGE, "/guide/start", "news", "firefox", "linux", "de")
    assert kept(store, *columns) == [row]


def test_the_pixel_takes_what_it_is_told(anybody: Caller, world: World, store: EventStore) -> None:
    told = "&url=https://docs.acme.example/old&page=&space=sp1&section=se1&referrer=https://search.example/?q=x"
    assert pixel(anybody, world, told, referer=PAGE)[0] == 200
    assert kept(store, "url_path", "page", "space", "site_section", "referrer_domain") == [
        ("/old", "", "sp1", "se1", "search.example")
    ]


@pytest.mark.embedded  # Redis forgets by its own clock
def test_a_reader_of_the_pixel_is_one_visitor_until_midnight(anybody: Caller, world: World, store: EventStore) -> None:
    noon = utc_now().replace(hour=12, minute=0)
    with time_machine.travel(noon, tick=False):
        pixel(anybody, world, referer=PAGE)
        pixel(anybody, world, referer=PAGE)
        pixel(anybody, world, referer=PAGE, user_agent="Another/1.0")
    with time_machine.travel(noon + timedelta(days=1), tick=False):
        pixel(anybody, world, referer=PAGE)
    visitors = [visitor for (visitor,) in kept(store, "visitor")]
    assert visitors[0] == visitors[1]
    assert len(set(visitors)) == 3


@pytest.mark.one_process
def test_the_pixel_counts_nobody_who_does_not_want_it(anybody: Caller, world: World, store: EventStore) -> None:
    assert pixel(anybody, world, referer=PAGE, sec_gpc="1")[:2] == (200, "image/gif")
    assert pixel(anybody, world, referer=PAGE, dnt="1")[:2] == (200, "image/gif")
    assert kept(store, "url") == []
    assert pixel(anybody, world, referer=PAGE, cookie="insights-opt-out=1")[0] == 200
    assert kept(store, "url") == []
    Site.objects.filter(pk=world.docs.pk).update(honour_privacy_signals=False)
    forget_all()
    assert pixel(anybody, world, referer=PAGE, dnt="1")[0] == 200
    assert kept(store, "url") == [(PAGE,)]


def test_the_pixel_says_why_it_does_not_count(anybody: Caller, world: World, store: EventStore) -> None:
    plain = "text/plain; charset=utf-8"
    assert pixel(anybody, world) == (422, plain, "body.events.0.location.url: expected a URL")
    unknown = anybody.get("/pixel.gif?org=a&site=b", headers={"referer": PAGE})
    assert (unknown.status_code, unknown.content) == (404, b"Site not found")
    world.docs.ingest_policy = IngestPolicy.TOKEN
    world.docs.save()
    assert pixel(anybody, world, referer=PAGE)[0] == 401
    assert kept(store, "url") == []


@pytest.mark.parametrize(
    ("address", "identifier"),
    [
        ("https://docs.acme.example", "/"),
        ("https://docs.acme.example/?a=/b", "/"),
        ("https://docs.acme.example/guide/index.html", "/guide"),
        ("https://docs.acme.example/guide/start.html", "/guide/start.html"),
    ],
)
def test_a_page_without_an_id_has_its_path(
    anybody: Caller, world: World, store: EventStore, address: str, identifier: str
) -> None:
    assert pixel(anybody, world, referer=address)[0] == 200
    assert kept(store, "page") == [(identifier,)]
