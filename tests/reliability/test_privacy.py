"""What is said of nobody being stored: marks are sent through every door, and every file is searched for them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.searching import found_in_files
from tests.reliability.service import Service

ADDRESSES = ("203.0.113.77", "198.51.100.88", "203.0.113.99", "2001:db8:7391::77")
IDS = ("mark-visitor", "mark-session", "mark-cookie", "mark-device", "mark-key", "MarkAgent")
KEPT = "mark-path"
_MAKE_TOKEN = """
import django; django.setup()
from apps.organizations.models import ApiToken, Membership, Organization, Role, User
organization = Organization.objects.get()
ada = User.objects.create_user("ada@example.com", "correct horse battery staple")
Membership.objects.create(organization=organization, user=ada, role=Role.OWNER)
scopes = ["site:insights:track", "site:insights:read"]
print(ApiToken.issue(organization=organization, user=ada, title="all", scopes=scopes)[1])
"""
_TABLES = "SELECT database, name FROM system.tables WHERE engine ILIKE '%MergeTree%' OR engine ILIKE '%Log'"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service behind one proxy, to which every question is slow."""
    service = Service(tmp_path, TRUSTED_PROXIES="1", SLOW_QUERY_SECONDS="0.000001", LOG_FORMAT="json")
    yield service
    service.end()


def marked(**more: Any) -> dict[str, Any]:
    session = {
        "visitorId": "mark-visitor",
        "sessionId": "mark-session",
        "userAgent": "MarkAgent/7.3",
        "ip": ADDRESSES[1],
        "cookies": {"mark-cookie": "mark-cookie"},
        "visitorAuthClaims": {"plan": "pro"},
    }
    location = {"url": f"https://docs.acme.example/{KEPT}"}
    return {"type": "page_view", "session": session, "location": location, **more}


def send_through_every_door(service: Service, token: str, address: str) -> None:
    """Accepted, excluded by a wish, and refused for every reason that a caller can give."""
    headers = {
        "Content-Type": "application/json",
        "X-Forwarded-For": address,
        "User-Agent": "MarkAgent/7.3",
        "Cookie": "mark-cookie=mark-cookie; __session=mark-device",
        "X-Request-ID": address,
    }
    track = f"/v1/orgs/{service.organization_id}/sites/{service.site_id}/insights/events"
    renderer = f"/~gitbook/__evt?o={service.organization_id}&s={service.site_id}"
    site = f"org={service.organization_id}&site={service.site_id}"
    good = json.dumps({"events": [marked()]}).encode()
    old = json.dumps({"events": [marked(timestamp="2020-01-01T00:00:00Z")]}).encode()
    invalid = json.dumps({"events": [marked(type="mark-type")]}).encode()
    bearer = {"Authorization": f"Bearer {token}"}
    statuses = [
        service.post(path, body, headers | more).status
        for path in (track, renderer)
        for body in (good, old, invalid, good[:-9])
        for more in ({}, bearer, {"Sec-GPC": "1"}, {"Idempotency-Key": "mark-key"})
    ]
    assert {204, 400, 422} <= set(statuses) <= {204, 400, 409, 422}
    question = {"range": "last24Hours", "where": [{"column": "urlPath", "values": [f"/{KEPT}-of-a-question"]}]}
    asked = service.post(f"{track}/aggregate", json.dumps(question).encode(), headers | bearer)
    assert asked.status == 200
    page = f"https://docs.acme.example/{KEPT}"
    assert service.ask("GET", f"/pixel.gif?{site}&url={page}", headers=headers).status == 200
    unknown = f"/pixel.gif?org={service.organization_id}&site=none&url={page}?mark-visitor&referrer={page}?mark-session"
    assert service.ask("GET", unknown, headers=headers).status == 404
    for base in ("", "/docs/v2"):
        session = f"{base}/__session/2/?proposed=mark-device"
        assert service.ask("GET", session, headers=headers).status == 200
        assert service.ask("POST", session, headers=headers).status == 405
    assert service.ask("GET", "/nowhere?visitor=mark-visitor", headers=headers).status == 404


def all_tables(service: Service) -> bytes:
    """Everything in the event store and in the records as text: files of the store are compressed."""
    rows = []
    for database, name in zip(*service.stored(_TABLES), strict=True):
        rows += [
            row for column in service.stored(f"SELECT formatRow('TSV', *) FROM {database}.{name}") for row in column
        ]
    with sqlite3.connect(service.data / "records.sqlite3") as records:
        rows += records.iterdump()
    return "\n".join(rows).encode()


def test_no_address_cookie_id_or_agent_is_kept(service: Service, tmp_path: Path) -> None:
    token = service.python(_MAKE_TOKEN).strip()
    marks = [text.encode() for text in (*ADDRESSES, *IDS, token)] + [ip_address(ADDRESSES[3]).packed]
    service.start()
    for address in (ADDRESSES[0], ADDRESSES[3]):
        send_through_every_door(service, token, address)
    service.kill()
    # The journal is there as it was written when the answers were given.
    assert "journal" in found_in_files(service.data, [KEPT.encode()])[KEPT.encode()]
    assert found_in_files(service.data, marks) == {}
    log = tmp_path / "access.log"
    request = f'"GET /{KEPT}-of-a-log HTTP/1.1" 200 5 "-" "MarkAgent/7.3"'
    log.write_text(f"{ADDRESSES[2]} - - [23/Nov/2026:13:00:00 +0100] {request}\n")
    imported = service.manage("import_logs", "--site", service.site_id, str(log), "--url", "https://docs.acme.example")
    assert '"imported": 1' in imported.stdout
    log.unlink()
    service.start()
    send_through_every_door(service, token, ADDRESSES[0])
    assert service.stop() == 0
    assert found_in_files(tmp_path, marks) == {}
    log = service.log.read_text()
    assert '"route":"api:track","status":204' in log
    assert f"{KEPT}-of-a-question" in log  # the one log that tells what was asked: docs/privacy.md
    tables = all_tables(service)
    assert tables.count(KEPT.encode()) > 10
    assert f"{KEPT}-of-a-log".encode() in tables
    assert [mark for mark in marks if mark in tables] == []


def spoil_the_site(service: Service, mark: str) -> None:
    """Have every look at the site fail with an error that quotes what it read."""
    with closing(sqlite3.connect(service.data / "records.sqlite3")) as records:
        records.execute("UPDATE sites_site SET title = CAST(? AS TEXT)", [mark.encode() + b"\xff"])
        records.commit()


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_is_logged_without_the_values_that_it_met(service: Service, form: str) -> None:
    service.set(LOG_FORMAT=form)
    spoil_the_site(service, "mark-value")
    service.start()
    assert service.track([marked()]).status >= 500
    assert service.stop() == 0
    log = service.log.read_text()
    assert "sqlite3.OperationalError" in log
    assert "mark-value" not in log
