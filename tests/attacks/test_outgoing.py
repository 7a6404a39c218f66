"""An address that somebody gives is a text: nothing connects to it, and no name in it is looked up."""

from __future__ import annotations

import ast
import json
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from apps.core.clock import utc_now
from apps.dashboard.reports import REPORTS
from apps.events.store import EventStore
from apps.organizations.models import Invitation, Membership, User
from apps.sites.models import ShareLink, Site
from insights_site.settings import BASE_DIR
from tests.access.people import make_cast
from tests.access.routes import fill, routes
from tests.api.calls import Caller
from tests.attacks.test_tokens import OPERATIONS
from tests.events.wire import OWN, sent
from tests.house.test_architecture import imported_names
from tests.people import World, token_of

CLIENTS = (
    *("requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "websockets", "pycurl"),
    *("socket", "ssl", "asyncio", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc", "dns"),
    *("subprocess", "multiprocessing.connection", "webbrowser", "django.core.mail"),
    *("redis", "clickhouse_connect", "psycopg", "kombu", "paramiko", "grpc"),
)
"""What a program asks other machines with, here or in any program that it would start."""
ADDRESS_FUNCTION = re.compile(r"\b(url|urlCluster|remote|remoteSecure|s3|s3Cluster|hdfs|mysql|postgresql|mongodb)\s*\(")
"""With which the event store would fetch."""
NAMES = ("next", "url", "u", "referrer", "is.url", "is.referrer", "proposed", "search", "address", "value", "page")
"""Parameters in which a route may look for an address."""


@dataclass(slots=True)
class Trap:
    """A server on loopback that nobody should ask, and a note of whom this process asked."""

    port: int
    reached: list[Any] = field(default_factory=list)

    @property
    def addresses(self) -> tuple[str, ...]:
        """By number and by name, of this machine and of the network that machines of a cloud ask for their keys."""
        hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}", "trap.acme.example", "169.254.169.254")
        return tuple(f"http://{host}/mark" for host in hosts)


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Trap(listening.getsockname()[1])

        def accept() -> None:
            try:
                while True:
                    connection, whence = listening.accept()
                    connection.close()
                    found.reached.append(whence)
            except OSError:
                return  # the test is over

        thread = threading.Thread(target=accept)
        thread.start()
        connect, look_up = socket.socket.connect, socket.getaddrinfo

        def noted_connect(self: socket.socket, where: Any) -> None:
            found.reached.append(where)
            connect(self, where)

        def noted_look_up(host: Any, *more: Any, **options: Any) -> Any:
            found.reached.append(host)
            return look_up(host, *more, **options)

        monkeypatch.setattr(socket.socket, "connect", noted_connect)
        monkeypatch.setattr(socket, "getaddrinfo", noted_look_up)
        yield found
        monkeypatch.undo()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def owner(world: World) -> Client:
    client = Client()
    client.force_login(world.ada)
    return client


def test_the_trap_notes_whoever_fetches(trap: Trap) -> None:
    with pytest.raises(OSError, match=r"."):
        urllib.request.urlopen(trap.addresses[0], timeout=5)
    assert "127.0.0.1" in trap.reached
    assert ("127.0.0.1", trap.port) in trap.reached


def full_of(where: str) -> list[dict[str, Any]]:
    """Events of every type with ``where`` in everything of them that is a text."""
    session = {
        "visitorId": where,
        "sessionId": where,
        "userAgent": f"Mozilla/5.0 (compatible; {where})",
        "referrer": where,
        "cookies": {"c": where},
        "visitorAuthClaims": {"iss": where, "picture": where},
        "visitorAuthToken": where,
    }
    location = {"url": f"{where}?utm_source={where}", "siteSection": where, "space": where, "page": where}
    own: dict[str, dict[str, Any]] = {
        "link_click": {"link": {"target": {"kind": "url", "url": where}, "position": "content"}},
        "ad_click": {"ad": {"domain": where, "zoneId": where, "placement": "aside"}},
        "search_type_query": {"query": where},
        "ask_question": {"query": where, "goal": where},
        "api_client_request": {"operation": {"path": where, "method": "get"}},
        "page_post_feedback_comment": {"feedback": {"rating": "bad", "comment": where}},
    }
    return [sent(kind, session=session, location=location, **own.get(kind, {})) for kind in OWN]


def test_tracking_asks_nobody(trap: Trap, ada: Caller, anybody: Caller, world: World) -> None:
    ids = f"o={world.acme.public_id}&s={world.docs.public_id}"
    for where in trap.addresses:
        headers = {"referer": where, "origin": where, "x-forwarded-for": where, "forwarded": f"host={where}"}
        for caller in (ada, anybody):
            assert caller.track(world.docs, *full_of(where), headers=headers).status_code == 204
        renderer = anybody.post(f"/~gitbook/__evt?{ids}", {"events": full_of(where)}, headers=headers)
        assert renderer.status_code == 204
        image = f"/pixel.gif?org={world.acme.public_id}&site={world.docs.public_id}&url={where}&referrer={where}"
        assert anybody.get(image, headers=headers).status_code == 200
        assert anybody.get(f"/__session/2/?proposed={where}", headers=headers).status_code in (200, 400)
    assert trap.reached == []


def test_pages_of_what_was_tracked_ask_nobody(trap: Trap, ada: Caller, world: World, owner: Client) -> None:
    """Reports of links, of pages that are missing, of where people came from; and the check of a new site."""
    for where in trap.addresses:
        missing = sent(location={"url": where, "page": None}, session={"referrer": where})
        assert ada.track(world.docs, *full_of(where), missing).status_code == 204
    home = f"/sites/{world.acme.public_id}/{world.docs.public_id}"
    for page in (*REPORTS, "events", "settings"):
        assert owner.get(f"{home}/{page}?plain=1").status_code == 200, page
    since = int(utc_now().timestamp() * 1_000) - 60_000
    assert "It works." in owner.get(f"{home}/settings/check?since={since}").content.decode()
    for column in ("url", "referrer", "eventLinkTargetValue"):
        values = json.dumps(ada.values(world.docs, select=[{"column": column}]))
        assert all(where in values for where in trap.addresses)
    asked = {"range": "lastYear", "where": [{"column": "url", "values": list(trap.addresses)}]}
    assert ada.ask(world.docs, asked).status_code == 200
    assert trap.reached == []


def test_what_people_write_down_asks_nobody(trap: Trap, world: World, store: EventStore, owner: Client) -> None:
    """The address of a site, its hosts, hosts of frames, and people to invite."""
    team, home = f"/organizations/{world.acme.public_id}", f"/sites/{world.acme.public_id}/{world.docs.public_id}"
    for where in trap.addresses:
        host = where.removeprefix("http://").partition("/")[0].partition(":")[0]
        assert owner.post(f"{team}/sites", {"site-title": where, "site-url": where}).status_code == 302
        form = {"title": where, "url": where, "time_zone": "UTC", "ingest_policy": "public"}
        hosts = {"hostnames": host, "excluded_hostnames": f"www.{host}"} if host.endswith("example") else {}
        assert owner.post(f"{home}/settings", form | hosts).status_code == 302
        assert Site.objects.get(pk=world.docs.pk).url == where
        frames = {"embed_hosts": host} if host.endswith("example") else {}
        shared = {"title": where, "report": "links", "parameters": "range=7d"}
        assert owner.post(f"{home}/share", shared | frames).status_code == 201
        someone = f"eve@{host}" if host.endswith("example") else ""
        asked = owner.post(f"{team}/invitations", {"role": "reader", "email": someone, "most_uses": "1"})
        assert asked.status_code in (201, 302)
        saved = {"title": where, "address": f"by=url&is.url={where}"}
        assert owner.post(f"{home}/explore", saved).status_code in (201, 302)
        claims = json.dumps({"iss": where})
        assert owner.post(f"{home}/segments", {"title": where, "claims": claims}).status_code in (201, 302)
    assert ShareLink.objects.filter(embed_hosts=["trap.acme.example"]).count() == 1
    assert Invitation.objects.filter(email="eve@trap.acme.example").count() == 1
    assert Site.objects.filter(url__in=trap.addresses).count() == 5
    assert trap.reached == []


def test_imports_ask_nobody(trap: Trap, world: World, store: EventStore, tmp_path: Path) -> None:
    events, log = tmp_path / "events.ndjson", tmp_path / "access.log"
    events.write_text("".join(f"{json.dumps(event)}\n" for where in trap.addresses for event in full_of(where)))
    call_command("import_events", str(events), site=world.docs.public_id)
    request = '192.0.2.7 - - [23/Nov/2026:13:00:00 +0100] "GET /a HTTP/1.1" 200 5 "{0}" "Mozilla/5.0 ({0})"\n'
    log.write_text("".join(request.format(where) for where in trap.addresses))
    for where in trap.addresses:
        call_command("import_logs", str(log), site=world.docs.public_id, url=where.removesuffix("/mark"))
        call_command(
            "bootstrap", organization="Acme 2", site=where, url=where, email="eve@example.com", password="x" * 20
        )
    assert trap.reached == []


def test_no_route_asks_anybody_whatever_it_is_given(trap: Trap, db: None, store: EventStore) -> None:
    """With an address in every parameter and field."""
    cast = make_cast()
    root = User.objects.create(email="both@example.com", is_staff=True, is_superuser=True)
    Membership.objects.create(organization=cast.organization, user=root, role="owner")
    client = Client(raise_request_exception=False)
    bearer = {"authorization": f"Bearer {token_of(root, cast.organization)}"}
    values = {"public_id": "unknown", "object_id": "1", **cast.values}
    given = dict.fromkeys(NAMES, trap.addresses[0])
    asked = 0
    for route in routes():
        path = fill(route, values)
        client.force_login(root)
        for answer in (client.get(path, given, headers=bearer), client.post(path, given, headers=bearer)):
            # Not an error of ours, behind which something may have been about to be asked.
            assert answer.status_code < 500 or answer.status_code == 503, (path, answer.status_code)
            asked += 1
    assert asked > 300
    assert trap.reached == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_no_operation_of_the_api_asks_anybody(
    trap: Trap, ada: Caller, world: World, operation: tuple[str, str]
) -> None:
    path = operation[0].format(organizationId=world.acme.public_id, siteId=world.docs.public_id)
    for where in trap.addresses:
        body = {"title": where, "url": where, "hostnames": [where], "urls": {"published": where}, "webhook": where}
        answer = ada.send(operation[1], f"{path}?page={where}&search={where}", body, headers={"referer": where})
        assert answer.status_code < 500
    assert trap.reached == []


def modules() -> Iterator[Path]:
    """All of our code that serves, but for the changes of tables."""
    for room in ("apps", "insights_site"):
        yield from (file for file in sorted((BASE_DIR / room).rglob("*.py")) if "migrations" not in file.parts)


def clients_of(file: Path) -> set[str]:
    """Those of ``CLIENTS`` that a module imports, whole or in part."""
    names = set(imported_names(file))
    return {each for each in CLIENTS if any(f"{name}.".startswith(f"{each}.") for name in names)}


def test_what_can_ask_others_is_where_the_guide_says_and_nowhere_else() -> None:
    table = (BASE_DIR / "docs" / "security.md").read_text().partition("| asked |")[2].partition("\n\n")[0]
    written = set(re.findall(r"`((?:apps|insights_site)/[\w/]+\.py)`", table))
    assert {str(file.relative_to(BASE_DIR)) for file in modules() if clients_of(file)} == written


def test_no_statement_has_the_event_store_fetch() -> None:
    texts = [
        node.value
        for file in modules()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ] + [file.read_text() for file in sorted((BASE_DIR / "apps").rglob("*.sql"))]
    assert any("FROM events" in text for text in texts)
    assert [text for text in texts if ADDRESS_FUNCTION.search(text)] == []
