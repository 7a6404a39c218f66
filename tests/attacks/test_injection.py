"""HTML, and formulas of spreadsheets, in every field that is shown or exported: on every page, in every file."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import utc_now
from apps.core.text import harmless
from apps.dashboard.frames import PLACES
from apps.dashboard.models import SavedReport
from apps.dashboard.reports import REPORTS
from apps.dashboard.tables import Table, TableRow, text_cell
from apps.events.refused import recorder
from apps.events.store import EventStore
from apps.organizations.issuing import make_token
from apps.organizations.models import AuditEntry, Membership, Organization, Role, User
from apps.segments.models import VisitorSegment
from apps.sites.models import Site
from apps.sites.sharing import create_link
from tests.api.calls import Caller, event
from tests.people import World

HTML = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
"""A browser: what automatic clients send is not in the reports about people."""
IN_ADDRESS = "%22%27><script>alert(1)</script>"
FORMULAS = {
    "=cmd|'/c calc'!A1": "'=cmd|'/c calc'!A1",
    "+1+1": "'+1+1",
    "-1+1": "'-1+1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1+1": "'\t'=1+1",
    "\r=1+1": "'\r'=1+1",
    " =1+1": "' =1+1",
    "x;=cmd|' /C calc'!A0": "x;'=cmd|' /C calc'!A0",
    "x\t+2+2": "x\t'+2+2",
    "x\n-3+3": "x\n'-3+3",
    "x;  @SUM(A2)": "x;'  @SUM(A2)",
    'x;"=4+4': "x;'\"=4+4",
    'y,";"" =5+5"': 'y,";\'"" =5+5"',
    ';\t;=6+6;\t"-7': ";\t;'=6+6;\t'\"-7",
    '"=8+8': "'\"=8+8",
}
"""And what stands for them in a file."""
LIVE = re.compile(r"<script>alert|<img src=x|onerror=alert\(1\)>(?!&)|javascript:alert")
ATTRIBUTE = re.compile(r"""<[^>]*\sonerror=""")
MARKS = ("=", "+", "-", "@")
BLANKS = ' "\t\r\n'


def said(text: str, address: str) -> list[dict[str, Any]]:
    """Events of every type with ``text`` wherever an event takes a free text, and ``address`` in its addresses."""
    location = {
        "url": f"https://docs.acme.example/{address}?utm_source={address}&utm_campaign={address}",
        "page": text,
        "space": text,
        "siteSection": text,
        "siteSpace": text,
        "siteShareKey": text,
    }
    session = {
        "userAgent": PERSON,
        "visitorAuthClaims": {"plan": text, text: text},
        "referrer": f"https://www.example.org/{address}",
        "language": text[:100],
    }
    kinds: dict[str, dict[str, Any]] = {
        "page_view": {},
        "search_type_query": {"query": text},
        "search_open_result": {"query": text, "result": {"recordId": text}},
        "ask_question": {"query": text, "goal": text},
        "ask_rate_response": {"query": text, "rating": -1, "responseId": text},
        "page_post_feedback": {"feedback": {"rating": "bad"}},
        "page_post_feedback_comment": {"feedback": {"rating": "bad", "comment": text}},
        "link_click": {
            "link": {"target": {"kind": "url", "url": f"https://x.example/{address}"}, "position": "content"}
        },
        "api_client_request": {"operation": {"path": text, "method": text[:60]}},
        "ad_display": {"ad": {"domain": text, "zoneId": text, "placement": "aside"}},
        "mcp_request": {},
        "page_markdown_request": {},
    }
    return [event(kind, location=location, session=session, **own) for kind, own in kinds.items()]


@dataclass(frozen=True, slots=True)
class House:
    """A service whose every text was chosen by an attacker, an owner's browser, and an administrator's."""

    owner: Client
    root: Client
    world: World

    @property
    def home(self) -> str:
        return f"/sites/{self.world.acme.public_id}/{self.world.docs.public_id}"


def furnish(world: World, caller: Caller, text: str, address: str) -> House:
    assert caller.track(world.docs, *said(text, address)).status_code == 204
    missing = event(location={"url": f"https://docs.acme.example/{address}-gone", "page": None})
    assert caller.track(world.docs, missing).status_code == 204
    bad = event(text, location={"url": f"https://docs.acme.example/{address}"})
    assert caller.track(world.docs, bad).status_code == 422
    recorder.flush()
    Organization.objects.filter(pk=world.acme.pk).update(title=text)
    Site.objects.filter(pk=world.docs.pk).update(title=text)
    User.objects.filter(pk=world.ada.pk).update(first_name=text, last_name=text)
    ada, docs = User.objects.get(pk=world.ada.pk), Site.objects.get(pk=world.docs.pk)
    VisitorSegment.objects.create(site=docs, title=text, claims={"plan": text})
    SavedReport.objects.create(site=docs, title=text, address=f"by=urlPath&is.urlPath={address}")
    create_link(site=docs, who=ada, title=text, report="traffic", parameters="range=7d")
    for user in (ada, None):
        make_token(
            organization=docs.organization, user=user, who=ada, title=text[:100], scopes=["site:read"], sites=[docs]
        )
    AuditEntry.objects.create(who=ada.public_id, what=text[:60], site=docs.public_id, details={"said": text})
    root = User.objects.create(email="root@example.com", is_staff=True, is_superuser=True, first_name=text)
    Membership.objects.create(organization=docs.organization, user=root, role=Role.EDITOR)
    clients = []
    for person in (ada, root):
        client = Client()
        client.force_login(person)
        clients.append(client)
    return House(owner=clients[0], root=clients[1], world=world)


def pages(house: House) -> Iterator[tuple[Client, str]]:
    """Every page that shows what people or events said."""
    acme = house.world.acme.public_id
    for path in ("/", "/tokens", f"/tokens/{acme}/new", f"/organizations/{acme}/tokens"):
        yield house.owner, path
    site = Site.objects.get(pk=house.world.docs.pk)
    for place in PLACES:
        yield house.owner, f"{place.url(site)}?plain=1"
    for model in (
        "organizations/organization",
        "organizations/user",
        "organizations/membership",
        "organizations/apitoken",
        "organizations/auditentry",
        "sites/site",
        "sites/sharelink",
        "segments/visitorsegment",
        "dashboard/savedreport",
        "events/event",
        "events/refusedevent",
        "events/refusalcount",
    ):
        yield house.root, f"/admin/{model}/"
    for name, objects in (
        ("organizations/organization", Organization.objects),
        ("organizations/apitoken", house.world.acme.tokens),
        ("sites/site", Site.objects.filter(pk=site.pk)),
        ("segments/visitorsegment", VisitorSegment.objects),
    ):
        first = objects.first()
        assert first is not None
        yield house.root, f"/admin/{name}/{first.pk}/change/"


def test_no_text_becomes_markup_on_any_page(world: World, store: EventStore, ada: Caller) -> None:
    house = furnish(world, ada, HTML, IN_ADDRESS)
    shown = 0
    for client, path in pages(house):
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode()
        assert not LIVE.search(page), path
        without_texts = re.sub(r'"[^"]*"|\'[^\']*\'', '""', page)
        assert not ATTRIBUTE.search(without_texts), path
        assert "49" not in re.findall(r"alert\(1\)&gt;(\d+)", page), path
        shown += "alert(1)" in html.unescape(page)
        sources = answer["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
        assert "'unsafe-inline'" not in sources, path
        assert "'unsafe-eval'" not in sources or path.startswith("/admin/"), path
    assert shown > 30


def test_names_in_suggestions_and_errors_do_not_become_markup(world: World, store: EventStore, ada: Caller) -> None:
    house = furnish(world, ada, HTML, IN_ADDRESS)
    for path, asked in (
        ("traffic/suggest", {"column": "eventSearchQuery", "filter-search": "script"}),
        ("traffic", {"range": HTML, "tz": HTML, "is.urlPath": HTML, HTML: HTML, "segment": HTML, "claim": HTML}),
        ("explore", {"figure": HTML, "by": HTML, "is.visitorClaim.plan": HTML}),
        ("events", {"type": HTML}),
    ):
        answer = house.owner.get(f"{house.home}/{path}", asked, follow=True)
        assert answer.status_code in (200, 400, 404, 422), path
        assert not LIVE.search(answer.content.decode()), path
    for path in ("/" + HTML, f"{house.home}/{HTML}", f"/share/{HTML}", f"/v1/{HTML}", f"/v1/orgs/{HTML}"):
        answer = Client().get(path)
        is_page = answer["Content-Type"].startswith("text/html")
        assert not (is_page and LIVE.search(answer.content.decode())), path
    refused = ada.ask(world.docs, {"range": HTML, "timezone": HTML})
    assert refused["Content-Type"] == "application/json"


def test_no_cell_of_any_file_is_a_formula(world: World, store: EventStore, ada: Caller) -> None:
    first, *others = FORMULAS
    for formula in others:
        assert ada.track(world.docs, *said(formula, "%3D1%2B1")).status_code == 204
    house = furnish(world, ada, first, "%3D1%2B1")
    files = [f"{house.home}/{report.name}/{panel.name}.csv" for report in REPORTS.values() for panel in report.panels]
    files += [f"{house.home}/explore/result.csv?by={name}" for name in ("eventSearchQuery", "page", "siteSection")]
    shown = []
    for path in files:
        answer = house.owner.get(path)
        assert answer.status_code == 200, path
        shown.append(body_of(answer))
        assert_harmless(shown[-1], path)
    today = utc_now().date()
    days = {"first": str(today - timedelta(days=1)), "last": str(today + timedelta(days=1)), "form": "csv"}
    export = body_of(house.owner.post(f"{house.home}/events/export", days))
    assert_harmless(export, "export")
    for written in FORMULAS.values():
        assert sum(written in cells_of(text) for text in shown) > 3, written
        assert written in cells_of(export)


SEPARATORS = (",", ";", "\t")
"""What parts the cells of a CSV for a spreadsheet: the list separator of its country, or whatever is chosen."""


@given(
    rows=st.lists(
        st.lists(st.text(alphabet=" ,;\t\r\n\"'=+-@5x", max_size=12), min_size=3, max_size=3), min_size=1, max_size=4
    )
)
def test_no_cell_is_a_formula_whatever_parts_the_cells(rows: list[list[str]]) -> None:
    table = Table(("a", "b", "c"), tuple(TableRow(cells=tuple(map(text_cell, row))) for row in rows))
    assert_harmless(table.to_csv(), "table")


def test_what_is_no_formula_stays_as_it_is() -> None:
    for text in ("a;b", "a; b", "x - y", "5;6", "a=b", "'=1", '"quoted"', "a@b.example", "", " ", "é"):
        assert harmless(text) == text
    assert harmless(-5) == -5


def body_of(answer: Any) -> str:
    if not answer.streaming:
        return str(answer.content.decode())
    return b"".join(answer.streaming_content).decode()


def cells_of(text: str, separator: str = ",") -> set[str]:
    read = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator)
    return {cell for row in read for cell in row}


def assert_harmless(text: str, path: str) -> None:
    for separator in SEPARATORS:
        for cell in cells_of(text, separator):
            is_number = re.fullmatch(r"[-+]?[\d.,]+%?", cell) is not None
            assert is_number or not cell.lstrip(BLANKS).startswith(MARKS), (path, separator, cell)
            assert separator != "," or not cell.lstrip(" ").startswith(tuple(BLANKS[2:])), (path, cell)
