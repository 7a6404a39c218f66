"""The open-source docs renderer's own request to a running service: from its server, and through a CDN's rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.service import Service

AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Safari/605.1.15"
)
COOKIES = {"__session": "raw-cookie-of-ada", "theme": "dark"}
SWEDEN, GERMANY = "89.160.20.112", "185.220.101.1"
MAKE_TOKEN = """
import django; django.setup()
from apps.organizations.models import ApiToken, Membership, Organization, Role, User
organization = Organization.objects.get()
ada = User.objects.create_user("ada@example.com", "correct horse battery staple")
Membership.objects.create(organization=organization, user=ada, role=Role.OWNER)
print(ApiToken.issue(organization=organization, user=ada, title="renderer", scopes=["site:insights:track"])[1])
"""
_STORED = """
SELECT toString(event_type), toString(country), latitude, longitude, toString(browser),
toString(language), toString(page), toString(site_section), referrer_domain, toString(display_context), not_found
FROM (SELECT *, event_type = 'page_view' AND page = '' AS not_found FROM events) ORDER BY id
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service behind one proxy."""
    service = Service(tmp_path, TRUSTED_PROXIES="1")
    yield service
    service.end()


def batch() -> bytes:
    """What the renderer's page collects until it sends: every nullable key is there, and cookies are."""
    session = {
        "sessionId": "raw-session-of-ada",
        "visitorId": "raw-visitor-of-ada",
        "userAgent": AGENT,
        "language": "sv-SE",
        "cookies": COOKIES,
        "referrer": "https://duckduckgo.com/",
        "visitorAuthToken": None,
    }
    location = {
        "url": "https://docs.acme.example/start?utm_source=news",
        "siteSection": "sitesc_1",
        "siteSpace": None,
        "siteShareKey": None,
        "space": "space-1",
        "revision": "revision-1",
        "page": "page-1",
        "displayContext": "site",
    }
    now = datetime.now(UTC)
    return json.dumps({
        "events": [
            {"type": "page_view", "timestamp": stamp(now), "session": session, "location": location},
            {"type": "page_view", "timestamp": stamp(now - timedelta(hours=1)), "session": session,
             "location": location},
            {"type": "page_view", "timestamp": stamp(now), "session": session,
             "location": {**location, "url": "https://docs.acme.example/gone", "page": None}},
        ]
    }).encode()  # fmt: skip


def stamp(moment: datetime) -> str:
    """As a browser writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_renderers_request_is_counted_with_what_it_forwards_and_leaves_no_raw_mark(
    service: Service, tmp_path: Path
) -> None:
    token = service.python(MAKE_TOKEN).strip()
    service.start()
    route = f"/~gitbook/__evt?o={service.organization_id}&s={service.site_id}"
    place = {"x-location-country": "FR", "x-location-latitude": "48.75", "x-location-longitude": "2.25"}
    json_body = {"Content-Type": "application/json", "User-Agent": "node"}
    body = batch()
    from_server = json_body | {"Authorization": f"Bearer {token}", "X-Forwarded-For": SWEDEN, **place}
    once = {"Idempotency-Key": "renderer-1"}
    answers = [service.post(route, body, from_server | once) for _ in range(2)]
    answers.append(service.post(route, body, json_body | {"X-Forwarded-For": f"10.0.0.1, {GERMANY}", **place}))
    beacon = {"Content-Type": "text/plain;charset=UTF-8", "X-Forwarded-For": GERMANY, "User-Agent": AGENT}
    answers.append(service.post("/docs" + route, body, beacon))
    assert [(answer.status, answer.body) for answer in answers] == [(204, b"")] * 4
    assert service.stop() == 0

    columns: list[list[Any]] = service.stored(_STORED)
    rows = list(zip(*columns, strict=True))
    common = ("safari", "sv")
    paris, berlin = ("FR", 48.75, 2.25), ("DE", None, None)
    for place_, found in ((paris, rows[:2]), (berlin, rows[2:4]), (berlin, rows[4:])):
        assert found == [
            ("page_view", *place_, *common, "page-1", "sitesc_1", "duckduckgo.com", "site", 0),
            ("page_view", *place_, *common, "", "sitesc_1", "duckduckgo.com", "site", 1),
        ]
    marks = [b"raw-session-of-ada", b"raw-visitor-of-ada", b"raw-cookie-of-ada", SWEDEN.encode(), GERMANY.encode()]
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [(path, mark) for path in files for mark in marks if mark in path.read_bytes()] == []
