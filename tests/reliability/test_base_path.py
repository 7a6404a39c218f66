"""Below a path of its host the service leads nowhere else: every link, form, cookie, redirect and mail stays there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.api.published import PACKAGE, complaints
from tests.api.test_official_client import DRIVER
from tests.conftest import lacking, require
from tests.reliability.below import BASE, Below, Visitor, path_of, served_below
from tests.reliability.mailbox import Mailbox, open_mailbox
from tests.reliability.service import ROOT, event

MOST_PAGES = 600
"""More than there are: a walk that goes on for ever fails."""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as found:
        yield found


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Below]:
    with served_below(tmp_path_factory.mktemp("below"), EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}") as found:
        yield found


@pytest.fixture
def visitor(below: Below) -> Visitor:
    """Ada, signed in."""
    found = Visitor(below)
    answer = found.sign_in()
    assert (answer.status, answer.headers["Location"]) == (302, f"{BASE}/")
    return found


def test_no_page_leads_out_of_the_path(below: Below, visitor: Visitor) -> None:
    waiting = [f"{BASE}/", f"{BASE}/admin/", f"{BASE}/v1/docs", f"{BASE}/accounts/password/reset/"]
    seen: dict[str, int] = {}
    loose: list[tuple[str, str, str]] = []
    while waiting:
        here = waiting.pop()
        kind = _kind(here, below)
        if kind in seen:
            continue
        assert len(seen) < MOST_PAGES, sorted(seen)
        page = visitor.get(here)
        seen[kind] = page.status
        led = [("Location", page.headers["Location"])] if page.headers["Location"] else page.addresses
        for name, address in led:
            path = path_of(address, of=here)
            if address.startswith((f"{below.host}/", "/")) and not address.startswith("//"):
                path = "/" + address.removeprefix(below.host).lstrip("/")
            if path and not path.startswith(f"{BASE}/"):
                loose.append((here, name, address))
            # A form is sent, not followed; the sign-out would end the walk.
            elif path and name not in ("action", "formaction", "hx-post") and "logout" not in path:
                waiting.append(path.partition("#")[0])
    assert loose == []
    assert {kind: status for kind, status in seen.items() if status >= 400} == {}
    site = _kind(below.site, below)
    reached = {
        *(f"{site}/{name}" for name in ("overview", "traffic", "settings", "share", "explore", "segments", "events")),
        *(f"{site}/traffic/{name}" for name in ("totals.csv", "pages", "pages.csv")),
        *(f"{BASE}/{path}" for path in ("accounts/", "organizations", "tokens", "v1/docs", "v1/openapi.json")),
        *(f"{BASE}/admin/{path}" for path in ("sites/site/", "organizations/user/", "sites/site/add/")),
    }
    assert reached <= set(seen), sorted(reached - set(seen))


def _kind(path: str, below: Below) -> str:
    """Pages that differ by a query, a hash of their content or an id alone are one kind."""
    path = path.partition("?")[0].partition("#")[0]
    path = path.replace(below.organization_id, "<organization>").replace(below.site_id, "<site>")
    return re.sub(r"/(\d+)(?=/|$)", "/<id>", path)


def test_style_sheets_and_scripts_are_there_and_kept_for_good(below: Below, visitor: Visitor) -> None:
    page = visitor.get(f"{below.site}/traffic")
    files = [address for name, address in page.addresses if address.startswith(f"{BASE}/static/")]
    assert len(files) > 10
    for file in files:
        answer = visitor.get(file)
        assert (answer.status, "immutable" in answer.headers["Cache-Control"]) == (200, True), file
    [sheet] = [file for file in files if "css/base" in file]
    [font] = re.findall(r'url\("([^"]+)"\)', visitor.get(sheet).text)
    assert visitor.get(path_of(font, of=sheet)).status == 200


def test_cookies_are_sent_below_the_path_alone_and_have_names_of_their_own(visitor: Visitor) -> None:
    assert {(cookie.name, cookie.path) for cookie in visitor.cookies} == {
        ("insights_session", f"{BASE}/"),
        ("insights_csrf", f"{BASE}/"),
    }


def test_the_settings_page_gives_lines_that_work_below_the_path(below: Below, visitor: Visitor) -> None:
    page = visitor.get(f"{below.site}/settings")
    assert f"src=&quot;{below.address}/insights.js&quot;" in page.text
    assert f"{below.address}/pixel.gif?org=" in page.text
    assert visitor.get(f"{BASE}/insights.js").status == 200
    panel = visitor.get(f"{below.site}/traffic/pages")
    assert f"curl {below.address}/v1/orgs/" in panel.text


def test_the_api_tells_addresses_below_the_path(below: Below) -> None:
    token = {"Authorization": f"Bearer {below.token}"}
    visitor = Visitor(below)
    organization = json.loads(visitor.get(f"{BASE}/v1/orgs/{below.organization_id}", **token).text)
    assert organization["urls"]["location"] == f"{below.address}/v1/orgs/{below.organization_id}"
    assert organization["urls"]["app"] == f"{below.address}/"
    document = json.loads(visitor.get(f"{BASE}/v1/openapi.json").text)
    assert document["servers"] == [{"url": BASE}]
    assert json.loads(visitor.get(f"{BASE}/readyz").text)["parts"]["events"] == "well"


def test_who_is_not_signed_in_is_led_to_the_sign_in_below_the_path_and_back(below: Below) -> None:
    stranger = Visitor(below)
    page = stranger.get(f"{below.site}/traffic")
    assert (page.status, page.headers["Location"]) == (302, f"{BASE}/accounts/login/?next={below.site}/traffic")
    assert "'unsafe-" not in page.headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    back = stranger.post(page.headers["Location"], login="ada@example.com", password="correct horse battery staple")
    assert back.headers["Location"] == f"{below.site}/traffic"
    assert stranger.post(f"{BASE}/accounts/logout/").headers["Location"] == f"{BASE}/"


def test_mails_lead_below_the_path(below: Below, visitor: Visitor, mailbox: Mailbox) -> None:
    team = f"{BASE}/organizations/{below.organization_id}"
    fields = {"email": "ben@example.com", "role": "reader", "most_uses": "1"}
    answer = visitor.post(f"{team}/members", to=f"{team}/invitations", **fields)
    assert answer.status == 302, answer.text
    [link] = re.findall(r"http://\S+", mailbox.text_for("ben@example.com"))
    assert link.startswith(f"{below.address}/invitations/")
    opened = Visitor(below).get(urlsplit(link).path)
    assert (opened.status, opened.headers["Location"]) == (302, f"{BASE}/invitation")
    Visitor(below).post(f"{BASE}/accounts/password/reset/", email="ada@example.com")
    [link] = re.findall(r"http://\S+", mailbox.text_for("ada@example.com"))
    assert link.startswith(f"{below.address}/accounts/password/reset/key/")


def test_the_path_itself_leads_into_it_and_what_is_outside_is_taken_as_stripped(below: Below) -> None:
    stranger = Visitor(below)
    page = stranger.get(f"{BASE}?a=b")
    assert (page.status, page.headers["Location"]) == (308, f"{BASE}/?a=b")
    assert stranger.get("/healthz").status == 200
    page = stranger.get("/organizations")
    assert (page.status, page.headers["Location"]) == (302, f"{BASE}/accounts/login/?next={BASE}/organizations")
    assert stranger.get(f"{BASE}x/organizations").status == 404


@pytest.mark.parametrize("base", [BASE, ""])
def test_events_are_taken_by_the_short_way_however_the_proxy_hands_the_path_on(below: Below, base: str) -> None:
    path = f"{base}/v1/orgs/{below.organization_id}/sites/{below.site_id}/insights/events"
    mark = f"by-{base}"
    assert below.service.ask("POST", path, json.dumps({"events": [event(mark)]}).encode()).status == 204
    found = below.service.ask(
        "POST",
        f"{path}/aggregate",
        json.dumps(
            {
                "range": "last24Hours",
                "select": [{"column": "eventsCount"}],
                "where": [{"column": "eventSearchQuery", "values": [mark]}],
            }
        ).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {below.token}"},
    )
    assert json.loads(found.body)["columns"] == [{"column": "eventsCount", "values": [1]}]


def test_the_official_client_takes_the_path_as_its_endpoint(below: Below) -> None:
    require("node")
    if not PACKAGE.exists():
        lacking("the npm package @gitbook/api is not installed: npm ci")
    ids = [below.organization_id, below.site_id]
    body = {"range": "last24Hours", "select": [{"column": "eventsCount"}], "groupBy": [{"column": "eventType"}]}
    steps = [
        ("tracked", "orgs.trackEventsInSiteById", [*ids, {"events": [event("client")]}]),
        ("asked", "orgs.aggregateSiteEvents", [*ids, body]),
        ("listed", "orgs.listSites", [ids[0], {"limit": 10}]),
    ]
    listed = [
        {"name": name, "call": call.split("."), "arguments": arguments, "token": below.token}
        for name, call, arguments in steps
    ]
    done = subprocess.run(
        ["node", str(DRIVER)],
        cwd=ROOT,
        input=json.dumps({"endpoint": below.address, "steps": listed}),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers["tracked"]["status"] == 204
    assert "search_type_query" in answers["asked"]["body"]["columns"][0]["values"]
    assert complaints("listSites", 200, answers["listed"]["body"]) == []
